"""Moving: the same sound at another time or another pitch."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augment.base import Array, Augmentation, require_pictures
from audioclf.core.params import param


@dataclass(frozen=True)
class Roll(Augmentation):
    """Circular shift along time: what leaves at the end comes in at the start."""

    kind = "roll"
    heard = "curve"
    title = "Time roll"
    order = 10
    explanation = (
        "Lets the sound begin somewhere else, and puts what falls off the end at the start. "
        "Right for sounds without a fixed beginning, such as rain; wrong where the attack identifies the class."
    )

    max_shift: float = param(0.5, "Farthest shift either way, as a share of the clip.", above=0, high=0.5)
    probability: float = param(1.0, "Share of the examples that are shifted.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        axis = 1 if x.ndim == 2 else 2  # frames of maps, the only axis of curves
        most = self.max_shift * x.shape[axis]
        shifts = np.round(rng.uniform(-most, most, size=len(x))).astype(int)
        shifts[rng.random(len(x)) >= self.probability] = 0
        moved = [np.roll(example, shift, axis - 1) for example, shift in zip(x, shifts, strict=True)]
        return np.stack(moved), onehot


@dataclass(frozen=True)
class RowShift(Augmentation):
    """Shift along the rows: on a CQT or mel map, about what another pitch looks like."""

    kind = "row-shift"
    title = "Row shift"
    order = 15
    explanation = (
        "Moves the picture up or down by a few rows, which on a CQT is a change of pitch. "
        "The rows that come free repeat the edge."
    )

    max_rows: int = param(4, "Farthest shift either way.", low=1, high=1000, unit="rows")
    probability: float = param(1.0, "Share of the examples that are shifted.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        shifts = rng.integers(-self.max_rows, self.max_rows + 1, size=len(x))
        shifts[rng.random(len(x)) >= self.probability] = 0
        rows = np.clip(np.arange(x.shape[1])[None, :] - shifts[:, None], 0, x.shape[1] - 1)
        return x[np.arange(len(x))[:, None], rows], onehot
