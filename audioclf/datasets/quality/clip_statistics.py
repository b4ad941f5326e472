"""What can be measured of a clip's sound without any model: level, silence, clipping, bandwidth, and a fingerprint.

Everything is measured at the file's own sample rate, in stretches of half a minute, so that memory stays flat however
long a file is.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import load_audio
from audioclf.audio.level import FLOOR, SILENCE, clipped_samples
from audioclf.core import settings
from audioclf.datasets.base import Clip, Progress, ShouldStop
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.quality.near_duplicates import (
    BANDS,
    GRIDS,
    HOP,
    MAX_FRAMES,
    SHORT,
    WINDOW,
    Fingerprint,
    band_powers,
    fingerprint,
    weights,
)

Array = npt.NDArray[np.float32]

CUTOFF = 80.0
"""The bandwidth ends where the average power spectrum stays this far below its maximum, in dB."""

PIECE = 30.0
"""Seconds of sound that are in memory at once."""

_KIND = "signal-2"


@dataclass(frozen=True)
class SignalFacts:
    """Measurements of one clip.

    Attributes
    ----------
    seconds : float
        How much was measured: the whole clip, or as much of it as may be decoded.
    peak : float
        Largest absolute sample of any channel; 1 is full scale.
    level : float
        Root mean square of the channels' mean, in dB of full scale; at least -120.
    dc : float
        Largest absolute mean of any channel.
    clipped : float
        Share of samples that stand at full scale, three or more in a row.
    silence : float
        Share of frames of 20 ms below -60 dB of full scale.
    zeros : float
        Share of samples that are no larger than one step of 16 bits.
    bandwidth : float
        Frequency in Hz above which the average power spectrum (averaged over 100 Hz) stays 80 dB below its maximum.
    print : str
        Fingerprint, see :mod:`audioclf.datasets.quality.near_duplicates`.
    """

    seconds: float
    peak: float
    level: float
    dc: float
    clipped: float
    silence: float
    zeros: float
    bandwidth: float
    print: str

    @property
    def fingerprint(self) -> Fingerprint:
        """The fingerprint, unpacked."""
        return Fingerprint.from_bytes(base64.b64decode(self.print))


def measure_all(
    clips: Sequence[Clip],
    *,
    index: FileIndex | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    n_jobs: int = 0,
) -> list[SignalFacts | str]:
    """Measurements of every clip, each made once and then remembered; a sentence where it cannot be decoded.

    The other parameters are those of :func:`audioclf.datasets.quality.report.check`.

    Raises
    ------
    Stopped
    """
    found = (index or FileIndex()).facts(
        {clip.key: clip for clip in clips},
        _KIND,
        lambda clip: asdict(measure(clip)),
        progress=progress,
        should_stop=should_stop,
        n_jobs=n_jobs,
    )
    return [_facts(found[clip.key]) for clip in clips]


def _facts(values: Mapping[str, Any]) -> SignalFacts | str:
    if "reason" in values:
        return str(values["reason"])
    return SignalFacts(**{item.name: values[item.name] for item in fields(SignalFacts)})


def measure(clip: Clip) -> SignalFacts:
    """Measurements of one clip.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    sums = _Sums(clip.info.sr)
    for channels in _pieces(clip):
        sums.add(channels)
    return sums.facts()


def _pieces(clip: Clip) -> Iterator[list[Array]]:
    """The clip in pieces of half a minute, each as a list of channels (more than two come as their mean)."""
    modes = ("left", "right") if clip.info.channels == 2 else ("mean",)
    seconds = min(clip.seconds, settings.number("max_clip_seconds"))
    # A lossy stream may end a packet before its stated length, so a short rest goes with the piece before it.
    count = max(1, math.ceil(seconds / PIECE - 0.02))
    for number in range(count):
        start = number * PIECE
        length = PIECE if number < count - 1 else max(seconds - start, 1 / clip.info.sr)
        yield [
            load_audio(clip.path, sr=None, mono=mode, offset=clip.start + start, duration=length)[0] for mode in modes
        ]


