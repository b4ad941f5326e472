"""Grad-CAM against a network whose answer can be written down."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.explain import class_activation_map
from audioclf.models import MODELS, build


@pytest.fixture(scope="module")
def known() -> Any:
    """Two 1x1 filters that pass channel 0 and channel 1 on, averaged; class 0 wants the first, class 1 the second."""
    import keras

    start = keras.Input((8, 6, 2))
    maps = keras.layers.Conv2D(2, 1, name="maps")(start)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool")(maps)
    network = keras.Model(start, keras.layers.Dense(2, activation="softmax", name="end")(pooled))
    network.get_layer("maps").set_weights([np.eye(2).reshape(1, 1, 2, 2), np.zeros(2)])
    network.get_layer("end").set_weights([np.array([[2.0, -1.0], [-1.0, 3.0]]), np.array([0.5, 0.0])])
    return network


def test_equals_the_formula(known: Any) -> None:
    x = np.random.default_rng(0).normal(size=(8, 6, 2)).astype(np.float32)
    weights = {0: (2.0, -1.0), 1: (-1.0, 3.0)}
    for number, (first, second) in weights.items():
        expected = np.maximum(first * x[..., 0] + second * x[..., 1], 0)
        np.testing.assert_allclose(
            class_activation_map(known, x, number, "maps"), expected / expected.max(), rtol=1e-5, atol=1e-6
        )


def test_the_gradient_is_that_of_the_score_before_the_softmax(known: Any) -> None:
    # So sure of class 0 that the softmax is flat: its gradient would vanish, that of the score does not.
    x = np.zeros((8, 6, 2), np.float32)
    x[2, 3] = [1e5, 0]
    assert known(x[None]).numpy()[0, 0] == 1.0
    heat = class_activation_map(known, x, 0, "maps")
    assert heat[2, 3] == 1
    assert heat.sum() == 1


def test_all_zero_when_nothing_speaks_for_the_class(known: Any) -> None:
    x = np.zeros((8, 6, 2), np.float32)
    x[..., 1] = 1
    heat = class_activation_map(known, x, 0, "maps")
    assert heat.shape == (8, 6)
    assert (heat == 0).all()


@pytest.mark.parametrize("kind", [kind for kind, model in MODELS.items() if model().cam_layer])
def test_every_network_of_pictures_gives_a_map_of_the_pictures_size(kind: str) -> None:
    params: dict[str, Any] = {"cnn": {"filters": [4, 4], "units": [8]}, "resnet": {"pools": [0, 1]}}.get(kind, {})
    model = MODELS[kind].from_dict(params)
    shape = (64, 99) if kind == "yamnet" else (36, 33)
    x = np.random.default_rng(1).normal(size=shape).astype(np.float32)
    network, layer = model.build(shape, 3), model.cam_layer
    assert layer is not None
    maps = [class_activation_map(network, x, number, layer) for number in range(3)]
    assert all(heat.shape == shape and heat.dtype == np.float32 for heat in maps)
    assert all(heat.min() >= 0 and heat.max() in (0, 1) for heat in maps)
    assert any(heat.max() == 1 for heat in maps)


def test_a_trained_network_points_at_what_it_learned() -> None:
    import keras

    rng = np.random.default_rng(0)
    y = np.arange(120) % 2
    x = rng.normal(size=(120, 16, 16)).astype(np.float32)
    for example, label in zip(x, y, strict=True):
        example[(2, 12)[label] : (5, 15)[label], 4:10] += 4
    model = MODELS["compact-cnn"].from_dict({"filters": [8, 8]})
    network = model.build((16, 16), 2)
    keras.utils.set_random_seed(0)
    network.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    network.fit(x[..., None], y, epochs=8, batch_size=20, verbose=0)
    heat = class_activation_map(network, x[0], 0, str(model.cam_layer))
    inside = heat[1:6, 3:11].mean()
    assert inside > 2 * heat[9:].mean()


@pytest.mark.parametrize(
    ("number", "layer", "words"), [(0, "conv_9", "no layer 'conv_9'"), (0, "pool", "plain list"), (2, "maps", "0 to 1")]
)
def test_what_cannot_be_is_refused(known: Any, number: int, layer: str, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        class_activation_map(known, np.zeros((8, 6, 2), np.float32), number, layer)


def test_a_user_sees_the_names_of_the_layers() -> None:
    network = build("compact-cnn", (16, 16), 2)
    with pytest.raises(ParameterError, match="conv_3_activation"):
        class_activation_map(network, np.zeros((16, 16), np.float32), 0, "last")
