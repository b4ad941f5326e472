"""What every registered model promises."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.models import MODELS, Model, Network, build
from audioclf.models.classical import class_probabilities

SHAPE = (16, 12)
LARGER = {"vgg16": (33, 32), "yamnet": (64, 150)}
"""Shapes for networks that cannot do with so little."""

KINDS = tuple(MODELS)
CLASSICAL = [kind for kind in KINDS if MODELS[kind].family == "classical"]
CURVES = [kind for kind in KINDS if not (issubclass(MODELS[kind], Network) and MODELS[kind].pictures)]  # type: ignore[attr-defined]


def small(kind: str) -> Model:
    """The model with its defaults, but for the sizes that would take long."""
    quick: dict[str, Any] = {
        "mlp": {"units": [8]},
        "cnn": {"filters": [4], "units": [8]},
        "resnet": {"stem": 4, "filters": [4], "pools": [0]},
        "crnn": {"filters": [4], "recurrent_units": [4]},
        "vgg16": {"weights": "none", "units": [4]},
        "yamnet": {"weights": "none"},
        "custom": {"builder": one_layer},
        "forest": {"n_estimators": 10},
        "boosting": {"n_estimators": 5},
    }
    return MODELS[kind].from_dict(quick.get(kind, {}))


def one_layer(input_shape: tuple[int, ...], n_classes: int) -> Any:
    """A network of one's own."""
    import keras

    start = keras.Input(input_shape)
    flat = keras.layers.Flatten()(start)
    return keras.Model(start, keras.layers.Dense(n_classes, activation="softmax")(flat))


def clusters(n: int, n_classes: int, shape: tuple[int, ...] = SHAPE) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % n_classes
    centres = rng.normal(size=(n_classes, *shape))
    return (centres[y] + 0.1 * rng.normal(size=(n, *shape))).astype(np.float32), y


def test_the_models_of_the_references_are_there_and_the_default_is_first() -> None:
    assert KINDS[0] == "compact-cnn"
    assert {"logreg", "svm", "tree", "knn", "forest", "boosting", "rbf-svm", "mlp", "cnn", "resnet"} <= set(KINDS)


@pytest.mark.parametrize("kind", KINDS)
def test_a_model_says_what_it_is(kind: str) -> None:
    model = MODELS[kind]
    assert model.title
    assert len(model.explanation) > 60
    assert model.family in ("network", "classical")
    assert all(described.help for _, described in model.describe().values())
    assert MODELS.make(model().to_dict()) == model()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shape", [(), (0, 4), (4, 4, 4, 4), (-1,)])
def test_an_impossible_shape_is_refused(kind: str, shape: tuple[int, ...]) -> None:
    with pytest.raises(ParameterError, match="input shape"):
        build(kind, shape, 3)


@pytest.mark.parametrize("kind", KINDS)
def test_one_class_is_refused(kind: str) -> None:
    with pytest.raises(ParameterError, match="at least two classes"):
        build(kind, SHAPE, 1)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if MODELS[kind].family == "network"])
def test_a_network_gives_rows_of_probabilities(kind: str) -> None:
    network = small(kind).build(LARGER.get(kind, SHAPE), 3)
    x = np.random.default_rng(0).normal(size=(5, *network.input_shape[1:])).astype(np.float32)
    rows = np.asarray(network(x, training=False))
    assert rows.shape == (5, 3)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize("kind", CURVES)
def test_models_without_pictures_take_a_curve(kind: str) -> None:
    assert small(kind).build((50,), 3) is not None


@pytest.mark.parametrize("kind", CLASSICAL)
@pytest.mark.parametrize("n_classes", [2, 3])
def test_probabilities_of_a_classical_model(kind: str, n_classes: int) -> None:
    x, y = clusters(40, n_classes, (12,))
    estimator = small(kind).build((12,), n_classes).fit(x, y)
    rows = class_probabilities(estimator, x, n_classes)
    assert rows.shape == (40, n_classes)
    assert (rows >= 0).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)
    np.testing.assert_array_equal(rows.argmax(axis=1), estimator.predict(x))
    assert (rows.argmax(axis=1) == y).mean() > 0.9


@pytest.mark.parametrize("kind", CLASSICAL)
def test_a_class_without_training_clips_has_probability_zero(kind: str) -> None:
    x, y = clusters(40, 3, (12,))
    y = np.where(y == 1, 3, y)
    rows = class_probabilities(small(kind).build((12,), 5).fit(x, y), x, 5)
    assert rows.shape == (40, 5)
    assert (rows[:, [1, 4]] == 0).all()
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-6)


@pytest.mark.parametrize(
    ("kind", "params", "expected"),
    [
        ("logreg", {"C": 0.5, "max_iter": 7}, {"C": 0.5, "max_iter": 7}),
        ("svm", {"C": 2.0, "loss": "hinge"}, {"C": 2.0, "loss": "hinge"}),
        ("tree", {"max_depth": 3, "criterion": "entropy"}, {"max_depth": 3, "criterion": "entropy"}),
        ("forest", {"n_estimators": 7, "max_features": 0.5}, {"n_estimators": 7, "max_features": 0.5}),
        ("boosting", {"learning_rate": 0.2, "subsample": 0.5}, {"learning_rate": 0.2, "subsample": 0.5}),
        ("knn", {"n_neighbors": 3, "metric": "cosine"}, {"n_neighbors": 3, "metric": "cosine"}),
        ("rbf-svm", {"gamma": 0.01}, {"gamma": 0.01, "kernel": "rbf"}),
        ("rbf-svm", {}, {"gamma": "scale", "kernel": "rbf"}),
    ],
)
def test_scikit_learn_gets_the_parameters(kind: str, params: dict[str, Any], expected: dict[str, Any]) -> None:
    given = build(kind, (10,), 3, random_state=5, **params).get_params()
    assert {name: given[name] for name in expected} == expected
    assert given.get("random_state", 5) == 5


def test_unchanged_models_are_scikit_learns_own_defaults() -> None:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC
    from sklearn.tree import DecisionTreeClassifier

    for kind, estimator in (("logreg", LogisticRegression), ("svm", LinearSVC), ("tree", DecisionTreeClassifier)):
        assert build(kind, (10,), 3).get_params() == estimator(random_state=0).get_params()
