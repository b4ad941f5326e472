"""Warping: the same sound from another throat, at another pace."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.augment.base import Array, Augmentation, require_pictures
from audioclf.augment.framing import moved
from audioclf.core.params import param

Numbers = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Warp(Augmentation):
    """Frequencies stretched from the lowest row and moved, time stretched about the middle and moved.

    Stretching the frequencies is vocal tract length perturbation [1]_ with one factor for all rows of the
    map. Values between rows or frames are read on straight lines; beyond an edge stands the edge.

    .. [1] Jaitly, Hinton: "Vocal Tract Length Perturbation (VTLP) improves speech recognition",
       ICML Workshop on Deep Learning for Audio, Speech and Language 2013.
    """

    kind = "warp"
    title = "Frequency and time warp"
    order = 18
    explanation = (
        "Spreads or squeezes the frequencies, as a shorter or longer throat does to a voice, and makes the sound slower"
        " or faster. From a few speakers the network hears many."
    )

    freq_stretch: float = param(
        0.15,
        "Farthest stretch of the frequencies: 0.15 reads rows at 1/1.15 to 1.15 times their number.",
        low=0,
        high=1,
    )
    freq_shift: float = param(0.0, "Farthest shift of the rows, as a share of them.", low=0, high=0.5)
    time_stretch: float = param(
        0.25, "Farthest stretch of time: 0.25 plays at 1/1.25 to 1.25 times the pace.", low=0, high=3
    )
    time_shift: float = param(0.0, "Farthest shift in time, as a share of the frames.", low=0, high=0.5)
    probability: float = param(1.0, "Share of the examples that are warped.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        rows, frames = x.shape[1:3]
        warped = (rng.random(len(x)) < self.probability)[:, np.newaxis]
        row, frame = np.arange(rows), np.arange(frames)
        factor, shift = _drawn(rng, self.freq_stretch, self.freq_shift * rows, len(x))
        at_rows = np.where(warped, row * factor + shift, row)
        middle = (frames - 1) / 2
        factor, shift = _drawn(rng, self.time_stretch, self.time_shift * frames, len(x))
        at_frames = np.where(warped, (frame - middle) * factor + middle + shift, frame)
        return moved(x, at_rows, at_frames), onehot


def _drawn(rng: np.random.Generator, stretch: float, shift: float, n: int) -> tuple[Numbers, Numbers]:
    """A factor, as often below 1 as above, and a shift for every example, each [shape=(n, 1)]."""
    farthest = np.log1p(stretch)
    factors = np.exp(rng.uniform(-farthest, farthest, size=(n, 1)))
    return factors, rng.uniform(-shift, shift, size=(n, 1))
