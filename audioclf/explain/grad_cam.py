"""Grad-CAM: which places of a picture speak for a class, read from a convolutional network."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError

Array = npt.NDArray[np.float32]


def grad_cam(network: Any, x: npt.ArrayLike, class_index: int, layer: str) -> Array:
    r"""Gradient-weighted class activation map [1]_.

    With :math:`A^k` the maps of the layer and :math:`y^c` the score of class :math:`c` before the
    softmax, the map is :math:`\mathrm{ReLU}(\sum_k \alpha_k A^k)` where :math:`\alpha_k` is the mean of
    :math:`\partial y^c / \partial A^k` over rows and frames.

    Parameters
    ----------
    network : keras.Model
        Takes pictures and ends in a dense layer with softmax.
    x : np.ndarray [shape=(rows, frames) or (rows, frames, channels)]
        One example, scaled as in training.
    class_index : int
        The class to explain.
    layer : str
        Name of the layer to read, such as :attr:`audioclf.models.Model.cam_layer`.

    Returns
    -------
    np.ndarray [shape=(rows, frames)], float32
        In [0, 1], the largest value 1; all zero when nothing in the picture speaks for the class.
        Resized to the picture bilinearly, so it is as coarse as the layer's map.

    Raises
    ------
    ParameterError
        When the network has no such layer or class, or the layer has no map.

    References
    ----------
    .. [1] Selvaraju, Cogswell, Das, Vedantam, Parikh, Batra: "Grad-CAM: Visual Explanations from Deep
       Networks via Gradient-based Localization", ICCV 2017.
    """
    import keras
    import tensorflow as tf

    names = [item.name for item in network.layers]
    if layer not in names:
        raise ParameterError(f"The network has no layer '{layer}'; choose one of: {', '.join(names)}.", "layer")
    maps = network.get_layer(layer).output
    if len(maps.shape) != 4:
        raise ParameterError(f"Grad-CAM reads a layer with maps, and '{layer}' gives a plain list.", "layer")
    n_classes = network.output_shape[-1]
    if not 0 <= class_index < n_classes:
        raise ParameterError(f"class_index must lie in 0 to {n_classes - 1}, got {class_index}.", "class_index")
    picture = np.asarray(x, dtype=np.float32)
    rows, frames = picture.shape[:2]
    last = network.layers[-1]
    probe = keras.Model(network.input, [maps, last.input])
    with tf.GradientTape() as tape:
        activations, before = probe(picture.reshape(1, *network.input_shape[1:]), training=False)
        score = tf.linalg.matvec(last.kernel, before, transpose_a=True)[0, class_index] + last.bias[class_index]
    gradient = tape.gradient(score, activations)
    weights = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    cam = tf.nn.relu(tf.reduce_sum(weights * activations, axis=-1, keepdims=True))
    heat: Array = tf.image.resize(cam, (rows, frames), method="bilinear").numpy()[0, ..., 0]
    peak = heat.max()
    return heat / peak if peak > 0 else heat
