"""Linear models: one weight per value and class."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.core.params import param
from audioclf.models.classical import Classical


@dataclass(frozen=True)
class LogisticRegression(Classical):
    """Multinomial logistic regression (:class:`sklearn.linear_model.LogisticRegression`, lbfgs)."""

    kind = "logreg"
    title = "Logistic regression"
    order = 50
    explanation = (
        "Every value of the feature gets one weight per class; the weighted sums become probabilities. "
        "It learns in seconds, its weights can be read as a picture, and it needs values on a common scale."
    )

    C: float = param(1.0, "Inverse of the regularisation: smaller means smaller weights.", above=0, high=1e6)
    max_iter: int = param(100, "Most steps of the solver.", low=1, high=100_000)
    tol: float = param(1e-4, "Gradient at which the solver is done.", above=0, high=1, advanced=True)

    def estimator(self, random_state: int) -> Any:
        from sklearn.linear_model import LogisticRegression as Estimator

        return Estimator(**vars(self), random_state=random_state)


@dataclass(frozen=True)
class LinearSVM(Classical):
    """Linear support vector machine, one class against the rest (:class:`sklearn.svm.LinearSVC`)."""

    kind = "svm"
    title = "Linear SVM"
    order = 51
    explanation = (
        "Draws a flat boundary between each class and the rest, as far from the nearest clips as it can. "
        "Its scores are distances, shown here as shares by a softmax: read their order, not their size."
    )

    C: float = param(1.0, "Penalty for a clip on the wrong side of the margin.", above=0, high=1e6)
    loss: str = param("squared_hinge", "What a clip inside the margin costs.", choices=("squared_hinge", "hinge"))
    max_iter: int = param(1000, "Most steps of the solver.", low=1, high=100_000)
    tol: float = param(1e-4, "Change at which the solver is done.", above=0, high=1, advanced=True)

    def estimator(self, random_state: int) -> Any:
        from sklearn.svm import LinearSVC

        return LinearSVC(**vars(self), random_state=random_state)
