"""Near duplicates: the same recording padded, cut, in another encoding, level or sample rate.

Every frame of 64 ms (one every 16 ms) becomes 24 bits: whether the difference between two neighbouring bands of a
quarter to a third of an octave, 200 to 3600 Hz, grew since the frame before. A frame counts by its level, from the
loudest one down to nothing at 30 dB below, so that silence and faint noise around a sound do not matter. Two clips are
the same recording where few of these bits differ at the best of all shifts, and the average spectra do not contradict.
A short sound is kept on four grids of frames 4 ms apart, since of two that lie 8 ms apart too few bits agree. So that
not every pair has to be compared, a clip is compared with the few whose average spectrum is nearest and with those
that share two loud frames bit by bit.

Of copies of FSDD's digits and ESC-10's scenes all are found at another level or rate, with zeros around them or trimmed
to 30 dB; 96 to 99 % of the digits with noise, as MP3 or Ogg, or without their first 37 ms; 78 % without a quarter of
the word. None of 4.5 million pairs of different digits is reported. Computed tones without any noise that differ in
nothing but their pitch, by a few cents, do count as copies.

Source: J. Haitsma, T. Kalker, A Highly Robust Audio Fingerprinting System, ISMIR 2002 (bands, frames, weights and
limits are our own; ``tests/datasets/quality/test_near_duplicates.py`` holds the figures).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.intp]

BANDS = 25
WINDOW, HOP = 0.064, 0.016
"""Length of a frame and distance between two, in seconds."""

MAX_FRAMES = 1250
"""Frames that are kept of one clip: its first 20 seconds."""

GRIDS = 4
"""Grids of frames that are kept of a short sound, each a quarter of a hop later than the one before."""

SHORT = 40.0
"""Sum of the squared weights of a sound's frames up to which it is short."""

RANGE = 30.0
"""Level below the loudest frame from which a frame counts for nothing, in dB."""

_EDGES = np.geomspace(200.0, 3600.0, BANDS + 1)
_BYTES = (BANDS - 1) // 8
_OVERLAP = 0.5
_FEWEST = 2.5
_NEAREST = 6
_FAR = 2.5
_TOO_FAR = 6.0
_COMMON = 16
_LIMITS = ((2.5, 4, 6, 8, 12, 16, 24, 48, 100), (0.05, 0.075, 0.09, 0.115, 0.14, 0.165, 0.22, 0.33, 0.36))


@dataclass(frozen=True)
class Fingerprint:
    """The bits of a clip's frames, from its first to its last one that sounds.

    Attributes
    ----------
    bits : ndarray, shape (frames, grids, 3), uint8
        One grid, or four of a short sound.
    weight : ndarray, shape (frames, grids), uint8
        How much a frame counts: 255 for the loudest, 0 for those 30 dB below it and more, linear in dB between.
    average : ndarray, shape (50,), float32
        Level of each band relative to their mean, weighted by power, and how much it varies, in dB.
    """

    bits: npt.NDArray[np.uint8]
    weight: npt.NDArray[np.uint8]
    average: Array

    def to_bytes(self) -> bytes:
        """Compact form: 101 bytes, and 4 for every frame of every grid."""
        average = self.average.astype("<f2").tobytes()
        return average + bytes([self.weight.shape[1]]) + self.weight.tobytes() + self.bits.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Fingerprint:
        """What :meth:`to_bytes` made."""
        average = np.frombuffer(data[: 4 * BANDS], "<f2").astype(np.float32)
        grids = data[4 * BANDS]
        rest = np.frombuffer(data[4 * BANDS + 1 :], np.uint8)
        n = len(rest) // (1 + _BYTES)
        return cls(rest[n:].reshape(-1, grids, _BYTES), rest[:n].reshape(-1, grids), average)


def band_powers(power: npt.NDArray[np.floating], sr: int, n_fft: int) -> Array:
    """Power in each band, shape (frames, 25), of power spectra, shape (frames, n_fft // 2 + 1); ``sr`` in Hz."""
    edges, rest, wide = _edges(sr, n_fft)
    cut = power[:, edges] * rest
    whole = np.add.reduceat(power[:, : edges[-1] + 1], edges[:-1], axis=1) * wide
    bands: Array = np.maximum(whole + cut[:, 1:] - cut[:, :-1], 0).astype(np.float32)
    return bands


