"""What every explanation method keeps to, and closed forms for those that have one."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.explain import (
    METHODS,
    Method,
    Probe,
    Subject,
    coefficients,
    floor_of,
    integrated_gradients,
    occlusion,
    random_masks,
    tree_paths,
)
from audioclf.models import MODELS, Model
from audioclf.models.classical import class_probabilities
from audioclf.training import Fitted

ROWS, FRAMES = 12, 18


def examples(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Noise with a bright bar that makes the class, lying or standing."""
    rng = np.random.default_rng(0)
    y = np.arange(n) % 2
    x = rng.normal(size=(n, ROWS, FRAMES)).astype(np.float32)
    for example, label in zip(x, y, strict=True):
        if label:
            example[4:10, 13:15] += 5
        else:
            example[2:4, 4:10] += 5
    return x, y


def trained(kind: str) -> tuple[Model, Fitted]:
    x, y = examples()
    model = MODELS[kind].from_dict({"filters": [6]} if kind == "compact-cnn" else {})
    if model.family == "network":
        import keras

        network = model.build((ROWS, FRAMES), 2)
        keras.utils.set_random_seed(0)
        network.compile(keras.optimizers.Adam(0.02), "sparse_categorical_crossentropy")
        shape = network.input_shape[1:]
        network.fit(x.reshape(-1, *shape), y, epochs=20, batch_size=20, verbose=0)
        return model, Fitted(model, network, (ROWS, FRAMES), 2)
    estimator = model.build((ROWS, FRAMES), 2).fit(x.reshape(len(x), -1), y)
    return model, Fitted(model, estimator, (ROWS, FRAMES), 2)


def subject_of(model: Model, fitted: Fitted, x: np.ndarray) -> Subject:
    floor = np.zeros_like(x)
    return Subject(x, floor, fitted.predict_proba, (Probe(model, fitted.estimator, x, floor, lambda found: found),))


@pytest.fixture(scope="module")
def subjects() -> dict[str, Subject]:
    x, _ = examples()
    found = {}
    for kind in ("compact-cnn", "mlp", "logreg", "svm", "rbf-svm", "knn", "tree", "forest", "boosting"):
        model, fitted = trained(kind)
        found[kind] = subject_of(model, fitted, x[0])
    return found


@pytest.mark.parametrize("kind", METHODS)
def test_every_method_describes_itself_and_can_be_written(kind: str) -> None:
    method: type[Method] = METHODS[kind]
    assert method.title
    assert method.explanation.endswith(".")
    assert "{}" in method.nothing
    assert METHODS.make(method().to_dict()) == method()
    for _, described in method.describe().values():
        assert described.help.endswith(".")


@pytest.mark.parametrize("kind", METHODS)
def test_every_method_finds_what_the_class_hangs_on_or_refuses_in_words(
    kind: str, subjects: dict[str, Subject]
) -> None:
    method = METHODS[kind]()
    suited = 0
    for name, subject in subjects.items():
        refusal = method.refusal(subject.probes[0].model, picture=True)
        if refusal:
            assert refusal.endswith(".")
            with pytest.raises(ParameterError, match=refusal[:20]):
                method.require(subject)
            continue
        suited += 1
        heat = method.heat(subject, 0)
        assert heat.shape == (ROWS, FRAMES)
        assert heat.dtype == np.float32
        assert np.isfinite(heat).all()
        assert heat.min() >= 0
        if name in ("compact-cnn", "logreg", "forest"):
            # covers, cells and layers reach beyond the bar by a row and a frame or two
            inside = heat[1:5, 3:11].sum() / heat.sum()
            assert inside > 2 * (4 * 8) / (ROWS * FRAMES), name
    assert suited


def test_a_linear_model_is_explained_exactly(subjects: dict[str, Subject]) -> None:
    """Occlusion value by value, gradient x input and integrated gradients are its weights' contribution."""
    subject = subjects["logreg"]
    estimator, x = subject.probes[0].estimator, subject.x
    expected = coefficients(estimator, x.shape, 0) * x

    def score(batch: np.ndarray) -> np.ndarray:
        values = estimator.decision_function(batch.reshape(len(batch), -1))
        return np.stack([-values, values], axis=1)

    covered = occlusion(score, x, 0, patch=(1, 1), stride=(1, 1), fill=0.0)
    np.testing.assert_allclose(covered, np.clip(expected, 0, 1), atol=1e-4)
    shown = METHODS["weights"]().heat(subject, 0)
    np.testing.assert_allclose(shown, np.maximum(expected, 0) / expected.max(), atol=1e-5)

    import keras

    layer = keras.layers.Dense(2, activation="softmax")
    network = keras.Sequential([keras.Input((ROWS * FRAMES,)), layer])
    layer.kernel.assign(np.stack([-estimator.coef_[0], estimator.coef_[0]], axis=1))
    found = integrated_gradients(network, x.ravel(), 0, steps=2)
    np.testing.assert_allclose(found, expected.ravel(), atol=1e-4)


