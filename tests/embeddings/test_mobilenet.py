"""The network in numpy against the same layers in Keras."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from audioclf.embeddings import mobilenet


def drawn(seed: int = 0) -> dict[str, np.ndarray]:
    """Random weights that keep values in range from layer to layer."""
    rng = np.random.default_rng(seed)
    weights = {}
    for name, shape in mobilenet.layout().items():
        if name.endswith("variance"):
            weights[name] = rng.uniform(0.5, 2, shape)
        elif name.endswith("kernel"):
            fan_in = 9 if "depthwise" in name.rpartition("/")[2] else math.prod(shape[:-1])
            weights[name] = rng.normal(0, math.sqrt(2 / fan_in), shape)
        else:
            weights[name] = rng.normal(0, 0.2, shape)
    return {name: array.astype(np.float32) for name, array in weights.items()}


def in_keras(weights: dict[str, np.ndarray]) -> Any:
    import keras

    def normalised(x: Any, name: str) -> Any:
        layer = keras.layers.BatchNormalization(scale=False, epsilon=1e-4)
        x = layer(x)
        layer.set_weights([weights[f"{name}/bn/{what}"] for what in ("beta", "moving_mean", "moving_variance")])
        return keras.layers.ReLU()(x)

    def convolved(x: Any, layer: Any, name: str, kernel: str) -> Any:
        x = layer(x)
        layer.set_weights([weights[f"{name}/{kernel}"]])
        return normalised(x, name)

    start = keras.Input((96, 64, 1))
    first = keras.layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False)
    x = convolved(start, first, "layer1/conv", "kernel")
    for number, (filters, stride) in enumerate(mobilenet.BLOCKS, start=2):
        depthwise = keras.layers.DepthwiseConv2D(3, strides=stride, padding="same", use_bias=False)
        x = convolved(x, depthwise, f"layer{number}/depthwise_conv", "depthwise_kernel")
        pointwise = keras.layers.Conv2D(filters, 1, use_bias=False)
        x = convolved(x, pointwise, f"layer{number}/pointwise_conv", "kernel")
    x = keras.layers.GlobalAveragePooling2D()(x)
    dense = keras.layers.Dense(521, activation="sigmoid")
    scores = dense(x)
    dense.set_weights([weights["dense/kernel"], weights["dense/bias"]])
    return keras.Model(start, [x, scores])


def test_it_is_the_network_that_keras_builds_of_these_layers() -> None:
    weights = drawn()
    patches = np.random.default_rng(1).normal(0, 1, (9, 96, 64)).astype(np.float32)
    model = in_keras(weights)
    assert model.count_params() == 3_751_369
    embeddings, scores = model.predict(patches[..., np.newaxis], verbose=0)
    network = mobilenet.MobileNet(weights)
    found = network.embed(patches)
    np.testing.assert_allclose(found, embeddings, rtol=1e-3, atol=1e-4 * np.abs(embeddings).max())
    np.testing.assert_allclose(network.scores(found), scores, atol=1e-3)


def test_the_layout_has_every_number() -> None:
    assert sum(math.prod(shape) for shape in mobilenet.layout().values()) == 3_751_369


def test_scores_do_not_overflow() -> None:
    weights = drawn()
    weights["dense/bias"][:2] = -1e4, 1e4
    scores = mobilenet.MobileNet(weights).scores(np.zeros((1, 1024), np.float32))
    assert scores[0, :2].tolist() == [0, 1]
