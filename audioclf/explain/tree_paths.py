"""Trees, exactly: what every question on the way to the answer adds to a class."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.explain.base import Array, column_of


def tree_paths(estimator: Any, x: npt.ArrayLike, class_index: int) -> Array:
    """How much the questions about every value changed the class on one example's way through the trees [1]_.

    Parameters
    ----------
    estimator : DecisionTreeClassifier, RandomForestClassifier or GradientBoostingClassifier
        Fitted.
    x : np.ndarray [shape of one example]
    class_index : int

    Returns
    -------
    np.ndarray [shape=x.shape], float32
        Signed. With the share of the class among all training clips they sum to the probability of a tree or forest;
        with the mean score, to the score of boosted trees.

    Raises
    ------
    ParameterError
        When the model does not consist of trees, or was never trained on the class.

    References
    ----------
    .. [1] Palczewska, Palczewski, Marchese Robinson, Neagu: "Interpreting random forest classification models using a
       feature contribution method", 2014.
    """
    example = np.asarray(x, dtype=np.float32)
    trees = getattr(estimator, "estimators_", None)
    if trees is None:
        trees = [estimator] if hasattr(estimator, "tree_") else []
    if len(trees) == 0:
        raise ParameterError(
            f"{type(estimator).__name__} does not consist of trees; for any model there is occlusion.", "model"
        )
    column = column_of(class_index, estimator)
    found = np.zeros(example.size)
    if isinstance(trees, np.ndarray):  # boosted: a tree per round and class, one for both of two classes
        single = trees.shape[1] == 1
        sign = -1.0 if single and column == 0 else 1.0
        for tree in trees[:, 0 if single else column]:
            _add(found, tree, example, 0, sign * estimator.learning_rate, shares=False)
    else:
        for tree in trees:
            _add(found, tree, example, column, 1 / len(trees), shares=True)
    return found.reshape(example.shape).astype(np.float32)


def _add(
    found: npt.NDArray[np.float64], tree: Any, example: Array, column: int, weight: float, *, shares: bool
) -> None:
    """Add what one tree's questions change."""
    nodes = np.sort(tree.decision_path(example.reshape(1, -1)).indices)  # a node's number is above its parent's
    values = tree.tree_.value[nodes, 0]
    if shares:
        values = values / values.sum(axis=1, keepdims=True)
    np.add.at(found, tree.tree_.feature[nodes[:-1]], weight * np.diff(values[:, column]))
