"""The constant-Q transform: a spectrogram whose rows are musical notes."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass
from typing import Any, ClassVar, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.core.text import duration
from audioclf.features.base import Array, Axis, Feature, FeatureMap
from audioclf.features.spectral import (
    WINDOWS,
    blocks,
    check_size,
    decibels,
    frames,
    ref_param,
    scale_param,
    top_db_param,
    window,
)

C1: Final = 440 * 2 ** (-45 / 12)
"""Frequency of the note C1, 32.70 Hz."""

_MOST_OCTAVES: Final = 14
_LARGEST_BASIS: Final = 1 << 24


class _Basis(NamedTuple):
    """Filters of one octave as Fourier bins ``start`` and up: sparse weights [shape=(filters, bins)].

    Most of a filter's bins are zero, and a dense product would be spread over threads, which fight
    for the cores of a shared server.
    """

    n_fft: int
    start: int
    weights: Any


@functools.lru_cache(maxsize=256)
def _octave_basis(frequencies: tuple[float, ...], sr: float, q: float, window_name: str, sparsity: float) -> _Basis:
    """Windowed complex exponentials of unit sum, transformed, without their ``sparsity`` smallest share."""
    import scipy.fft
    import scipy.sparse

    n_fft = _fft_length(q * sr / frequencies[0])
    basis = np.zeros((len(frequencies), n_fft), np.complex64)
    lengths = q * sr / np.array(frequencies)
    # rounded where librosa rounds: of coefficients that are equal but for rounding, the same ones are left out
    for row, frequency, length in zip(basis, frequencies, lengths, strict=True):
        times = np.arange(-length // 2, length // 2)
        wave = np.exp(1j * (times * 2 * np.pi * frequency / sr)) * window(window_name, times.size)
        start = (n_fft - times.size) // 2
        row[start : start + times.size] = wave / np.abs(wave).sum()
    basis *= lengths[:, np.newaxis] / n_fft
    weights = scipy.fft.fft(basis, axis=1)[:, : n_fft // 2 + 1]
    size = np.abs(weights)
    ascending = np.sort(size, axis=1)
    share = np.cumsum(ascending / ascending.sum(axis=1, keepdims=True), axis=1)
    smallest = np.take_along_axis(ascending, np.argmin(share < sparsity, axis=1)[:, np.newaxis], axis=1)
    weights[size < smallest] = 0
    used = np.flatnonzero(weights.any(axis=0))
    return _Basis(n_fft, int(used[0]), scipy.sparse.csr_array(weights[:, used[0] : used[-1] + 1]))


def _fft_length(length: float) -> int:
    return 1 << max(0, math.ceil(math.log2(length)))


def _halve(samples: Array, times: int) -> Array:
    """Resample to the sample rate over ``2 ** times``."""
    import soxr

    factor = 2**times
    halved = np.zeros(-(-samples.size // factor), np.float32)
    resampled = soxr.resample(samples, factor, 1, quality="soxr_hq")[: halved.size]
    halved[: resampled.size] = resampled
    return halved


@functools.lru_cache
def _bandwidth(window_name: str) -> float:
    """How many Fourier bins of noise pass a window."""
    fade = window(window_name, 1000)
    return float(fade.size * (fade**2).sum() / fade.sum() ** 2)


@dataclass(frozen=True)
class CQT(Feature):
    """Magnitude of the constant-Q transform."""

    kind: ClassVar[str] = "cqt"
    title: ClassVar[str] = "Constant-Q transform"
    order: ClassVar[int] = 40
    explanation: ClassVar[str] = (
        "A spectrogram whose rows are the notes of a scale, so that an octave always takes the same height."
        " Low notes are looked at through long windows and high notes through short ones. A melody that moves up keeps"
        " its picture, only higher."
    )

    hop_length: int = param(
        512, "Samples from one frame to the next: smaller gives more frames.", low=1, high=65536, unit="samples"
    )
    fmin: float | None = param(
        None, "Frequency of the lowest row; empty takes the note C1, 32.70 Hz.", low=10, high=48000, unit="Hz", step=10
    )
    n_bins: int = param(84, "Number of rows of the picture.", low=1, high=1024)
    bins_per_octave: int = param(12, "Rows per octave: 12 are the semitones, 24 the quarter tones.", low=1, high=192)
    tuning: float = param(
        0.0,
        "Shift of all rows, for a piece that is not tuned to A = 440 Hz.",
        low=-0.5,
        high=0.5,
        unit="bins",
        step=0.05,
        advanced=True,
    )
    filter_scale: float = param(
        1.0,
        "Length of the windows: below 1 is sharper in time, above 1 in pitch.",
        low=0.1,
        high=4,
        step=0.1,
        advanced=True,
    )
    sparsity: float = param(
        0.01,
        "Share of each filter's smallest weights that is left out to be quicker.",
        low=0,
        high=0.5,
        step=0.01,
        advanced=True,
    )
    window: str = param("hann", "How each stretch is faded in and out.", choices=WINDOWS, advanced=True)
    pad_mode: str = param(
        "constant",
        "What the sound is padded with: silence, its last value, or its mirror image.",
        choices=("constant", "edge", "reflect"),
        advanced=True,
    )
    scale: str = scale_param("db", "magnitude")
    ref: str = ref_param()
    top_db: float = top_db_param()

    def __post_init__(self) -> None:
        super().__post_init__()
        most = _MOST_OCTAVES * self.bins_per_octave
        if self.n_bins > most:
            raise ParameterError(
                f"n_bins must be at most {most} ({_MOST_OCTAVES} octaves of {self.bins_per_octave} rows), got"
                f" {self.n_bins}; lower n_bins or raise bins_per_octave.",
                "n_bins",
            )

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """``np.abs(librosa.cqt(...))``, or its level in dB [shape=(n_bins, n_frames)]."""
        samples = self.samples(y, sr)
        self._check_top(sr)
        check_size(self.n_bins, samples.size // self.hop_length + 1, self.title, self.hop_length)
        magnitude = self._magnitudes(samples, float(sr))
        axes = (
            Axis(self.frequencies(), "Frequency", "Hz", "log"),
            Axis(np.arange(magnitude.shape[1]) * self.hop_length / sr, "Time", "s"),
        )
        if self.scale == "magnitude":
            return FeatureMap(magnitude, axes, "Magnitude", "", self.kind)
        return FeatureMap(decibels(np.square(magnitude), self.ref, self.top_db), axes, "Level", "dB", self.kind)

    def window_seconds(self) -> npt.NDArray[np.float64]:
        """Length of the window of every row in seconds [shape=(n_bins,)]: the lower the note, the longer."""
        return np.asarray(self._q / self.frequencies())

    def frequencies(self) -> npt.NDArray[np.float64]:
        """Centre of every row in Hz [shape=(n_bins,)]."""
        steps = np.arange(self.n_bins) + self.tuning
        return np.asarray((self.fmin or C1) * 2 ** (steps / self.bins_per_octave))

    def advice(self, sr: float, n_samples: int) -> tuple[str, ...]:
        self._check_top(sr)
        longest = self.window_seconds()[0]
        if longest <= n_samples / sr:
            return super().advice(sr, n_samples)
        return (
            f"The window of the lowest row is {duration(longest)} long and the sound {duration(n_samples / sr)}, so the"
            " lowest rows see all of it at once; raise fmin or lower bins_per_octave.",
            *super().advice(sr, n_samples),
        )

    @property
    def _q(self) -> float:
        """Centre frequency over bandwidth, the same for every row."""
        ratio = 2 ** (2 / self.bins_per_octave)
        return self.filter_scale * (ratio + 1) / (ratio - 1)

    @property
    def _reach(self) -> float:
        """How far above its centre a row's filter reaches, as a factor."""
        return 1 + 0.5 * _bandwidth(self.window) / self._q

    def _check_top(self, sr: float) -> None:
        nyquist, frequencies = sr / 2, self.frequencies()
        fitting = int((frequencies * self._reach <= nyquist).sum())
        if fitting == 0:
            raise ParameterError(
                f"fmin must be well below half the sample rate ({nyquist:g} Hz), got {frequencies[0]:.5g} Hz;"
                " lower fmin or raise the sample rate.",
                "fmin",
            )
        if fitting < self.n_bins:
            raise ParameterError(
                f"n_bins must be at most {fitting} for the highest row to fit below half the sample rate"
                f" ({nyquist:g} Hz), got {self.n_bins} up to {frequencies[-1]:,.0f} Hz; lower n_bins or fmin, or raise"
                " the sample rate.",
                "n_bins",
            )

    def _magnitudes(self, samples: Array, sr: float) -> Array:
        """Recursive method: the top octave's filters serve every octave, on ever slower copies of the sound.

        C. Schoerkhuber and A. Klapuri, "Constant-Q transform toolbox for music processing", 7th Sound
        and Music Computing Conference, 2010; with the details of ``librosa.cqt``.
        """
        import scipy.fft

        frequencies = self.frequencies()
        per_octave = min(self.bins_per_octave, self.n_bins)
        n_octaves = -(-self.n_bins // self.bins_per_octave)
        first_sr, hop = sr, self.hop_length
        halvings = (hop & -hop).bit_length() - 1
        spare = math.ceil(math.log2(sr / 2 / (frequencies[-1] * self._reach))) - 2
        early = max(0, min(spare, halvings - n_octaves + 1))
        needed = 2 ** (early + min(halvings - early, n_octaves - 1))
        if samples.size < needed:
            raise ParameterError(
                f"A constant-Q transform of {n_octaves} octaves needs at least {needed} samples, got {samples.size};"
                " lower n_bins or take a longer sound.",
                "n_bins",
            )
        if early:
            samples, sr, hop = _halve(samples, early), sr / 2**early, hop >> early
        responses: list[Array] = []
        for octave in range(n_octaves):
            end = self.n_bins - octave * per_octave
            rows = frequencies[max(0, end - per_octave) : end]
            self._check_basis(len(rows), self._q * sr / rows[0])
            basis = _octave_basis(tuple(rows.tolist()), sr, self._q, self.window, self.sparsity)
            stretches = frames(samples, basis.n_fft, hop, self.pad_mode)
            response = np.empty((len(rows), len(stretches)), np.float32)
            used = slice(basis.start, basis.start + basis.weights.shape[1])
            for part in blocks(stretches):
                # along the first axis, so that the result need not be turned round
                np.abs(basis.weights @ scipy.fft.rfft(stretches[part].T, axis=0)[used], out=response[:, part])
            # Filters of unit sum, as if all were as long as at the first sample rate, times the root of
            # their length there: a tone is as strong in every row.
            response *= (np.sqrt(rows * first_sr / self._q) / sr).astype(np.float32)[:, np.newaxis]
            responses.append(response)
            if hop % 2 == 0 and octave < n_octaves - 1:
                samples, sr, hop = _halve(samples, 1), sr / 2, hop // 2
        n_frames = min(response.shape[1] for response in responses)
        return np.concatenate([response[:, :n_frames] for response in reversed(responses)])

    def _check_basis(self, n_rows: int, length: float) -> None:
        if n_rows * _fft_length(length) > _LARGEST_BASIS:
            raise ParameterError(
                f"The filters of the lowest octave would be {length:,.0f} samples long, too long for {n_rows} rows;"
                " take a hop_length that is a power of two, fewer bins_per_octave, or a higher fmin.",
                "hop_length",
            )
