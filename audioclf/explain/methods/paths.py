"""The paths through trees."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.explain.base import Array, Method, Subject, mean_of_fits
from audioclf.explain.tree_paths import tree_paths
from audioclf.models.base import Model

TREES = ("tree", "forest", "boosting")


@dataclass(frozen=True)
class Paths(Method):
    """What every question on the way through the trees adds to the class (Palczewska et al. 2014)."""

    kind = "paths"
    title = "Paths through the trees"
    order = 6
    explanation = (
        "A tree asks about one value after another, and every answer makes the class more or less likely. The map shows"
        " the values that were asked about and how much each added: nothing is estimated."
    )
    nothing = "No question that the trees asked about this sound made {} likelier."

    def refusal(self, model: Model, *, picture: bool) -> str:
        if model.kind not in TREES:
            return f"{model.title} does not consist of trees; explain it by another method, such as occlusion."
        return ""

    def heat(self, subject: Subject, class_index: int) -> Array:
        self.require(subject)
        return mean_of_fits(
            [np.maximum(probe.on_map(tree_paths(probe.estimator, probe.x, class_index)), 0) for probe in subject.probes]
        )
