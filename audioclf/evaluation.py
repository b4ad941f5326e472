"""Metrics from arrays of true classes and probabilities; plain numbers, ready for JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.errors import ParameterError

Z = 1.959963984540054
"""97.5 % point of the standard normal distribution."""


def wilson(successes: int, n: int) -> tuple[float, float]:
    """95 % score interval of a share.

    Parameters
    ----------
    successes, n : int
        ``0 <= successes <= n``, ``n > 0``.

    Returns
    -------
    low, high : float
        In [0, 1].

    References
    ----------
    E. B. Wilson, Probable inference, the law of succession, and statistical inference, JASA 22, 1927.
    """
    share = successes / n
    middle = (share + Z**2 / (2 * n)) / (1 + Z**2 / n)
    half = Z / (1 + Z**2 / n) * math.sqrt(share * (1 - share) / n + Z**2 / (4 * n**2))
    return max(middle - half, 0.0), min(middle + half, 1.0)


def metrics(true: Sequence[int], probabilities: npt.ArrayLike, classes: Sequence[str]) -> dict[str, Any]:
    """Everything that is said of a set of tested clips.

    Parameters
    ----------
    true : sequence of int [shape=(n,)]
        Class numbers.
    probabilities : np.ndarray [shape=(n, n_classes)]
        The predicted class is the most probable one.
    classes : sequence of str

    Returns
    -------
    dict
        ``n``, ``accuracy``, ``interval`` (Wilson, 95 %), ``top2`` (share of clips whose class is one of the two most
        probable; None for two classes), ``log_loss``, ``precision``, ``recall``, ``f1`` (macro averages),
        ``per_class`` (label, precision, recall, f1, support), ``confusion`` (counts, rows are true classes).

    Raises
    ------
    ParameterError
        When the shapes do not fit, or there is nothing to measure.
    """
    labels = np.asarray(true, dtype=np.int64)
    rows = np.asarray(probabilities, dtype=np.float64)
    if len(labels) == 0 or rows.shape != (len(labels), len(classes)):
        raise ParameterError(
            f"Metrics need one row of {len(classes)} probabilities for each of at least one clip,"
            f" got {len(labels)} clips and probabilities of shape {rows.shape}."
        )
    predicted = rows.argmax(axis=1)
    confusion = np.zeros((len(classes), len(classes)), dtype=np.int64)
    np.add.at(confusion, (labels, predicted), 1)
    right = np.diag(confusion)
    precision = _share(right, confusion.sum(axis=0))
    recall = _share(right, confusion.sum(axis=1))
    f1 = _share(2 * right, confusion.sum(axis=0) + confusion.sum(axis=1))
    met = confusion.sum(axis=1) + confusion.sum(axis=0) > 0
    best_two = np.argsort(-rows, axis=1, kind="stable")[:, :2]
    chosen = rows[np.arange(len(labels)), labels]
    return {
        "n": len(labels),
        "accuracy": float(right.sum() / len(labels)),
        "interval": list(wilson(int(right.sum()), len(labels))),
        "top2": float((best_two == labels[:, np.newaxis]).any(axis=1).mean()) if len(classes) > 2 else None,
        "log_loss": float(-np.log(np.maximum(chosen, 1e-7)).mean()),
        "precision": float(precision[met].mean()),
        "recall": float(recall[met].mean()),
        "f1": float(f1[met].mean()),
        "per_class": [
            {
                "label": label,
                "precision": float(precision[number]),
                "recall": float(recall[number]),
                "f1": float(f1[number]),
                "support": int(confusion[number].sum()),
            }
            for number, label in enumerate(classes)
        ],
        "confusion": confusion.tolist(),
    }


def _share(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """``part / whole``, 0 where the whole is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