def test_integrated_gradients_add_up_to_the_score(subjects: dict[str, Subject]) -> None:
    import keras

    from audioclf.explain.grad_cam import class_scores

    subject = subjects["compact-cnn"]
    network = subject.probes[0].estimator
    found = integrated_gradients(network, subject.x, 0, baseline=subject.floor, steps=200)
    last = network.layers[-1]
    before = keras.Model(network.input, last.input)(np.stack([subject.x, subject.floor])[..., None])
    score, none = class_scores(last, before, 0).numpy()
    assert found.sum() == pytest.approx(score - none, rel=0.02)


@pytest.mark.parametrize("kind", ["tree", "forest", "boosting"])
def test_paths_through_trees_add_up_to_the_prediction(kind: str, subjects: dict[str, Subject]) -> None:
    estimator = subjects[kind].probes[0].estimator
    x, _ = examples()
    for example in x[:4]:
        flat = example.reshape(1, -1)
        for number in (0, 1):
            found = float(tree_paths(estimator, example, number).sum())
            if kind == "boosting":
                sign = 1 if number else -1
                first = sign * estimator._raw_predict_init(flat)[0, 0]
                assert found + first == pytest.approx(sign * estimator.decision_function(flat)[0], abs=1e-4)
                continue
            trees = getattr(estimator, "estimators_", [estimator])
            roots = [tree.tree_.value[0, 0] / tree.tree_.value[0, 0].sum() for tree in trees]
            expected = class_probabilities(estimator, flat, 2)[0, number]
            assert found + np.mean(roots, axis=0)[number] == pytest.approx(expected, abs=1e-5)


def test_random_masks_find_the_weights_of_a_sum_of_cells() -> None:
    weights = np.array([[0.0, 0.1, 0.0], [0.3, 0.0, -0.2]])
    cells = np.kron(weights, np.ones((5, 4)))

    def predict(batch: np.ndarray) -> np.ndarray:
        value = 0.5 + (batch * cells).sum(axis=(1, 2)) / 20
        return np.stack([value, 1 - value], axis=1)

    x = np.ones((10, 12), np.float32)
    found, r2 = random_masks(predict, x, 0, floor=np.zeros_like(x), cells=(2, 3), n_masks=300, grids=1)
    np.testing.assert_allclose(found, cells, atol=0.01)
    assert r2 > 0.99


def test_random_masks_remove_less_where_nothing_is_left_of_the_class() -> None:
    x = np.ones((8, 12), np.float32)

    def predict(batch: np.ndarray) -> np.ndarray:  # needs one cell, and 7 of 10 of all
        value = ((batch.mean(axis=(1, 2)) > 0.7) * batch[:, 2, 5]).astype(np.float64)
        return np.stack([value, 1 - value], axis=1)

    found, _ = random_masks(predict, x, 0, floor=np.zeros_like(x), grids=1)
    assert np.unravel_index(found.argmax(), found.shape) == (2, 5)
    assert found[2, 5] > 0.5
    nothing, _ = random_masks(predict, x, 0, floor=np.zeros_like(x), grids=1, shares=(0.5,))
    assert not nothing.any(), "rounding is no evidence"


def test_what_is_removed_becomes_silence_or_a_mean() -> None:
    rng = np.random.default_rng(0)
    level = rng.uniform(-60, 0, (4, 6)).astype(np.float32)
    assert (floor_of(level, "dB", ("Hz", "s")) == level.min()).all()
    assert (floor_of(np.abs(level), "", ("Hz", "s")) == 0).all()
    assert (floor_of(level[0], "", ("s",)) == 0).all()
    np.testing.assert_allclose(floor_of(level, "", ("", "s")), level.mean(1, keepdims=True).repeat(6, 1), rtol=1e-6)


def test_a_layer_can_be_chosen_and_a_wrong_one_is_named(subjects: dict[str, Subject]) -> None:
    subject = subjects["compact-cnn"]
    with pytest.raises(ParameterError, match="no layer 'conv_9'"):
        METHODS["layercam"](layer="conv_9").heat(subject, 0)
    first = METHODS["layercam"](layer="input_norm").heat(subject, 0)
    last = METHODS["layercam"]().heat(subject, 0)
    assert np.abs(first - last).max() > 0.01
    assert dataclasses.asdict(METHODS["layercam"]()) == {"layer": ""}