class _Sums:
    """What adds up over the pieces of a clip."""

    def __init__(self, sr: int) -> None:
        self.sr = sr
        self.n = 0
        self.peak = 0.0
        self.square = 0.0
        self.means = np.zeros(2)
        self.clipped = 0
        self.zeros = 0
        self.frames = 0
        self.silent = 0
        self.power: npt.NDArray[np.float64] | None = None
        self.bands = np.zeros((0, 1, BANDS), np.float32)

    def add(self, channels: list[Array]) -> None:
        y: Array = channels[0] if len(channels) == 1 else np.add(*channels) * np.float32(0.5)
        self.n += len(y)
        self.square += float(np.dot(y, y))
        for number, channel in enumerate(channels):
            self.peak = max(self.peak, float(channel.max()), -float(channel.min()))
            self.means[number] += float(channel.sum(dtype=np.float64))
        self.clipped += max(clipped_samples(channel) for channel in channels)
        self.zeros += int(np.count_nonzero(np.abs(y) <= 2**-15))
        size = min(len(y), max(1, round(0.02 * self.sr)))
        frames = y[: len(y) // size * size].reshape(-1, size)
        energy = np.einsum("ij,ij->i", frames, frames) / size
        self.frames += len(energy)
        self.silent += int(np.count_nonzero(energy < 10 ** (SILENCE / 10)))
        spectra = _Spectra(y, self.sr)
        if self.power is None:
            self.power, self.bands = spectra.begin()  # the fingerprint is that of the first piece
        else:
            self.power += spectra.total()

    def facts(self) -> SignalFacts:
        return SignalFacts(
            seconds=self.n / self.sr,
            peak=self.peak,
            level=max(FLOOR, 10 * math.log10(max(self.square / max(self.n, 1), 1e-12))),
            dc=float(np.abs(self.means).max() / max(self.n, 1)),
            clipped=self.clipped / max(self.n, 1),
            silence=self.silent / max(self.frames, 1),
            zeros=self.zeros / max(self.n, 1),
            bandwidth=self._bandwidth(),
            print=base64.b64encode(fingerprint(self.bands).to_bytes()).decode("ascii"),
        )

    def _bandwidth(self) -> float:
        if self.power is None or not self.power.any():
            return 0.0
        hertz = self.sr / 2 / (len(self.power) - 1)
        width = max(1, round(100 / hertz))
        smooth = np.convolve(self.power, np.full(width, 1 / width), mode="same")
        return float(np.flatnonzero(smooth >= smooth.max() * 10 ** (-CUTOFF / 10))[-1] * hertz)


class _Spectra:
    """Power spectra of the frames of a piece, with silence of half a frame before and behind it.

    So a sound has the same frames whether it stands alone or between zeros.
    """

    def __init__(self, y: Array, sr: int) -> None:
        self.sr = sr
        self.size, self.n_fft, self.window = _transform(sr)
        self.hop, half = HOP * sr, round(WINDOW / 2 * sr)
        length = max(len(y), self.size)
        padded = np.zeros(half + length + half + math.ceil(self.hop), np.float32)
        padded[half : half + len(y)] = y
        self.frames = np.lib.stride_tricks.sliding_window_view(padded, self.size)
        self.starts = self._at(np.arange(int((length + 2 * half - self.size) / self.hop) + 1))
        self.inside = (self.starts >= half) & (self.starts + self.size <= half + length)

    def _at(self, frames: npt.NDArray[Any]) -> npt.NDArray[np.intp]:
        return np.round(frames * self.hop).astype(np.intp)

    def _power(self, starts: npt.NDArray[np.intp]) -> Iterator[tuple[slice, Array]]:
        """Power of the frames that start there, some at once."""
        import scipy.fft

        at_once = max(16, 2**15 // self.n_fft)
        for first in range(0, len(starts), at_once):
            some = slice(first, first + at_once)
            spectrum = scipy.fft.rfft(self.frames[starts[some]] * self.window, self.n_fft, axis=1)
            yield some, spectrum.real**2 + spectrum.imag**2

    def total(self) -> npt.NDArray[np.float64]:
        """Power summed over the frames that lie in the piece."""
        total = np.zeros(self.n_fft // 2 + 1)
        for _, power in self._power(self.starts[self.inside]):
            total += power.sum(axis=0, dtype=np.float64)
        return total

    def begin(self) -> tuple[npt.NDArray[np.float64], Array]:
        """The same, and the bands of the first frames, shape (frames, 1 or 4, 25)."""
        total = np.zeros(self.n_fft // 2 + 1)
        n = min(len(self.starts), MAX_FRAMES)
        bands = np.zeros((n, 1, BANDS), np.float32)
        for some, power in self._power(self.starts):
            total += power[self.inside[some]].sum(axis=0, dtype=np.float64)
            if some.start < n:
                bands[some, 0] = band_powers(power, self.sr, self.n_fft)[: n - some.start]
        weight = weights(bands[:, 0])
        if 0 < float(np.dot(weight, weight)) <= SHORT:
            bands = np.concatenate([bands, np.zeros((n, GRIDS - 1, BANDS), np.float32)], axis=1)
            # A frame later by less than a hop sounds where one of its neighbours does, and is compared with the one
            # before it.
            near = np.flatnonzero(np.convolve(weight > 0, np.ones(4), "full")[2 : n + 2])
            starts = self._at(near[:, None] + np.arange(1, GRIDS) / GRIDS).ravel()
            later = [band_powers(power, self.sr, self.n_fft) for _, power in self._power(starts)]
            bands[near, 1:] = np.concatenate(later).reshape(len(near), GRIDS - 1, BANDS)
        return total, bands


@lru_cache(maxsize=64)
def _transform(sr: int) -> tuple[int, int, Array]:
    """Samples of a frame, those of the Fourier transform, and the window."""
    import scipy.fft

    size = round(WINDOW * sr)
    return size, scipy.fft.next_fast_len(size, real=True), np.hanning(size).astype(np.float32)