@lru_cache(maxsize=64)
def _edges(sr: int, n_fft: int) -> tuple[Numbers, Array, npt.NDArray[np.bool_]]:
    """Bin that each edge cuts, share of it below the edge, and which bands are wider than what is left of one bin.

    A bin is shared out between its bands, or these would differ with the sample rate.
    """
    place = np.minimum(_EDGES * n_fft / sr + 0.5, n_fft // 2)
    edges = place.astype(np.intp)
    return edges, (place - edges).astype(np.float32), np.diff(edges) > 0


def weights(bands: Array) -> Array:
    """How much every frame counts, 0 to 1, of band powers of shape (frames, ..., 25).

    The first and last two frames reach beyond the clip. A sound that begins all of a sudden crackles there, and they
    have no say in how loud the loudest is.
    """
    energy = bands.sum(axis=-1)
    loudest = max(float(energy[2:-2].max(initial=0.0)), 1e-20)
    level = 10 * np.log10(np.maximum(energy, 1e-20) / loudest)
    return np.where(energy > 1e-9, np.clip(1 + level / RANGE, 0, 1), 0).astype(np.float32)


def fingerprint(bands: Array) -> Fingerprint:
    """Fingerprint of band powers, shape (frames, grids, 25).

    Grid ``g`` is ``g / grids`` of a hop later than the first, which alone makes the average spectrum.
    """
    weight = np.round(255 * weights(bands)).astype(np.uint8)
    slope = bands[..., :-1] - bands[..., 1:]
    bits = np.zeros(slope.shape, dtype=bool)
    bits[1:] = slope[1:] > slope[:-1]
    weight[:1] = 0
    heard = np.flatnonzero(weight.any(axis=1))
    first, end = (heard[0], heard[-1] + 1) if len(heard) else (0, 0)
    return Fingerprint(np.packbits(bits, axis=2)[first:end], weight[first:end], _average(bands[:, 0]))


def _average(bands: Array) -> Array:
    energy = bands.sum(axis=1)
    total = max(float(energy.sum()), 1e-12)
    mean = 10 * np.log10(bands.sum(axis=0) / total + 1e-4)
    weight = (energy / total)[:, None]
    level = 10 * np.log10(bands / np.maximum(energy, 1e-12)[:, None] + 1e-3)
    spread = np.sqrt((weight * (level - (weight * level).sum(axis=0)) ** 2).sum(axis=0))
    return np.concatenate([mean - mean.mean(), spread]).astype(np.float32)


def limit(frames: npt.ArrayLike, spectra: npt.ArrayLike = 0.0) -> npt.NDArray[np.float64]:
    """Difference below which clips are the same recording.

    Few bits agree by chance more easily, and steady tones of neighbouring notes agree in many. ``frames`` is the sum
    over the frames that both have of the product of their weights (about 9 of a spoken digit, 150 of a scene of five
    seconds), ``spectra`` the root mean square difference of the average spectra in dB.
    """
    most = np.interp(np.asarray(frames, dtype=np.float64), *_LIMITS)
    return most * (1.1 - np.asarray(spectra, dtype=np.float64) / _TOO_FAR)


def near_duplicates(prints: Sequence[Fingerprint]) -> list[tuple[int, int, float]]:
    """Numbers of clips that are one recording: their numbers and the share of bits that differ, nearest first."""
    pairs = _candidates(prints)
    if not len(pairs):
        return []
    apart, frames = differences(prints, pairs)
    averages = np.stack([one.average for one in prints])
    spectra = np.sqrt(((averages[pairs[:, 0]] - averages[pairs[:, 1]]) ** 2).mean(axis=1))
    same = np.flatnonzero(apart < limit(frames, spectra))
    found = [(int(pairs[n, 0]), int(pairs[n, 1]), float(apart[n])) for n in same]
    return sorted(found, key=lambda pair: (pair[2], pair[:2]))


def differences(
    prints: Sequence[Fingerprint], pairs: Numbers
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Of every pair the share of bits that differ where both sound, at the best shift, and how many frames it is of.

    It is 1 where they overlap too little to compare.

    The bits as -1 and 1, times the weight of their frame, are correlated over all shifts at once, through the Fourier
    transform: the sum is the weight of those that agree less the weight of those that do not. All grids of the one are
    compared with the first grid of the other, so that shifts of a quarter of a hop are tried where one has four.
    """
    apart, frames = np.ones(len(pairs)), np.zeros(len(pairs))
    power = np.array([_power(one.weight) for one in prints])
    swapped = [prints[one].bits.shape[1] < prints[other].bits.shape[1] for one, other in pairs]
    pairs = np.where(np.array(swapped, dtype=bool)[:, None], pairs[:, ::-1], pairs)
    shapes = [
        (1 << (len(prints[one].weight) + len(prints[other].weight)).bit_length(), prints[one].bits.shape[1])
        for one, other in pairs
    ]
    by_shape: dict[tuple[int, int], list[int]] = {}
    for number, shape in enumerate(shapes):
        by_shape.setdefault(shape, []).append(number)
    for (size, grids), numbers in by_shape.items():
        at_once = max(1, 2**21 // (size * BANDS * (grids + 1)))
        for first in range(0, len(numbers), at_once):
            block = numbers[first : first + at_once]
            agree, shared = _correlate(prints, pairs[block], size, grids)
            # The most that two can share is the root of the product of what each has.
            most = np.sqrt(power[pairs[block, 0]] * power[pairs[block, 1]])
            enough = shared >= np.maximum(_OVERLAP * most, _FEWEST)[:, None]
            wrong = np.where(enough, 0.5 - 0.5 * agree / (8 * _BYTES * np.maximum(shared, 1e-3)), 1.0)
            best = np.arange(len(block)), wrong.argmin(axis=1)
            apart[block], frames[block] = np.maximum(wrong[best], 0.0), shared[best]
    return apart, frames


def _correlate(prints: Sequence[Fingerprint], pairs: Numbers, size: int, grids: int) -> tuple[Array, Array]:
    """Weight of the bits that agree less that of those that do not, and of the frames, at every shift of every pair."""
    import scipy.fft

    def spectra(numbers: Numbers, grids: int) -> npt.NDArray[np.complex64]:
        different, places = np.unique(numbers, return_inverse=True)
        rows = _signed([prints[number] for number in different], grids, size)
        spectra: npt.NDArray[np.complex64] = scipy.fft.rfft(rows)[places]
        return spectra

    product = spectra(pairs[:, 0], grids)
    product *= spectra(pairs[:, 1], 1).conj()
    agree = scipy.fft.irfft(product[:, :, :-1].sum(axis=2), size).reshape(len(pairs), -1)
    shared = scipy.fft.irfft(product[:, :, -1], size).reshape(len(pairs), -1)
    return agree, shared


def _power(weight: npt.NDArray[np.uint8]) -> float:
    return float(np.square(weight / 255).sum() / weight.shape[1])


def _signed(prints: Sequence[Fingerprint], grids: int, size: int) -> Array:
    """Weighted bits as rows over time, and behind them the weight itself, shape (prints, grids, 25, size)."""
    rows = np.zeros((len(prints), grids, BANDS, size), dtype=np.float32)
    for row, one in zip(rows, prints, strict=True):
        weight = one.weight[:, :grids].T[:, None] / np.float32(255)
        bits = np.unpackbits(one.bits[:, :grids], axis=2).transpose(1, 2, 0)
        row[:, :-1, : len(one.weight)] = (2 * bits.astype(np.float32) - 1) * weight
        row[:, -1:, : len(one.weight)] = weight
    return rows


def _candidates(prints: Sequence[Fingerprint]) -> Numbers:
    """Numbers worth a comparison, each once, the lower number first."""
    known = np.array([number for number, one in enumerate(prints) if _power(one.weight) >= _FEWEST], dtype=np.intp)
    if len(known) < 2:
        return np.zeros((0, 2), dtype=np.intp)
    chosen = [prints[number] for number in known]
    found = np.concatenate([*_nearest(chosen), *_sharing(chosen)])
    pairs: Numbers = known[np.unique(np.sort(found, axis=1), axis=0)]
    return pairs


def _nearest(prints: Sequence[Fingerprint]) -> Iterator[Numbers]:
    """Every clip with the six whose average spectrum is nearest."""
    averages = np.stack([one.average for one in prints])
    square = (averages**2).mean(axis=1)
    nearest = min(_NEAREST, len(prints) - 1)
    for first in range(0, len(prints), 512):
        block = averages[first : first + 512]
        apart = square[first : first + 512, None] + square - 2 * (block @ averages.T) / averages.shape[1]
        apart[np.arange(len(block)), np.arange(first, first + len(block))] = np.inf
        columns = np.argpartition(apart, nearest - 1, axis=1)[:, :nearest]
        row, column = np.nonzero(np.take_along_axis(apart, columns, axis=1) < _FAR**2)
        yield np.stack([first + row, columns[row, column]], axis=1)


def _sharing(prints: Sequence[Fingerprint]) -> Iterator[Numbers]:
    """Clips with two loud frames of the same bits; bits that many clips have say nothing."""
    words, clips = _words(prints, 1)
    order = np.argsort(words, kind="stable")
    words, clips = words[order], clips[order]
    for begin in range(0, len(prints), 512):
        asked, asking = _words(prints[begin : begin + 512], GRIDS)
        first = np.searchsorted(words, asked, "left")
        counts = np.searchsorted(words, asked, "right") - first
        rare = np.flatnonzero((counts > 0) & (counts <= _COMMON))
        first, counts, asking = first[rare], counts[rare], begin + asking[rare]
        # The numbers first, first + 1, ... of every run, one run behind the other.
        within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        one, other = np.repeat(asking, counts), clips[np.repeat(first, counts) + within]
        both, hits = np.unique((one * len(prints) + other)[one != other], return_counts=True)
        yield np.stack(np.divmod(both[hits > 1], len(prints)), axis=1)


def _words(prints: Sequence[Fingerprint], grids: int) -> tuple[npt.NDArray[np.uint32], Numbers]:
    """Different bits of every clip's frames within 15 dB of the loudest, and the clips' numbers."""
    place = np.array([1 << 16, 1 << 8, 1], dtype=np.uint32)
    words = [np.unique(one.bits[:, :grids][one.weight[:, :grids] > 127] @ place) for one in prints]
    return np.concatenate(words), np.repeat(np.arange(len(prints)), [len(found) for found in words])
