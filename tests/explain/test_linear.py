"""Weights of linear models, laid out as the feature is."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.explain import coefficients
from audioclf.models import build

SHAPE = (4, 5)


def data(n_classes: int) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    y = np.arange(60) % n_classes
    x = rng.normal(size=(60, *SHAPE)).astype(np.float32)
    x[np.arange(60), y] += 2
    return x, y


@pytest.mark.parametrize("kind", ["logreg", "svm"])
@pytest.mark.parametrize("n_classes", [2, 3])
def test_weight_times_value_and_intercept_sum_to_the_score(kind: str, n_classes: int) -> None:
    x, y = data(n_classes)
    model = build(kind, SHAPE, n_classes).fit(x.reshape(60, -1), y)
    scores = model.decision_function(x[:1].reshape(1, -1))[0]
    if n_classes == 2:
        expected = [-scores, scores]
        intercepts = [-model.intercept_[0], model.intercept_[0]]
    else:
        expected, intercepts = list(scores), list(model.intercept_)
    for number in range(n_classes):
        parts = coefficients(model, SHAPE, number) * x[0]
        assert parts.shape == SHAPE
        assert parts.sum() + intercepts[number] == pytest.approx(expected[number], rel=1e-4, abs=1e-4)


def test_the_weights_of_a_class_lie_where_its_mark_is() -> None:
    x, y = data(3)
    model = build("logreg", SHAPE, 3).fit(x.reshape(60, -1), y)
    for number in range(3):
        assert coefficients(model, SHAPE, number).sum(axis=1).argmax() == number


def test_class_numbers_with_a_gap_find_their_weights() -> None:
    x, y = data(3)
    model = build("logreg", SHAPE, 6).fit(x.reshape(60, -1), np.array([0, 2, 5])[y])
    np.testing.assert_array_equal(coefficients(model, SHAPE, 5).ravel(), model.coef_[2].astype(np.float32))
    with pytest.raises(ParameterError, match=r"\[0, 2, 5\], got 1"):
        coefficients(model, SHAPE, 1)


def test_a_model_without_weights_says_what_else_there_is() -> None:
    x, y = data(2)
    model = build("knn", SHAPE, 2).fit(x.reshape(60, -1), y)
    with pytest.raises(ParameterError, match="occlusion"):
        coefficients(model, SHAPE, 0)
