"""What the spectral features share: windows, framing, decibels, and the parameters that govern them."""

from __future__ import annotations

import functools
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.features.base import Array, Axis, Feature

MOST_VALUES: Final = 100_000_000
"""Largest feature map that is computed (400 MB of float32); beyond it a parameter is surely wrong."""

AMIN: Final = 1e-10
"""Power below which everything is silence; librosa's ``amin``."""

_BLOCK: Final = 1 << 16
_COSINES: Final = {
    "hann": (0.5, 0.5),
    "hamming": (0.54, 0.46),
    "blackman": (0.42, 0.5, 0.08),
    "blackmanharris": (0.35875, 0.48829, 0.14128, 0.01168),
    "boxcar": (1.0,),
}
WINDOWS: Final = (*_COSINES, "bartlett")


def window(name: str, n: int) -> npt.NDArray[np.float64]:
    """Periodic window [shape=(n,)], one of :data:`WINDOWS`, as ``scipy.signal.get_window(name, n)`` gives it.

    Sums of cosines: F. J. Harris, "On the use of windows for harmonic analysis with the discrete Fourier transform",
    Proceedings of the IEEE 66 (1978), 51-83.
    """
    phase = np.arange(n) / n
    if n == 1:
        values = np.ones(1)
    elif name == "bartlett":
        values = 1 - np.abs(2 * phase - 1)
    else:
        values = np.zeros(n)
        for k, weight in enumerate(_COSINES[name]):
            values += (-1) ** k * weight * np.cos(2 * np.pi * k * phase)
    return values


@functools.lru_cache(maxsize=64)
def padded_window(name: str, n: int, n_fft: int) -> Array:
    """Window of ``n`` samples in the middle of ``n_fft`` [shape=(n_fft,)], read-only."""
    before = (n_fft - n) // 2
    values = np.pad(window(name, n), (before, n_fft - n - before)).astype(np.float32)
    values.flags.writeable = False
    return values


