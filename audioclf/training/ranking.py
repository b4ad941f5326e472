"""How well probabilities rank the classes: ROC and precision-recall of every class, and the share among the top k."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError

Numbers = npt.NDArray[np.float64]

MOST_POINTS: Final = 200
"""Points of a curve that are kept; the others lie between them."""

_TOP: Final = 5


def ranking(true: npt.ArrayLike, probabilities: npt.ArrayLike, classes: Sequence[str]) -> dict[str, Any]:
    """Ranking of every class against all others, scikit-learn's figures, as plain values that JSON can hold.

    Parameters
    ----------
    true : np.ndarray [shape=(n,)], int
        Class numbers.
    probabilities : np.ndarray [shape=(n, n_classes)], real
    classes : sequence of str

    Returns
    -------
    dict
        ``classes``: a list of ``class``, ``positives``, ``auc`` (area under the ROC curve), ``ap`` (average precision),
        ``roc`` (false positive rate, true positive rate, threshold) and ``pr`` (recall, precision, threshold), each a
        list of points. ``auc`` and ``ap`` are None, and the curves empty, of a class that no test clip has or that all
        have. ``macro_auc`` and ``macro_ap``: means over the other classes, None where there is none. ``top``: share of
        clips whose class is among the k most probable, a list for k from 1 to at most 5.

    Raises
    ------
    ParameterError
        When there are no clips, or the shapes do not go together.
    """
    labels, shares = np.asarray(true, np.int64), np.asarray(probabilities, np.float64)
    if not len(labels) or shares.shape != (len(labels), len(classes)):
        raise ParameterError(
            f"A ranking needs at least one clip and probabilities of shape (n, {len(classes)}), got {len(labels)} clips"
            f" and {shares.shape}."
        )
    found = [_of_class(str(name), labels == number, shares[:, number]) for number, name in enumerate(classes)]
    measured = [one for one in found if one["auc"] is not None]
    mean = {
        f"macro_{name}": float(np.mean([one[name] for one in measured])) if measured else None for name in ("auc", "ap")
    }
    places = (shares > shares[np.arange(len(labels)), labels][:, None]).sum(axis=1)
    top = [float((places < k).mean()) for k in range(1, min(_TOP, len(classes)) + 1)]
    return {"classes": found, **mean, "top": top}


def _of_class(name: str, positive: npt.NDArray[np.bool_], score: Numbers) -> dict[str, Any]:
    from sklearn import metrics

    about: dict[str, Any] = {"class": name, "positives": int(positive.sum()), "auc": None, "ap": None}
    if positive.all() or not positive.any():
        return about | {"roc": [], "pr": []}
    false_rate, true_rate, at = metrics.roc_curve(positive, score)
    precision, recall, above = metrics.precision_recall_curve(positive, score)
    return about | {
        "auc": float(metrics.auc(false_rate, true_rate)),
        "ap": float(metrics.average_precision_score(positive, score)),
        "roc": _points(false_rate, true_rate, np.minimum(at, 1.0)),
        "pr": _points(recall[::-1], precision[::-1], np.append(above, 1.0)[::-1]),
    }


def _points(*columns: Numbers) -> list[list[float]]:
    """Rows of a curve, thinned evenly; its ends stay."""
    n = len(columns[0])
    kept = np.unique(np.linspace(0, n - 1, min(n, MOST_POINTS)).round().astype(int))
    return [[round(float(value), 5) for value in row] for row in np.column_stack(columns)[kept]]
