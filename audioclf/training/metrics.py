"""Metrics from arrays: how often a classifier is right, how sure that figure is, and where it errs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError

Numbers = npt.NDArray[np.float64]

Z95 = 1.959963984540054
"""97.5 % point of the normal distribution."""


def wilson_interval(right: int, n: int, z: float = Z95) -> tuple[float, float]:
    """Confidence interval of a share, after Wilson 1927.

    Parameters
    ----------
    right, n : int
        ``0 <= right <= n``, ``n > 0``.
    z : float
        Point of the normal distribution: 1.96 for 95 %.

    Returns
    -------
    low, high : float
        In [0, 1].
    """
    share = right / n
    denominator = 1 + z**2 / n
    centre = (share + z**2 / (2 * n)) / denominator
    half = z * math.sqrt(share * (1 - share) / n + z**2 / (4 * n**2)) / denominator
    return max(centre - half, 0.0), min(centre + half, 1.0)


def confusion_matrix(true: npt.ArrayLike, predicted: npt.ArrayLike, n_classes: int) -> npt.NDArray[np.int64]:
    """Counts [shape=(n_classes, n_classes)]: rows are the true classes, columns the predicted ones."""
    counts = np.zeros((n_classes, n_classes), dtype=np.int64)
    np.add.at(counts, (np.asarray(true), np.asarray(predicted)), 1)
    return counts


def normalized(confusion: npt.ArrayLike) -> Numbers:
    """Confusion matrix as shares of every true class; a class without clips stays all zero."""
    counts = np.asarray(confusion, dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares: Numbers = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return shares


def metrics(true: npt.ArrayLike, probabilities: npt.ArrayLike, classes: Sequence[str]) -> dict[str, Any]:
    """All figures of one set of predictions, as plain values that JSON can hold.

    Parameters
    ----------
    true : np.ndarray [shape=(n,)], int
        Class numbers.
    probabilities : np.ndarray [shape=(n, n_classes)], real
        Rows sum to 1; the predicted class is the most probable one.
    classes : sequence of str

    Returns
    -------
    dict
        ``n``; ``accuracy`` with ``interval`` (Wilson, 95 %); ``log_loss`` (natural logarithm);
        ``top2``, the share of clips whose class is among the two most probable ones (from three
        classes on); ``macro_precision``, ``macro_recall``, ``macro_f1``: means over the classes that
        are true or predicted somewhere; ``per_class``: a list of ``class``, ``precision``, ``recall``,
        ``f1``, ``support``, with 0 where nothing was predicted or nothing is there, as
        scikit-learn has it; ``confusion``: counts, rows are the true classes.

    Raises
    ------
    ParameterError
        When there are no clips, or the shapes do not go together.
    """
    labels = np.asarray(true, dtype=np.int64)
    shares = np.asarray(probabilities, dtype=np.float64)
    n, k = len(labels), len(classes)
    if n == 0 or shares.shape != (n, k):
        raise ParameterError(
            f"Metrics need at least one clip and probabilities of shape (n, {k}), got {n} clips and {shares.shape}."
        )
    if labels.min() < 0 or labels.max() >= k or not np.isfinite(shares).all():
        raise ParameterError(f"Metrics need class numbers in 0 to {k - 1} and finite probabilities; train again.")
    predicted = shares.argmax(axis=1)
    confusion = confusion_matrix(labels, predicted, k)
    right = np.diag(confusion)
    support, called = confusion.sum(axis=1), confusion.sum(axis=0)
    precision, recall = _shares(right, called), _shares(right, support)
    f1 = _shares(2 * right, support + called)
    occurs = (support + called) > 0
    of_true = shares[np.arange(n), labels] / shares.sum(axis=1)
    figures: dict[str, Any] = {
        "n": n,
        "accuracy": float(right.sum() / n),
        "interval": list(wilson_interval(int(right.sum()), n)),
        "log_loss": float(-np.log(np.maximum(of_true, np.finfo(np.float32).eps)).mean()) + 0.0,
    }
    if k > 2:
        figures["top2"] = float((np.argsort(-shares, axis=1, kind="stable")[:, :2] == labels[:, None]).any(1).mean())
    return figures | {
        "macro_precision": float(precision[occurs].mean()),
        "macro_recall": float(recall[occurs].mean()),
        "macro_f1": float(f1[occurs].mean()),
        "per_class": [
            {
                "class": str(name),
                "precision": float(precision[number]),
                "recall": float(recall[number]),
                "f1": float(f1[number]),
                "support": int(support[number]),
            }
            for number, name in enumerate(classes)
        ],
        "confusion": confusion.tolist(),
    }


def _shares(counts: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> Numbers:
    return np.divide(counts, whole, out=np.zeros(len(counts)), where=whole > 0)