def frames(samples: Array, n_fft: int, hop_length: int, pad_mode: str | None) -> Array:
    """Overlapping stretches of a sound [shape=(n,)] as a read-only view [shape=(n_frames, n_fft)].

    With a ``pad_mode`` of ``numpy.pad`` frame t is centred on sample ``t * hop_length``; with None it starts there.
    """
    if pad_mode == "constant":
        silence = np.zeros(n_fft // 2, samples.dtype)  # np.pad takes four times as long
        samples = np.concatenate([silence, samples, silence])
    elif pad_mode is not None:
        # A mirror image needs two samples at least; of a single one it is that sample.
        mode: Any = "edge" if samples.size == 1 and pad_mode == "reflect" else pad_mode
        samples = np.pad(samples, n_fft // 2, mode=mode)
    return np.lib.stride_tricks.sliding_window_view(samples, n_fft)[::hop_length]


def blocks(stretches: Array) -> Iterator[slice]:
    """Slices over the frames, small enough that what is made of them stays in the processor's cache."""
    step = max(1, _BLOCK // stretches.shape[1])
    for start in range(0, len(stretches), step):
        yield slice(start, start + step)


def decibels(power: npt.NDArray[np.floating[Any]], ref: str, top_db: float) -> Array:
    """Power on a logarithmic scale, float32: ``10 log10(power / reference)``, floored ``top_db`` below the peak.

    Equal to ``librosa.power_to_db`` with ``ref=np.max`` (``ref="max"``) or ``ref=1.0`` (``ref="one"``).
    """
    level = np.maximum(power, AMIN, dtype=np.float32)
    np.log10(level, out=level)
    level *= 10
    peak = level.max()
    if ref == "max":
        level -= peak
        peak -= peak
    return np.asarray(np.maximum(level, peak - top_db, out=level))


def scale_param(*choices: str, default: str = "db") -> Any:
    """The ``scale`` every spectral feature has, with its own choices."""
    return param(default, "Decibels, as ears rate loudness, or the plain values of the transform.", choices=choices)


def ref_param() -> Any:
    """The ``ref`` of the decibel scale."""
    return param(
        "max",
        "What counts as 0 dB: the loudest value of each sound, or the value one; used with decibels only.",
        choices=("max", "one"),
        advanced=True,
    )


def top_db_param() -> Any:
    """The ``top_db`` of the decibel scale."""
    return param(
        80.0, "How far below the loudest value levels are kept; used with decibels only.", low=1, high=200, unit="dB"
    )


def check_band(fmin: float, fmax: float | None, sr: float) -> None:
    """Raise a ParameterError unless ``fmin`` is below ``fmax`` and both are within what the sample rate can carry."""
    nyquist = sr / 2
    if fmax is not None and fmax > nyquist:
        raise ParameterError(
            f"fmax must be at most half the sample rate ({nyquist:g} Hz at {sr:g} Hz), got {fmax:g} Hz;"
            " lower fmax, leave it empty, or raise the sample rate.",
            "fmax",
        )
    if fmin > (nyquist if fmax is None else fmax) - 1:
        top = f"half the sample rate ({nyquist:g} Hz)" if fmax is None else f"fmax ({fmax:g} Hz)"
        raise ParameterError(f"fmin must be at least 1 Hz below {top}, got {fmin:g} Hz; lower fmin.", "fmin")


def check_size(n_rows: int, n_frames: int, title: str, hop_length: int) -> None:
    """Raise a ParameterError when a map would not fit in memory."""
    if n_rows * n_frames > MOST_VALUES:
        needed = hop_length * math.ceil(n_rows * n_frames / MOST_VALUES)
        raise ParameterError(
            f"{title} of this sound would have {n_frames:,} frames of {n_rows:,} values, and at most"
            f" {MOST_VALUES:,} values are computed; raise hop_length to {needed} or cut the sound.",
            "hop_length",
        )


@dataclass(frozen=True)
class Framed(Feature):
    """Base of the features that look at a sound through a sliding window of fixed length."""

    n_fft: int = param(
        2048,
        "Length of the stretch that is transformed: longer separates frequencies better, shorter separates times.",
        low=16,
        high=65536,
        unit="samples",
    )
    hop_length: int = param(
        512, "Samples from one frame to the next: smaller gives more frames.", low=1, high=65536, unit="samples"
    )
    win_length: int | None = param(
        None,
        "Length of the window, zero-padded to n_fft; empty takes n_fft.",
        low=2,
        high=65536,
        unit="samples",
        advanced=True,
    )
    window: str = param("hann", "How each stretch is faded in and out before it is transformed.", choices=WINDOWS)
    center: bool = param(True, "Pad the sound so that frame t is centred on sample t * hop_length.", advanced=True)
    pad_mode: str = param(
        "constant",
        "What the sound is padded with when frames are centred: silence, its last value, or its mirror image.",
        choices=("constant", "edge", "reflect"),
        advanced=True,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.win_length is not None and self.win_length > self.n_fft:
            raise ParameterError(
                f"win_length must be at most n_fft ({self.n_fft} samples), got {self.win_length};"
                " shorten the window or raise n_fft.",
                "win_length",
            )

    def n_frames(self, n_samples: int) -> int:
        """Number of frames of a sound of ``n_samples`` samples.

        A ParameterError when frames are not centred and the sound is shorter than one of them.
        """
        if self.center:
            n_samples += 2 * (self.n_fft // 2)
        elif n_samples < self.n_fft:
            raise ParameterError(
                f"n_fft must be at most the length of the sound ({n_samples} samples) where frames are not centred,"
                f" got {self.n_fft}; lower n_fft or turn center on.",
                "n_fft",
            )
        return max(0, n_samples - self.n_fft) // self.hop_length + 1

    def magnitudes(self, samples: Array) -> Iterator[tuple[slice, Array]]:
        """``np.abs(librosa.stft(...))``, the magnitude of the short-time Fourier transform, some frames at a time.

        A sound shorter than ``n_fft`` is padded like any other when frames are centred.

        Yields
        ------
        slice
            Which of the :meth:`n_frames` frames.
        np.ndarray [shape=(1 + n_fft // 2, n)], float32
            Not kept by anybody else.
        """
        import scipy.fft

        check_size(self.n_fft // 2 + 1, self.n_frames(samples.size), self.title, self.hop_length)
        stretches = frames(samples, self.n_fft, self.hop_length, self.pad_mode if self.center else None)
        fade = padded_window(self.window, self.win_length or self.n_fft, self.n_fft)
        for part in blocks(stretches):
            # along the first axis, so that the result need not be turned round
            yield part, np.abs(scipy.fft.rfft((stretches[part] * fade).T, axis=0))

    def frequencies(self, sr: float) -> npt.NDArray[np.float64]:
        """Centre of every Fourier bin in Hz [shape=(1 + n_fft // 2,)]."""
        return np.asarray(np.arange(self.n_fft // 2 + 1) * (sr / self.n_fft))

    def time_axis(self, n_frames: int, sr: float) -> Axis:
        """Centre of every frame, in seconds."""
        offset = 0 if self.center else self.n_fft // 2
        return Axis((np.arange(n_frames) * self.hop_length + offset) / sr, "Time", "s")
