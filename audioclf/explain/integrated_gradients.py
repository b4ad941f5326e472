"""Integrated gradients: the gradient along the way from silence to the sound, times the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.explain.base import Array, require_class
from audioclf.explain.grad_cam import class_scores

BATCH = 32


def integrated_gradients(
    network: Any,
    x: npt.ArrayLike,
    class_index: int,
    *,
    baseline: npt.ArrayLike | None = None,
    steps: int = 16,
    samples: int = 1,
    noise: float = 0.1,
    random_state: int = 0,
) -> Array:
    r"""Integrated gradients [1]_, averaged over noisy copies of the example (SmoothGrad [2]_).

    Every value gets :math:`(x_i - b_i) \int_0^1 \partial y^c / \partial x_i (b + t (x - b)) \, dt`, by the midpoint
    rule; :math:`y^c` is the score of the class before the softmax.

    Parameters
    ----------
    network : keras.Model
        Ends in a dense layer with softmax.
    x : np.ndarray [shape of one example]
        Scaled as in training.
    class_index : int
    baseline : np.ndarray [shape=x.shape], optional
        Where the way begins; zeros where left out.
    steps : int
        Points on the way.
    samples : int
        Copies of the example, all but the first with noise.
    noise : float
        Standard deviation of the noise, as a share of the example's range.
    random_state : int

    Returns
    -------
    np.ndarray [shape=x.shape], float32
        Signed. With one sample they sum to the score of ``x`` minus that of the baseline, up to the number of steps.

    Raises
    ------
    ParameterError
        For a class that does not exist.

    References
    ----------
    .. [1] Sundararajan, Taly, Yan: "Axiomatic Attribution for Deep Networks", ICML 2017.
    .. [2] Smilkov, Thorat, Kim, Viégas, Wattenberg: "SmoothGrad: removing noise by adding noise", 2017.
    """
    import keras
    import tensorflow as tf

    require_class(class_index, network.output_shape[-1])
    example = np.asarray(x, dtype=np.float32)
    start = np.zeros_like(example) if baseline is None else np.asarray(baseline, dtype=np.float32)
    rng = np.random.default_rng(random_state)
    spread = noise * float(np.ptp(example))
    ends = [example] + [
        example + spread * rng.standard_normal(example.shape, dtype=np.float32) for _ in range(samples - 1)
    ]
    shares = ((np.arange(steps) + 0.5) / steps).astype(np.float32).reshape(-1, *[1] * example.ndim)
    last = network.layers[-1]
    probe = keras.Model(network.inputs[0], last.input)
    found = np.zeros_like(example)
    for end in ends:
        way = (start + shares * (end - start)).reshape(steps, *network.input_shape[1:])
        gradient = np.zeros_like(example)
        for begin in range(0, steps, BATCH):
            points = tf.constant(way[begin : begin + BATCH])
            with tf.GradientTape() as tape:
                tape.watch(points)
                score = tf.reduce_sum(class_scores(last, probe(points, training=False), class_index))
            gradient += tape.gradient(score, points).numpy().sum(axis=0).reshape(example.shape)
        found += gradient / steps * (end - start)
    mean: Array = found / np.float32(samples)
    return mean
