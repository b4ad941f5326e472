"""Mel-frequency cepstral coefficients: the shape of the spectrum in a few numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.features.base import Array, Axis, FeatureMap
from audioclf.features.mel import MelFramed
from audioclf.features.spectral import decibels

TOP_DB: Final = 80.0
"""How far below the loudest level of the mel spectrogram levels are kept, as in librosa."""


@dataclass(frozen=True)
class MFCC(MelFramed):
    """Mel-frequency cepstral coefficients."""

    kind: ClassVar[str] = "mfcc"
    title: ClassVar[str] = "MFCC"
    order: ClassVar[int] = 60
    explanation: ClassVar[str] = (
        "Each column of a mel spectrogram in dB is described by how well it matches slow and fast cosine waves."
        " The first coefficient follows loudness, the next few the broad shape that makes a vowel or an instrument;"
        " pitch and fine detail are mostly left out."
    )

    n_mfcc: int = param(20, "Number of coefficients kept, the rows of the picture.", low=1, high=1024)
    dct_type: int = param(2, "Type of the discrete cosine transform.", choices=(1, 2, 3), advanced=True)
    norm: str = param(
        "ortho",
        "Scale the cosines to unit length (ortho) or leave them (none).",
        choices=("ortho", "none"),
        advanced=True,
    )
    lifter: float = param(
        0.0, "Strength of the weighting that lifts higher coefficients; 0 is none.", low=0, high=1000, advanced=True
    )
    mel_norm: str = param(
        "slaney",
        "Give every mel band the same area (slaney) or the same height (none).",
        choices=("slaney", "none"),
        advanced=True,
    )
    summary: str = param(
        "none", "Keep every frame (none), or one vector per sound: the mean over time.", choices=("none", "mean")
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.n_mfcc > self.n_mels:
            raise ParameterError(
                f"n_mfcc must be at most n_mels ({self.n_mels}), got {self.n_mfcc}; lower n_mfcc or raise n_mels.",
                "n_mfcc",
            )
        if 0 < self.lifter < 1:
            raise ParameterError(
                f"lifter must be 0 or at least 1, got {self.lifter:g}; 22 is what speech recognisers use.", "lifter"
            )

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """``librosa.feature.mfcc(...)`` [shape=(n_mfcc, n_frames)], or its mean over time [shape=(n_mfcc,)].

        The discrete cosine transform of every column of the mel spectrogram in dB.
        """
        return self.of_levels(decibels(self.bands(self.samples(y, sr), sr, self.mel_norm), "one", TOP_DB), sr)

    def transformed(self, columns: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Cosine transform of every column [shape=(n_mels, n)] -> [shape=(n_mfcc, n)], before any lifting."""
        import scipy.fft

        norm = None if self.norm == "none" else self.norm
        return np.asarray(scipy.fft.dct(columns, type=self.dct_type, norm=norm, axis=0)[: self.n_mfcc])

    @property
    def lift(self) -> npt.NDArray[np.float64]:
        """What every coefficient is multiplied with [shape=(n_mfcc, 1)]."""
        if self.lifter == 0:
            return np.ones((self.n_mfcc, 1))
        numbers = np.arange(1, self.n_mfcc + 1)[:, np.newaxis]
        return np.asarray(1 + self.lifter / 2 * np.sin(np.pi * numbers / self.lifter))

    def of_levels(self, level: Array, sr: float) -> FeatureMap:
        """MFCC of a mel spectrogram in dB [shape=(n_mels, n_frames)]."""
        values: Array = self.transformed(level) * self.lift.astype(np.float32)
        rows = Axis(np.arange(self.n_mfcc, dtype=np.float64), "Coefficient", "")
        if self.summary == "mean":
            return FeatureMap(values.mean(axis=1), (rows,), "Value", "", self.kind)
        return FeatureMap(values, (rows, self.time_axis(values.shape[1], sr)), "Value", "", self.kind)
