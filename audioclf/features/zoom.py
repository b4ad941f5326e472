"""A stretch of a sound seen closer, and a long sound seen from afar: the same feature, with its frames set accordingly.

Values are those of the whole sound's feature: what sounds around a stretch reaches into its frames, and decibels count
from the loudest value of the whole.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.base import Array, Axis, Feature, FeatureMap
from audioclf.features.cqt import CQT
from audioclf.features.mfcc import MFCC, TOP_DB
from audioclf.features.spectral import decibels

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


def zoomed(
    feature: Feature, y: npt.ArrayLike, sr: float, start: float, end: float, *, peak: float | None = None
) -> FeatureMap:
    """Feature of a stretch as it is within the whole sound, with frames as dense as a screen (:func:`closer`).

    Parameters
    ----------
    feature : Feature
    y : np.ndarray [shape=(n,)], real
        The whole sound.
    sr : number > 0 [Hz]
    start, end : float [s]
        What lies outside the sound is left out.
    peak : float or None [dB]
        :func:`loudest` of the feature and the sound, where it is known.

    Returns
    -------
    FeatureMap
        Its time axis counts from the start of the sound. A feature without one, such as a spectrum, is that of the
        stretch alone.

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
    if not is_framed(feature):
        alone = feature.compute(samples[first:last], sr)
        (axis,) = alone.axes
        moved = dataclasses.replace(axis, values=axis.values + first / sr) if axis.unit == "s" else axis
        return dataclasses.replace(alone, axes=(moved,))
    if peak is None:
        peak = loudest(feature, samples, sr)
    fine: Any = closer(feature, end - start, sr)
    around = reach(fine, sr)
    begin = max(first - around, 0) // fine.hop_length * fine.hop_length
    shown = _above(fine, samples[begin : last + around], sr, peak)
    rows, time = shown.axes
    centres = begin + np.rint(time.values * sr)
    chosen = (centres >= first - fine.hop_length / 2) & (centres <= last + fine.hop_length / 2)
    axes = (rows, dataclasses.replace(time, values=centres[chosen] / sr))
    return dataclasses.replace(shown, values=np.ascontiguousarray(shown.values[:, chosen]), axes=axes)


def loudest(feature: Feature, y: npt.ArrayLike, sr: float) -> float | None:
    """Loudest level of a sound in a feature, in decibels that count from one; None where it has none over time."""
    samples = feature.samples(y, sr)
    sparse = overview(feature, samples.size)
    if not is_framed(feature):
        return None
    if isinstance(sparse, MFCC):
        return float(decibels(sparse.bands(samples, sr, sparse.mel_norm), "one", TOP_DB).max())
    in_db = getattr(sparse, "scale", "") == "db"
    return float(sparse.replace(ref="one").compute(samples, sr).values.max()) if in_db else None


def is_framed(feature: Feature) -> bool:
    """Whether a feature has a column for every frame."""
    return hasattr(feature, "hop_length") and getattr(feature, "summary", "none") == "none"


def reach(feature: Any, sr: float) -> int:
    """Samples around a stretch that its frames look at."""
    return math.ceil(feature.window_seconds()[0] * sr) if isinstance(feature, CQT) else int(feature.n_fft)


def _above(feature: Any, samples: Array, sr: float, peak: float | None) -> FeatureMap:
    """Feature of samples within a sound whose loudest level is ``peak``: what is cut off depends on it."""
    if isinstance(feature, MFCC) and peak is not None:
        level = decibels(feature.bands(samples, sr, feature.mel_norm), "one", _UNFLOORED)
        return feature.of_levels(np.maximum(level, np.float32(peak - TOP_DB)), sr)
    unfloored = feature if peak is None else feature.replace(ref="one", top_db=_UNFLOORED)
    shown: FeatureMap = unfloored.compute(samples, sr)
    if peak is None:
        return shown
    level = np.maximum(shown.values, np.float32(peak - feature.top_db))
    return dataclasses.replace(shown, values=level - np.float32(peak if feature.ref == "max" else 0.0))
