"""What a linear model looks at: its own numbers, laid out as the feature is."""

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
