"""Figures against scikit-learn's, the interval against its published values."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.training.metrics import majority, metrics, normalized


def predictions(seed: int, n: int, k: int) -> tuple[Any, Any, list[str]]:
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(k), size=n).astype(np.float32)
    return rng.integers(0, k, size=n), shares, [f"class {number}" for number in range(k)]


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 40), k=st.integers(2, 6))
def test_agrees_with_scikit_learn(seed: int, n: int, k: int) -> None:
    from sklearn import metrics as sk

    true, shares, classes = predictions(seed, n, k)
    predicted, numbers = shares.argmax(axis=1), list(range(k))
    found = metrics(true, shares, classes)
    precision, recall, f1, support = sk.precision_recall_fscore_support(
        true, predicted, labels=numbers, zero_division=0
    )
    assert found["accuracy"] == pytest.approx(sk.accuracy_score(true, predicted))
    assert found["confusion"] == sk.confusion_matrix(true, predicted, labels=numbers).tolist()
    for name, expected in (("precision", precision), ("recall", recall), ("f1", f1), ("support", support)):
        assert [row[name] for row in found["per_class"]] == pytest.approx(expected.tolist())
    for name in ("precision", "recall", "f1"):
        score = getattr(sk, f"{name}_score")(true, predicted, average="macro", zero_division=0)
        assert found[f"macro_{name}"] == pytest.approx(score)
    normal = shares / shares.sum(axis=1, keepdims=True)
    assert found["log_loss"] == pytest.approx(sk.log_loss(true, normal, labels=numbers), rel=1e-5)
    if k > 2:
        assert found["top2"] == pytest.approx(sk.top_k_accuracy_score(true, shares, k=2, labels=numbers))
    else:
        assert "top2" not in found


def test_everything_is_plain_json() -> None:
    true, shares, classes = predictions(0, 12, 3)
    found = metrics(true, shares, classes)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_confusion_has_the_true_class_in_rows() -> None:
    shares = [[0.0, 1.0], [0.2, 0.8], [0.4, 0.6]]
    assert metrics([0, 0, 1], shares, ["a", "b"])["confusion"] == [[0, 2], [0, 1]]


def test_a_class_that_is_nowhere_counts_in_no_mean() -> None:
    found = metrics([0, 1], [[0.9, 0.1, 0.0], [0.2, 0.8, 0.0]], ["a", "b", "nowhere"])
    assert (found["macro_precision"], found["macro_recall"], found["macro_f1"]) == (1.0, 1.0, 1.0)
    assert found["per_class"][2] == {"class": "nowhere", "precision": 0.0, "recall": 0.0, "f1": 0.0, "support": 0}


def test_normalized_rows_sum_to_one_and_empty_rows_stay_zero() -> None:
    assert normalized([[3, 1], [0, 0]]).tolist() == [[0.75, 0.25], [0.0, 0.0]]


@pytest.mark.parametrize(
    ("right", "n", "low", "high"),
    [  # Newcombe 1998, table I, method 3 (score): 81/263, 15/148, 0/20, 1/29
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_has_its_published_values(right: int, n: int, low: float, high: float) -> None:
    shares = np.eye(2)[[0] * right + [1] * (n - right)]
    assert metrics([0] * n, shares, ["a", "b"])["interval"] == pytest.approx([low, high], abs=5e-5)


def test_a_certain_wrong_answer_gives_a_finite_log_loss() -> None:
    assert metrics([0], [[0.0, 1.0]], ["a", "b"])["log_loss"] == pytest.approx(-np.log(np.finfo(np.float32).eps))


@pytest.mark.parametrize(
    ("true", "shares"),
    [([], np.zeros((0, 2))), ([0], [[1.0]]), ([0, 1], [[0.5, 0.5]]), ([2], [[0.5, 0.5]]), ([0], [[np.nan, 1.0]])],
)
def test_what_does_not_go_together_is_refused(true: Any, shares: Any) -> None:
    with pytest.raises(ParameterError):
        metrics(true, shares, ["a", "b"])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=40))
def test_the_most_frequent_class_is_scikit_learns_dummy(true: list[int]) -> None:
    from sklearn.dummy import DummyClassifier

    blank = np.zeros((len(true), 1))
    found = metrics(true, np.full((len(true), 4), 0.25), list("abcd"))
    expected = DummyClassifier(strategy="most_frequent").fit(blank, true).score(blank, true)
    assert majority([row["support"] for row in found["per_class"]]) == pytest.approx(expected)
