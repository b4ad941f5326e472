"""Batch normalisation in one operation against Keras's own layer: values, gradients, running averages."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.models.normalization import fused_batch_normalization


@pytest.mark.parametrize("shape", [(8, 6, 5, 3), (1, 1, 2, 4), (7, 5)])
def test_learns_as_keras_does(shape: tuple[int, ...]) -> None:
    import keras
    import tensorflow as tf

    x = tf.constant(np.random.default_rng(0).normal(2, 3, shape).astype(np.float32))
    found: list[list[Any]] = []
    for kind in (keras.layers.BatchNormalization, fused_batch_normalization()):
        layer = kind(momentum=0.7)
        layer.build(shape)
        layer.gamma.assign(np.linspace(0.5, 2, shape[-1]))
        layer.beta.assign(np.linspace(-1, 1, shape[-1]))
        for _ in range(2):
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = layer(x, training=True)
                loss = tf.reduce_sum(tf.sin(y))
        gradients = tape.gradient(loss, [x, layer.gamma.value, layer.beta.value])
        found.append([y, *gradients, layer.moving_mean, layer.moving_variance, layer(x, training=False)])
    for ours, theirs in zip(found[1], found[0], strict=True):
        np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=2e-4, atol=2e-5)


def test_frozen_it_leaves_its_averages_alone() -> None:
    layer = fused_batch_normalization()()
    layer.build((4, 3, 3, 2))
    layer.trainable = False
    x = np.random.default_rng(0).normal(5, 1, (4, 3, 3, 2)).astype(np.float32)
    np.testing.assert_allclose(np.asarray(layer(x, training=True)), x, rtol=1e-2)
    assert not np.asarray(layer.moving_mean).any()
