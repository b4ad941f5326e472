"""Integrated gradients with SmoothGrad."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.core.params import param
from audioclf.explain.base import Array, Method, Subject, mean_of_fits
from audioclf.explain.integrated_gradients import integrated_gradients
from audioclf.models.base import Model


@dataclass(frozen=True)
class IntegratedGradients(Method):
    """The gradient on the way from silence to the sound (Sundararajan et al. 2017), over noisy copies."""

    kind = "integrated-gradients"
    title = "Integrated gradients"
    order = 20
    explanation = (
        "The sound is faded in from silence, and at every step it is asked which value moves the class. As fine as the"
        " feature itself, for any network; noisy copies of the sound make it smoother (SmoothGrad)."
    )

    steps: int = param(16, "Points on the way from silence to the sound.", low=2, high=200)
    samples: int = param(4, "Copies of the sound, all but the first with noise.", low=1, high=50)
    noise: float = param(0.1, "Standard deviation of the noise, as a share of the range of values.", low=0, high=1)

    def refusal(self, model: Model, *, picture: bool) -> str:
        if model.family != "network":
            return f"{model.title} has no gradients; explain it by another method, such as occlusion."
        return ""

    def heat(self, subject: Subject, class_index: int) -> Array:
        self.require(subject)
        found = [
            probe.on_map(
                integrated_gradients(
                    probe.estimator,
                    probe.x,
                    class_index,
                    baseline=probe.baseline,
                    steps=self.steps,
                    samples=self.samples,
                    noise=self.noise,
                )
            )
            for probe in subject.probes
        ]
        return mean_of_fits([np.maximum(one, 0) for one in found])
