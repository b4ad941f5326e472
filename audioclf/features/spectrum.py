"""The Fourier spectrum of the whole sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.params import param
from audioclf.features.base import Axis, Feature, FeatureMap
from audioclf.features.spectral import WINDOWS, decibels, ref_param, scale_param, top_db_param, window


@dataclass(frozen=True)
class Spectrum(Feature):
    """Magnitude of one discrete Fourier transform, left half: 0 Hz to half the sample rate."""

    kind: ClassVar[str] = "spectrum"
    title: ClassVar[str] = "FFT spectrum"
    order: ClassVar[int] = 20
    explanation: ClassVar[str] = (
        "One Fourier transform of the whole sound: every peak is a frequency that is in it, and its height says how"
        " much of it. The transform adds up all moments, so one cannot see when a frequency sounded."
    )

    n_fft: int | None = param(
        None,
        "Number of samples transformed, from the start of the sound, zero-padded if it is shorter;"
        " empty takes the whole sound.",
        low=16,
        high=16_777_216,
        unit="samples",
    )
    window: str = param(
        "boxcar", "How the sound is faded in and out first; boxcar leaves it as it is.", choices=WINDOWS
    )
    scale: str = scale_param("magnitude", "db", default="magnitude")
    ref: str = ref_param()
    top_db: float = top_db_param()

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """Magnitude spectrum [shape=(1 + n_fft // 2,)], or its level in dB.

        ``|X[k]|`` at ``k * sr / n_fft`` Hz with ``X[k] = sum_n w[n] y[n] exp(-2 pi i k n / n_fft)``.
        """
        import scipy.fft

        samples = self.samples(y, sr)
        n_fft = self.n_fft or samples.size
        samples = samples[:n_fft]
        fade = window(self.window, samples.size).astype(np.float32)
        values = np.abs(scipy.fft.rfft(samples * fade, n=n_fft)).astype(np.float32, copy=False)
        if self.scale == "db":
            values = decibels(np.square(values), self.ref, self.top_db)
        axis = Axis(np.arange(values.size) * (sr / n_fft), "Frequency", "Hz")
        if self.scale == "db":
            return FeatureMap(values, (axis,), "Level", "dB", self.kind)
        return FeatureMap(values, (axis,), "Magnitude", "", self.kind)
