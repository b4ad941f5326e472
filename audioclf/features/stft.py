"""The spectrogram: a short-time Fourier transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.features.base import Axis, FeatureMap
from audioclf.features.spectral import Framed, decibels, ref_param, scale_param, top_db_param


@dataclass(frozen=True)
class STFT(Framed):
    """Magnitude of the short-time Fourier transform."""

    kind: ClassVar[str] = "stft"
    title: ClassVar[str] = "STFT spectrogram"
    order: ClassVar[int] = 30
    explanation: ClassVar[str] = (
        "The sound is cut into short overlapping stretches and each is Fourier transformed; side by side they show"
        " which frequencies sound when. A long window separates close frequencies but blurs time, a short one does"
        " the opposite."
    )

    scale: str = scale_param("db", "magnitude", "power")
    ref: str = ref_param()
    top_db: float = top_db_param()

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """``np.abs(librosa.stft(...))``, its square, or its level in dB [shape=(1 + n_fft // 2, n_frames)]."""
        samples = self.samples(y, sr)
        values = np.empty((self.n_fft // 2 + 1, self.n_frames(samples.size)), np.float32)
        for part, magnitude in self.magnitudes(samples):
            values[:, part] = magnitude if self.scale == "magnitude" else np.square(magnitude, out=magnitude)
        axes = (
            Axis(self.frequencies(sr), "Frequency", "Hz", "log"),
            self.time_axis(values.shape[1], sr),
        )
        if self.scale == "magnitude":
            return FeatureMap(values, axes, "Magnitude", "", self.kind)
        if self.scale == "power":
            return FeatureMap(values, axes, "Power", "", self.kind)
        return FeatureMap(decibels(values, self.ref, self.top_db), axes, "Level", "dB", self.kind)
