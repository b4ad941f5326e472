"""What a linear model looks at: its own numbers, laid out as the feature is."""

from __future__ import annotations

from typing import Any

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.explain.base import Array, column_of
from audioclf.models.base import Shape


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
    row = column_of(class_index, estimator)
    weights = np.asarray(estimator.coef_)
    if len(weights) == 1:
        weights = np.concatenate([-weights, weights])
    laid_out: Array = weights[row].reshape(input_shape).astype(np.float32)
    return laid_out
