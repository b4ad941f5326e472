"""What a linear model or a tree looks at: its own numbers, laid out as the feature is."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.models.base import Shape

Array = npt.NDArray[np.float32]


def coefficients(estimator: Any, input_shape: Shape, class_index: int) -> Array:
    """Weights of a linear model for one class [shape=input_shape], float32.

    Positive where a larger value speaks for the class. With two classes the model has one set of
    weights, and the first class sees it with the opposite sign.

    Raises
    ------
    ParameterError
        When the model has no weights, or was never trained on the class.
    """
    if not hasattr(estimator, "coef_"):
        raise ParameterError(
            f"{type(estimator).__name__} has no weights to show; a linear model has (logistic regression, linear SVM),"
            " and for any other there is occlusion.",
            "model",
        )
    known = [int(number) for number in estimator.classes_]
    if class_index not in known:
        raise ParameterError(
            f"class_index must be one of the classes the model was trained on, {known}, got {class_index}.",
            "class_index",
        )
    row = known.index(class_index)
    weights = np.asarray(estimator.coef_)
    if len(weights) == 1:
        weights = np.concatenate([-weights, weights])
    laid_out: Array = weights[row].reshape(input_shape).astype(np.float32)
    return laid_out


def contributions(estimator: Any, x: npt.ArrayLike, class_index: int) -> Array:
    """What every value of one example adds to a linear model's score for a class.

    Parameters
    ----------
    estimator : sklearn.base.ClassifierMixin
        Logistic regression or linear SVM, fitted.
    x : np.ndarray [shape=(rows, frames[, channels]) or (m,)]
        One example, scaled as in training.
    class_index : int

    Returns
    -------
    np.ndarray [shape=x.shape], float32
        Weight times value; with the intercept they sum to the score.

    Raises
    ------
    ParameterError
    """
    example = np.asarray(x, dtype=np.float32)
    return coefficients(estimator, example.shape, class_index) * example


def importances(estimator: Any, input_shape: Shape) -> Array:
    """How much the questions about every value sort the training clips [shape=input_shape], float32.

    Impurity-based importances of a tree, forest or boosted trees; not negative, they sum to 1. They
    are of the model as a whole, not of one class.

    Raises
    ------
    ParameterError
        When the model does not consist of trees.
    """
    if not hasattr(estimator, "feature_importances_"):
        raise ParameterError(
            f"{type(estimator).__name__} does not consist of trees, so it has no importances; for any model there is"
            " occlusion.",
            "model",
        )
    return np.asarray(estimator.feature_importances_).reshape(input_shape).astype(np.float32)
