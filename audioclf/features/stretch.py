"""A stretch of a sound seen closer, and a long sound seen from afar: the same feature, with its frames set accordingly.

Values are those of the whole sound's feature: what sounds around a stretch reaches into its frames, and decibels count
from the loudest value of the whole.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.base import Axis, Feature, FeatureMap
from audioclf.features.cqt import CQT

MOST_FRAMES: Final = 10_000
"""Frames up to which a whole sound is computed with the feature's own ``hop_length``."""

MOST_POINTS: Final = 4_000_000
"""Samples up to which a waveform is drawn from all of them and not from its :func:`outline`."""

_COLUMNS: Final = 600
_OVERVIEW: Final = 2400
_OUTLINE: Final = 100_000
_LEAST_CQT_HOP: Final = 16
_UNFLOORED: Final = 200.0


def closer(feature: Feature, seconds: float, sr: float) -> Feature:
    """The feature with frames as dense as the pixels of a stretch of so many seconds; itself where they are.

    ``hop_length`` becomes a power of two, and never longer.
    """
    hop: int | None = getattr(feature, "hop_length", None)
    if hop is None:
        return feature
    least = _LEAST_CQT_HOP if isinstance(feature, CQT) else 1
    fine = max(least, 1 << max(0, math.floor(math.log2(max(seconds * sr / _COLUMNS, 1)))))
    return feature if fine >= hop else feature.replace(hop_length=fine)


def overview(feature: Feature, n_samples: int) -> Feature:
    """The feature with frames sparse enough to draw a long sound; itself where it has at most :data:`MOST_FRAMES`.

    ``hop_length`` is multiplied by a power of two, so that every frame drawn is one of the feature's own.
    """
    hop: int | None = getattr(feature, "hop_length", None)
    if hop is None or n_samples // hop <= MOST_FRAMES:
        return feature
    times = 1 << math.ceil(math.log2(n_samples / hop / _OVERVIEW))
    while hop * times > 65536 and times > 1:
        times //= 2
    return feature.replace(hop_length=hop * times)


def outline(y: npt.NDArray[np.float32], sr: float) -> FeatureMap:
    """Waveform of a long sound as the lowest and highest sample of every short stretch, one after the other.

    A waveform drawn from it covers the same pixels, at a hundredth of the memory.
    """
    length = max(1, -(-y.size // _OUTLINE))
    begin = np.arange(0, y.size, length)
    values = np.empty(2 * begin.size, np.float32)
    values[0::2], values[1::2] = np.minimum.reduceat(y, begin), np.maximum.reduceat(y, begin)
    times = Axis(np.repeat(begin, 2) / sr, "Time", "s")
    return FeatureMap(values, (times,), "Amplitude", "", "waveform")


def counts_from_peak(feature: Feature) -> bool:
    """Whether the values are decibels below the loudest value of the sound."""
    return getattr(feature, "scale", "") == "db" and getattr(feature, "ref", "") == "max"


def unfloored(feature: Feature) -> Feature:
    """The feature in decibels that count from one and are not cut off."""
    return feature.replace(ref="one", top_db=_UNFLOORED)


def compute_stretch(
    feature: Feature, y: npt.ArrayLike, sr: float, start: float, end: float, *, peak: float | None = None
) -> FeatureMap:
    """Feature of a stretch as it is within the whole sound.

    Parameters
    ----------
    feature : Feature
        One whose last axis is time; its ``hop_length`` is used as it is.
    y : np.ndarray [shape=(n,)], real
        The whole sound.
    sr : number > 0 [Hz]
    start, end : float [s]
    peak : float or None [dB]
        Loudest value of the whole sound in decibels that count from one (:func:`unfloored`); needed where
        :func:`counts_from_peak`.

    Returns
    -------
    FeatureMap
        Its time axis counts from the start of the sound.

    Raises
    ------
    ParameterError
        When nothing of the sound is in the stretch, or the parameters cannot work.
    """
    samples = feature.samples(y, sr)
    first, last = max(math.floor(start * sr), 0), min(math.ceil(end * sr), samples.size)
    if last <= first:
        raise ParameterError(
            f"A stretch must lie within the sound (0 to {samples.size / sr:.3g} s), got {start:.3g} to {end:.3g} s;"
            " select another.",
            "start",
        )
    hop: int | None = getattr(feature, "hop_length", None)
    reach = _reach(feature, sr)
    begin = max(first - reach, 0)
    if hop is not None:
        begin -= begin % hop
    relative = peak is not None and counts_from_peak(feature)
    shown = (unfloored(feature) if relative else feature).compute(samples[begin : last + reach], sr)
    *rows, time = shown.axes
    times = time.values + begin / sr
    half = 0.0 if hop is None else hop / sr / 2
    chosen = (times >= first / sr - half) & (times <= last / sr + half)
    values = shown.values[..., chosen]
    if relative:
        assert peak is not None
        floor: Any = -getattr(feature, "top_db", _UNFLOORED)
        values = np.maximum(values - np.float32(peak), np.float32(floor))
    axes = (*rows, Axis(times[chosen], time.label, time.unit, time.scale))
    return FeatureMap(np.ascontiguousarray(values), axes, shown.label, shown.unit, shown.feature)


def _reach(feature: Feature, sr: float) -> int:
    """Samples around a stretch that its frames look at."""
    if isinstance(feature, CQT):
        return math.ceil(feature.longest_window * sr)
    return int(getattr(feature, "n_fft", 0))
