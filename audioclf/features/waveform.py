"""The samples themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.features.base import Axis, Feature, FeatureMap


@dataclass(frozen=True)
class Waveform(Feature):
    """Sound pressure over time, sample by sample."""

    kind: ClassVar[str] = "waveform"
    title: ClassVar[str] = "Waveform"
    order: ClassVar[int] = 10
    explanation: ClassVar[str] = (
        "The sound as the microphone recorded it: how far the air pressure is from rest, thousands of times a second."
        " It shows when something happens and how loud it is, but hides which frequencies are in it."
    )

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """Copy of the samples with their time axis [shape=(n,)], float32, full scale at -1 and 1."""
        samples = self.samples(y, sr)
        return FeatureMap(
            samples.copy(), (Axis(np.arange(samples.size) / sr, "Time", "s"),), "Amplitude", "", self.kind
        )
