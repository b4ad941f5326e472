"""Classical: base of the models that scikit-learn fits at once."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.models.base import Model, Shape, check_shape


class Classical(Model):
    """Base of the scikit-learn models. A subclass makes the estimator.

    Class attributes
    ----------------
    trusted_types : tuple of str
        Types besides plain arrays and estimators that its saved file may hold (see skops).
    weighs_classes : bool
        Whether rare classes can be made to count more.
    """

    family = "classical"
    trusted_types: ClassVar[tuple[str, ...]] = ()
    weighs_classes: ClassVar[bool] = True

    def estimator(self, random_state: int) -> Any:
        """Unfitted scikit-learn classifier."""
        raise NotImplementedError

    def build(self, input_shape: Shape, n_classes: int, random_state: int = 0) -> Any:
        """Unfitted scikit-learn classifier; see :meth:`audioclf.models.base.Model.build`."""
        check_shape(input_shape, n_classes, self.title)
        return self.estimator(random_state)


def class_probabilities(estimator: Any, x: npt.NDArray[np.float32], n_classes: int) -> npt.NDArray[np.float32]:
    """Row-stochastic matrix of a fitted scikit-learn classifier.

    Where the estimator gives probabilities, these; where it gives decision scores only, as
    support vector machines do, their softmax. The largest entry of a row is the class that
    ``estimator.predict`` names. A class without a training clip has probability 0.

    Parameters
    ----------
    estimator : sklearn.base.ClassifierMixin
        Fitted on class numbers ``0 ... n_classes - 1``.
    x : np.ndarray [shape=(n, m)]
    n_classes : int

    Returns
    -------
    np.ndarray [shape=(n, n_classes)], float32
    """
    if hasattr(estimator, "predict_proba"):
        known = np.asarray(estimator.predict_proba(x), dtype=np.float64)
    else:
        scores = np.asarray(estimator.decision_function(x), dtype=np.float64)
        if scores.ndim == 1:
            scores = np.stack([-scores / 2, scores / 2], axis=1)
        known = np.exp(scores - scores.max(axis=1, keepdims=True))
        known /= known.sum(axis=1, keepdims=True)
    probabilities = np.zeros((len(x), n_classes), dtype=np.float32)
    probabilities[:, np.asarray(estimator.classes_, dtype=int)] = known
    return probabilities
