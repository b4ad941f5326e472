"""Random masks with a linear surrogate."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.core.params import param
from audioclf.explain.base import Array, Method, Subject
from audioclf.explain.random_masks import random_masks


@dataclass(frozen=True)
class RandomMasks(Method):
    """A linear surrogate on cells of time and frequency that random masks keep (RISE 2018, LIME 2016)."""

    kind = "random-masks"
    title = "Random masks"
    order = 40
    explanation = (
        "Half of all cells of time and frequency (fewer, where that leaves nothing of the class) are removed at random,"
        " hundreds of times, and a linear model learns what each cell is worth. Unlike occlusion it sees cells that"
        " stand in for each other."
    )
    nothing = "No cell of time and frequency makes {} likelier."

    bands: int = param(8, "Cells along the rows.", low=1, high=64)
    stretches: int = param(12, "Cells along time.", low=1, high=128)
    n_masks: int = param(600, "Number of masks.", low=16, high=10_000)

    by_level: bool = param(
        True, "Whether a cell's worth is shared among its places by how much of each was removed, or alike."
    )

    def heat(self, subject: Subject, class_index: int) -> Array:
        slow = any(probe.model.frozen_until is not None for probe in subject.probes)
        found, _ = random_masks(
            subject.predict,
            subject.x,
            class_index,
            floor=subject.floor,
            cells=(self.bands, self.stretches),
            n_masks=min(self.n_masks, 64) if slow else self.n_masks,
        )
        worth = np.maximum(found, 0)
        return subject.by_level(worth) if self.by_level else worth
