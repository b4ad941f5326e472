"""The mel spectrogram: Fourier bins gathered into bands as wide as hearing makes them."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.features.base import Array, Axis, FeatureMap
from audioclf.features.spectral import Framed, check_band, decibels, ref_param, scale_param, top_db_param

Numbers = npt.NDArray[np.float64]

_MOST_NAMED = 6


def hz_to_mel(frequencies: npt.ArrayLike, htk: bool = False) -> Numbers:
    """Mel number of frequencies in Hz.

    With ``htk`` ``2595 log10(1 + f / 700)`` (the HTK Book), else that of Slaney's Auditory Toolbox (Interval
    Research Technical Report 1998-010): linear to 1 kHz with 3 mel per 200 Hz, then 27 mel per factor of 6.4.
    """
    hertz = np.asarray(frequencies, dtype=np.float64)
    if htk:
        return np.asarray(2595 * np.log10(1 + hertz / 700))
    return np.where(hertz < 1000, hertz * 3 / 200, 15 + 27 * np.log(np.maximum(hertz, 1000) / 1000) / np.log(6.4))


def mel_to_hz(mels: npt.ArrayLike, htk: bool = False) -> Numbers:
    """Frequency in Hz of mel numbers; inverse of :func:`hz_to_mel`."""
    numbers = np.asarray(mels, dtype=np.float64)
    if htk:
        return np.asarray(700 * (10 ** (numbers / 2595) - 1))
    return np.where(numbers < 15, numbers * 200 / 3, 1000 * 6.4 ** ((np.maximum(numbers, 15) - 15) / 27))


def mel_edges(n_mels: int, fmin: float, fmax: float, htk: bool = False) -> Numbers:
    """Edges and centres of mel bands in Hz [shape=(n_mels + 2,)]: band m runs from m over m + 1 to m + 2."""
    low, high = hz_to_mel([fmin, fmax], htk)
    return mel_to_hz(np.linspace(low, high, n_mels + 2), htk)


def mel_filters(sr: float, n_fft: int, n_mels: int, fmin: float, fmax: float, htk: bool, norm: str) -> Array:
    """Triangular weights that gather Fourier bins into mel bands, as ``librosa.filters.mel``.

    Parameters
    ----------
    sr, n_fft, n_mels, fmin, fmax, htk
        See :class:`MelFramed`.
    norm : "slaney" or "none"
        Equal area for every band, or equal height.

    Returns
    -------
    np.ndarray [shape=(n_mels, 1 + n_fft // 2)], float32
        Bands that are narrower than the distance of the Fourier bins may be all zero.
    """
    bins = np.arange(n_fft // 2 + 1) * (sr / n_fft)
    edges = mel_edges(n_mels, fmin, fmax, htk)
    left, centre, right = (edges[i : i + n_mels, np.newaxis] for i in range(3))
    weights = np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    if norm == "slaney":
        weights *= 2 / (right - left)
    return weights.astype(np.float32)


@functools.lru_cache(maxsize=32)
def _sparse_filters(*described: Any) -> Any:
    """:func:`mel_filters` as a sparse matrix, for a bin is in two bands at most.

    A dense product would also be spread over threads, which fight for the cores of a shared server.
    """
    import scipy.sparse

    return scipy.sparse.csr_array(mel_filters(*described))


@dataclass(frozen=True)
class MelFramed(Framed):
    """Base of the features made from a mel spectrogram."""

    n_mels: int = param(128, "Number of mel bands, the rows of the picture.", low=2, high=1024)
    fmin: float = param(0.0, "Lowest frequency of the lowest band.", low=0, high=96000, unit="Hz", step=10)
    fmax: float | None = param(
        None,
        "Highest frequency of the highest band; empty takes half the sample rate.",
        low=1,
        high=96000,
        unit="Hz",
        step=100,
    )
    power: float = param(
        2.0, "What the bands add up: 2 the power, 1 the magnitude of the bins.", choices=(1.0, 2.0), advanced=True
    )
    htk: bool = param(False, "Use the mel formula of HTK instead of Slaney's.", advanced=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.fmax is not None and self.fmin > self.fmax - 1:
            raise ParameterError(
                f"fmin must be at least 1 Hz below fmax ({self.fmax:g} Hz), got {self.fmin:g} Hz;"
                " lower fmin or raise fmax.",
                "fmin",
            )

    def bands(self, samples: Array, sr: float, norm: str) -> Array:
        """Mel spectrogram before any decibels [shape=(n_mels, n_frames)], float32."""
        filters = self._filters(sr, norm)
        made = np.empty((self.n_mels, self.n_frames(samples.size)), np.float32)
        for part, spectra in self.magnitudes(samples):
            made[:, part] = filters @ (np.square(spectra, out=spectra) if self.power == 2 else spectra)
        return made

    def advice(self, sr: float, n_samples: int) -> tuple[str, ...]:
        empty = np.flatnonzero(np.diff(self._filters(sr, "none").indptr) == 0)
        if not empty.size:
            return super().advice(sr, n_samples)
        named = ", ".join(f"{band}" for band in empty[:_MOST_NAMED])
        more = f" and {empty.size - _MOST_NAMED} more" if empty.size > _MOST_NAMED else ""
        return (
            f"{empty.size} of the {self.n_mels} mel bands (counted from 0: {named}{more}) are narrower than the"
            f" distance between two Fourier bins ({sr / self.n_fft:.3g} Hz) and stay empty; lower n_mels or raise"
            " n_fft.",
            *super().advice(sr, n_samples),
        )

    def filters(self, sr: float) -> Array:
        """Weights of the Fourier bins in every band, of equal height [shape=(n_mels, 1 + n_fft // 2)], float32."""
        return np.asarray(self._filters(sr, "none").toarray())

    def _filters(self, sr: float, norm: str) -> Any:
        check_band(self.fmin, self.fmax, sr)
        return _sparse_filters(sr, self.n_fft, self.n_mels, self.fmin, self.fmax or sr / 2, self.htk, norm)


@dataclass(frozen=True)
class Mel(MelFramed):
    """Mel spectrogram."""

    kind: ClassVar[str] = "mel"
    title: ClassVar[str] = "Mel spectrogram"
    order: ClassVar[int] = 50
    explanation: ClassVar[str] = (
        "A spectrogram whose rows are spaced as people hear pitch: narrow bands for low frequencies, wide ones for"
        " high. It keeps what matters to the ear in far fewer numbers, which is why most sound classifiers look at"
        " it."
    )

    norm: str = param(
        "slaney",
        "Give every band the same area (slaney) or the same height (none).",
        choices=("slaney", "none"),
        advanced=True,
    )
    scale: str = scale_param("db", "power")
    ref: str = ref_param()
    top_db: float = top_db_param()

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """``librosa.feature.melspectrogram(...)``, or its level in dB [shape=(n_mels, n_frames)].

        The frequency axis holds the centres of the bands.
        """
        bands = self.bands(self.samples(y, sr), sr, self.norm)
        edges = mel_edges(self.n_mels, self.fmin, self.fmax or sr / 2, self.htk)
        axes = (Axis(edges[1:-1], "Frequency", "Hz", "mel"), self.time_axis(bands.shape[1], sr))
        if self.scale == "power":
            return FeatureMap(bands, axes, "Power" if self.power == 2 else "Magnitude", "", self.kind)
        power = bands if self.power == 2 else np.square(bands)
        return FeatureMap(decibels(power, self.ref, self.top_db), axes, "Level", "dB", self.kind)
