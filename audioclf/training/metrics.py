"""Metrics from arrays, scikit-learn's: how often a classifier is right, how sure that figure is, and where it errs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.training.intervals import accuracy_interval
from audioclf.training.reliability import reliability

Numbers = npt.NDArray[np.float64]

_FIGURES = ("precision", "recall", "f1")


def normalized(confusion: npt.ArrayLike) -> Numbers:
    """Confusion matrix as shares of every true class; a class without clips stays all zero."""
    counts = np.asarray(confusion, dtype=np.float64)
    totals = counts.sum(axis=1, keepdims=True)
    shares: Numbers = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    return shares


def majority(support: Sequence[int]) -> float:
    """Accuracy of always predicting the most frequent class, from the number of test clips of every class."""
    return max(support) / sum(support)


def metrics(
    true: npt.ArrayLike,
    probabilities: npt.ArrayLike,
    classes: Sequence[str],
    groups: Sequence[str | None] | None = None,
    splits: Sequence[str] | None = None,
) -> dict[str, Any]:
    """All figures of one set of predictions, as plain values that JSON can hold.

    Parameters
    ----------
    true : np.ndarray [shape=(n,)], int
        Class numbers.
    probabilities : np.ndarray [shape=(n, n_classes)], real
        Rows sum to 1; the predicted class is the most probable one.
    classes : sequence of str
    groups, splits : sequence, optional
        Of every clip, for the interval: :func:`~audioclf.training.intervals.accuracy_interval`.

    Returns
    -------
    dict
        ``n``; ``accuracy`` with ``interval`` (95 %) and ``interval_kind``, ``interval_over`` and ``interval_n``: how
        and over how many clips, groups or splits it was made; ``log_loss`` (natural logarithm); ``calibration``: the
        fields of :class:`~audioclf.training.reliability.Reliability`;
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
    from sklearn import metrics as sklearn

    labels = np.asarray(true, dtype=np.int64)
    shares = np.asarray(probabilities, dtype=np.float64)
    n, k = len(labels), len(classes)
    if n == 0 or shares.shape != (n, k):
        raise ParameterError(
            f"Metrics need at least one clip and probabilities of shape (n, {k}), got {n} clips and {shares.shape}."
        )
    if labels.min() < 0 or labels.max() >= k or not np.isfinite(shares).all():
        raise ParameterError(f"Metrics need class numbers in 0 to {k - 1} and finite probabilities; train again.")
    predicted, numbers = shares.argmax(axis=1), np.arange(k)
    # float32, in which a certain wrong answer costs -ln(1.2e-7) and not -ln(2.2e-16)
    shares = (shares / shares.sum(axis=1, keepdims=True)).astype(np.float32)
    right = predicted == labels
    figures: dict[str, Any] = {
        "n": n,
        "accuracy": int(right.sum()) / n,
        **accuracy_interval(right, groups, splits).to_dict(),
        "log_loss": float(sklearn.log_loss(labels, shares, labels=numbers)),
        "calibration": reliability(labels, shares).to_dict(),
    }
    if k > 2:
        figures["top2"] = float(sklearn.top_k_accuracy_score(labels, shares, k=2, labels=numbers))
    macro = sklearn.precision_recall_fscore_support(labels, predicted, average="macro", zero_division=0)[:3]
    table = sklearn.precision_recall_fscore_support(labels, predicted, labels=numbers, zero_division=0)
    return figures | {
        **{f"macro_{name}": float(value) for name, value in zip(_FIGURES, macro, strict=False)},
        "per_class": [
            {"class": str(name), **dict(zip(_FIGURES, map(float, row), strict=False)), "support": int(row[3])}
            for name, *row in zip(classes, *table, strict=True)
        ],
        "confusion": sklearn.confusion_matrix(labels, predicted, labels=numbers).tolist(),
    }
