"""A linear head on vectors: what can be read off an embedding with one weight per value and class."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from audioclf.core import limits
from audioclf.core.errors import DatasetError, Stopped
from audioclf.features.base import Array

Labels = npt.NDArray[np.int64]
ShouldStop = Callable[[], bool]

MAX_ITER = 1000


def predict(x_train: Array, y_train: Labels, x: Array, n_classes: int, C: float = 1.0) -> Array:
    """Class probabilities of ``x`` by logistic regression on standardised training vectors.

    Parameters
    ----------
    x_train : np.ndarray [shape=(n_train, d)]
    y_train : np.ndarray [shape=(n_train,)], int in 0 to n_classes - 1
    x : np.ndarray [shape=(n, d)]
    n_classes : int
    C : float > 0
        Inverse of the regularisation.

    Returns
    -------
    np.ndarray [shape=(n, n_classes)], float32
        Rows sum to 1; a class without a training clip has 0.
    """
    found = np.zeros((len(x), n_classes), np.float32)
    known = np.unique(y_train)
    if len(known) == 1:
        found[:, known[0]] = 1
        return found
    from sklearn.linear_model import LogisticRegression

    mean, deviation = x_train.mean(axis=0), x_train.std(axis=0)
    scale = np.where(deviation > 1e-6, deviation, 1)
    known_x, asked_x = (x_train - mean) / scale, (x - mean) / scale
    with limits.one_matrix_thread():
        if len(known_x) < known_x.shape[1]:
            # the penalised weights lie in the span of the training clips: turned into it, nothing changes but the time
            _, _, axes = np.linalg.svd(known_x, full_matrices=False)
            known_x, asked_x = known_x @ axes.T, asked_x @ axes.T
        head = LogisticRegression(C=C, max_iter=MAX_ITER).fit(known_x, y_train)
        found[:, head.classes_] = head.predict_proba(asked_x)
    return found


def out_of_fold(
    x: Array,
    y: Labels,
    groups: Sequence[str],
    n_classes: int,
    *,
    C: float = 1.0,
    n_splits: int = 5,
    random_state: int = 0,
    should_stop: ShouldStop | None = None,
) -> Array:
    """Class probabilities of every clip by a head that has met neither it nor another clip of its group.

    Parameters
    ----------
    x : np.ndarray [shape=(n, d)]
    y : np.ndarray [shape=(n,)], int
    groups : sequence of str
        Clips of one group are tested together; every clip its own where there are none.
    n_classes : int
    C, random_state
    n_splits : int
        Folds, at most: no more than there are groups.

    Returns
    -------
    np.ndarray [shape=(n, n_classes)], float32

    Raises
    ------
    DatasetError
        When there are fewer than two groups.
    Stopped
    """
    from sklearn.model_selection import StratifiedGroupKFold

    names = np.asarray(groups)
    n_groups = len(np.unique(names))
    if n_groups < 2:
        raise DatasetError("Cross-validation needs two groups of clips at least, got one; add clips or groups.")
    k = max(2, min(n_splits, n_groups, int(np.unique(y, return_counts=True)[1].max())))
    folds = StratifiedGroupKFold(k, shuffle=True, random_state=random_state)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a class may have fewer clips than there are folds
        dealt = [fold for fold in folds.split(x, y, names) if len(fold[0]) and len(fold[1])]
    found = np.zeros((len(x), n_classes), np.float32)
    for train, test in dealt:
        if should_stop is not None and should_stop():
            raise Stopped("Stopped, as asked.")
        found[test] = predict(x[train], y[train], x[test], n_classes, C)
    return found


def groups_of(groups: Sequence[str | None]) -> list[str]:
    """Group of every clip; a clip without one is a group of its own."""
    return [f"\0{number}" if group is None else group for number, group in enumerate(groups)]
