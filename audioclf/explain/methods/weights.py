"""The weights of a linear model."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.explain.base import Array, Method, Subject, mean_of_fits
from audioclf.explain.linear import coefficients
from audioclf.models.base import Model

LINEAR = ("logreg", "svm")


@dataclass(frozen=True)
class Weights(Method):
    """Weight times value, over the value that silence has: exactly what a linear model adds up."""

    kind = "weights"
    title = "Weights"
    order = 5
    explanation = (
        "A linear model adds up weight times value, so what every place adds to the class over silence can be read"
        " off: nothing is estimated."
    )
    nothing = "No value of this sound adds anything to {}."

    def refusal(self, model: Model, *, picture: bool) -> str:
        if model.kind not in LINEAR:
            return (
                f"{model.title} has no weights to read off; logistic regression and the linear SVM have, and for any"
                " model there is occlusion."
            )
        return ""

    def heat(self, subject: Subject, class_index: int) -> Array:
        self.require(subject)
        return mean_of_fits(
            [
                np.maximum(
                    probe.on_map(
                        coefficients(probe.estimator, probe.x.shape, class_index) * (probe.x - probe.baseline)
                    ),
                    0,
                )
                for probe in subject.probes
            ]
        )
