"""Ranking: scikit-learn's own figures, classes that are not there, and the top k."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn import metrics

from audioclf.core.errors import ParameterError
from audioclf.training.ranking import MOST_POINTS, ranking

CLASSES = ("a", "b", "c", "d")


def drawn(n: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = rng.integers(4, size=n)
    return true, rng.dirichlet(np.ones(4), size=n) * 0.7 + 0.3 * np.eye(4)[true]


def test_it_is_that_of_scikit_learn() -> None:
    true, rows = drawn(300)
    found = ranking(true, rows, CLASSES)
    onehot = np.eye(4)[true]
    assert found["macro_auc"] == pytest.approx(metrics.roc_auc_score(onehot, rows, average="macro"))
    assert found["macro_ap"] == pytest.approx(metrics.average_precision_score(onehot, rows, average="macro"))
    for k, share in enumerate(found["top"], start=1):
        expected = metrics.top_k_accuracy_score(true, rows, k=k) if k < 4 else 1.0
        assert share == pytest.approx(expected)
    assert json.loads(json.dumps(found)) == found
    for one in found["classes"]:
        assert len(one["roc"]) <= MOST_POINTS
        assert one["roc"][0][:2] == [0, 0]
        assert one["roc"][-1][:2] == [1, 1]
        area = np.trapezoid([point[1] for point in one["roc"]], [point[0] for point in one["roc"]])
        assert area == pytest.approx(one["auc"], abs=0.01)


def test_a_class_that_the_test_set_lacks_has_no_curve() -> None:
    true, rows = drawn(50)
    found = ranking(np.where(true == 3, 0, true), rows, CLASSES)
    assert found["classes"][3] == {"class": "d", "positives": 0, "auc": None, "ap": None, "roc": [], "pr": []}
    assert found["macro_auc"] is not None


def test_one_clip_has_no_curve_at_all() -> None:
    found = ranking([1], [[0.1, 0.2, 0.3, 0.4]], CLASSES)
    assert found["macro_auc"] is None
    assert found["top"] == [0, 0, 1, 1]


def test_shapes_must_go_together() -> None:
    with pytest.raises(ParameterError, match="shape"):
        ranking([0], [[0.5, 0.5]], CLASSES)
    with pytest.raises(ParameterError, match="at least one clip"):
        ranking([], np.zeros((0, 4)), CLASSES)
