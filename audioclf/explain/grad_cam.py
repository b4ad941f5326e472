"""Class activation maps: which places of a picture speak for a class, read from a convolutional network."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.explain.base import Array, require_class

_PROBES: WeakKeyDictionary[Any, dict[str, Any]] = WeakKeyDictionary()
"""For every network its models that also give a layer's maps: building one takes longer than asking it."""


def class_activation_map(
    network: Any,
    x: npt.ArrayLike,
    class_index: int,
    layer: str,
    weighting: str = "grad-cam",
    unfold: Callable[[Array, tuple[int, int]], Array] = lambda heat, shape: heat,
) -> Array:
    r"""Class activation map by one of three ways to weigh a layer's maps with their gradients.

    With :math:`A^k` the maps of the layer, :math:`y^c` the score of class :math:`c` before the softmax and
    :math:`G^k = \partial y^c / \partial A^k`, every map is multiplied by the mean of :math:`G^k` over rows and frames
    (``"grad-cam"`` [1]_), by :math:`G^k` place by place (``"hirescam"`` [2]_) or by :math:`\mathrm{ReLU}(G^k)`
    (``"layercam"`` [3]_), and the positive part of the sum is kept.

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
    weighting : str
        ``"grad-cam"``, ``"hirescam"`` or ``"layercam"``.
    unfold : callable
        See :meth:`audioclf.models.Model.unfold`.

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
    .. [2] Draelos, Carin: "Use HiResCAM instead of Grad-CAM for faithful explanations of convolutional neural
       networks", 2020.
    .. [3] Jiang, Zhang, Hou, Cheng, Wei: "LayerCAM: Exploring Hierarchical Class Activation Maps for Localization",
       IEEE TIP 2021.
    """
    import tensorflow as tf

    names = [item.name for item in network.layers]
    if layer not in names:
        raise ParameterError(f"The network has no layer '{layer}'; choose one of: {', '.join(names)}.", "layer")
    maps = network.get_layer(layer).output
    if len(maps.shape) != 4:
        raise ParameterError(f"Grad-CAM reads a layer with maps, and '{layer}' gives a plain list.", "layer")
    require_class(class_index, network.output_shape[-1])
    picture = np.asarray(x, dtype=np.float32)
    rows, frames = picture.shape[:2]
    activations, gradient = _gradients(network, layer)(
        tf.constant(picture.reshape(1, *network.input_shape[1:])), tf.constant(class_index)
    )
    if weighting == "grad-cam":
        gradient = tf.reduce_mean(gradient, axis=(1, 2), keepdims=True)
    elif weighting == "layercam":
        gradient = tf.nn.relu(gradient)
    cam = unfold(tf.nn.relu(tf.reduce_sum(gradient * activations, axis=-1)).numpy()[0], (rows, frames))
    stretched = tf.image.resize(cam[np.newaxis, ..., np.newaxis], (rows, frames), method="bilinear")
    heat: Array = stretched.numpy()[0, ..., 0]
    peak = heat.max()
    return heat / peak if peak > 0 else heat


def _gradients(network: Any, layer: str) -> Any:
    """Function: an example and a class in, the layer's maps and the gradient of the class's score there out."""
    import keras
    import tensorflow as tf

    known = _PROBES.setdefault(network, {})
    if layer not in known:
        last = network.layers[-1]
        probe = keras.Model(network.inputs[0], [network.get_layer(layer).output, last.input])

        def gradients(example: Any, class_index: Any) -> Any:
            with tf.GradientTape() as tape:
                tape.watch(example)  # else nothing is recorded where the convolutions are frozen
                activations, before = probe(example, training=False)
                score = tf.reduce_sum(class_scores(last, before, class_index))
            return activations, tape.gradient(score, activations)

        known[layer] = gradients
    return known[layer]


def class_scores(last: Any, before: Any, class_index: Any) -> Any:
    """What a network's last layer gives a class before the softmax [shape=(n,)].

    Parameters
    ----------
    last : keras.layers.Dense
    before : tf.Tensor [shape=(n, d)]
        What the layer is given.
    class_index : int or tf.Tensor
    """
    import tensorflow as tf

    weights = tf.gather(last.kernel, class_index, axis=1)
    return tf.linalg.matvec(before, weights) + tf.gather(last.bias, class_index)
