"""From the rows and columns of a feature map to those of a screen."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.features.base import Array, Axis, FeatureMap
from audioclf.features.mel import hz_to_mel, mel_to_hz

Numbers = npt.NDArray[np.float64]
Limits = tuple[float, float]

LOWEST: Final = 20.0
"""Lowest frequency of a logarithmic axis that would begin at 0 Hz: below it nobody hears."""

SCALES: Final = ("linear", "log", "mel")

_MOST_ROWS: Final = 512
_MOST_COLUMNS: Final = 2400


def to_scale(values: npt.ArrayLike, scale: str) -> Numbers:
    """Where coordinates stand on an axis: as they are, in octaves, or in mel."""
    numbers = np.asarray(values, dtype=np.float64)
    if scale == "log":
        return np.asarray(np.log2(numbers))
    return hz_to_mel(numbers) if scale == "mel" else numbers


def from_scale(places: npt.ArrayLike, scale: str) -> Numbers:
    """Coordinates of places on an axis; inverse of :func:`to_scale`."""
    numbers = np.asarray(places, dtype=np.float64)
    if scale == "log":
        return np.asarray(np.exp2(numbers))
    return mel_to_hz(numbers) if scale == "mel" else numbers


@dataclass(frozen=True, eq=False)
class Screen:
    """Rows spaced evenly on the scale of the eye, ready to be drawn as a picture.

    Attributes
    ----------
    values : np.ndarray [shape=(n_rows, n_columns)], float32
        Lowest row first.
    scale : str
        What the rows are spaced evenly on.
    bottom, top : float
        Edges of the picture on that scale (:func:`to_scale` of Hz, or the coefficient's number).
    left, right : float
        Edges in seconds.
    """

    values: Array
    scale: str
    bottom: float
    top: float
    left: float
    right: float

    @property
    def centres(self) -> Numbers:
        """Coordinate of every row, in the axis's own unit [shape=(n_rows,)]."""
        step = (self.top - self.bottom) / len(self.values)
        return from_scale(self.bottom + step * (np.arange(len(self.values)) + 0.5), self.scale)


def to_screen(shown: FeatureMap, scale: str | None = None, values: Array | None = None) -> Screen:
    """Arrange a feature map's values for a screen.

    Rows that stand evenly on the scale stay as they are. Otherwise a row of the screen takes the
    largest value among the rows that fall on it, so that no narrow peak is lost, or the nearest. So do
    columns where there are more than a screen has.

    Parameters
    ----------
    shown : FeatureMap [shape=(n_rows, n_frames)]
    scale : "linear", "log", "mel" or None
        Spacing of a frequency axis; None takes the map's own.
    values : np.ndarray [shape=(n_rows, n_frames)] or None
        Drawn instead of the map's, on the map's axes.

    Raises
    ------
    ParameterError
        For an unknown scale.
    """
    rows, time = shown.axes
    scale = scale_of(rows, scale)
    drawn = shown.values if values is None else values
    half = step_of(time.values) / 2
    left, right = float(time.values[0]) - half, float(time.values[-1]) + half
    drawn = _fewer_columns(drawn)
    places = to_scale(np.maximum(rows.values, 1e-3) if scale == "log" else rows.values, scale)
    steps = np.diff(places)
    if len(places) < 3 or np.allclose(steps, steps[0], rtol=1e-3):
        half = step_of(places) / 2
        return Screen(drawn, scale, float(places[0]) - half, float(places[-1]) + half, left, right)
    bottom, top = float(places[0]), float(places[-1])
    if scale == "log" and rows.values[0] < LOWEST:
        bottom = min(math.log2(LOWEST), top - 1)
    edges = np.linspace(bottom, top, min(_MOST_ROWS, 2 * len(places)) + 1)
    middle = (edges[:-1] + edges[1:]) / 2
    nearest = np.searchsorted((places[:-1] + places[1:]) / 2, middle)
    begin, end = np.searchsorted(places, edges[:-1]), np.searchsorted(places, edges[1:])
    spread = drawn[nearest]
    for row in np.flatnonzero(end - begin > 1):
        drawn[begin[row] : end[row]].max(axis=0, out=spread[row])
    return Screen(spread, scale, bottom, top, left, right)


def scale_of(axis: Axis, scale: str | None) -> str:
    """Scale an axis is drawn on: its own, or the one asked for where it is a frequency axis."""
    if scale is None or axis.unit != "Hz":
        return axis.scale
    if scale not in SCALES:
        raise ParameterError(unknown(scale, SCALES, "value of scale"), "scale")
    return scale


def step_of(values: Numbers) -> float:
    """Distance from one coordinate to the next; 1 where there is only one."""
    return float(values[-1] - values[0]) / (len(values) - 1) if len(values) > 1 else 1.0


def value_limits(maps: Iterable[FeatureMap]) -> Limits:
    """Values at the two ends of the colours (of the y axis, for curves) that suit all of some maps.

    Levels and magnitudes take their whole range. Coefficients take the range of all but the first, which
    is so much larger that the others would all look alike, without the outermost five per cent, since the
    second is still much larger than the rest. A curve around zero gets as much room below as above.
    """
    shown = list(maps)
    if shown[0].is_picture and shown[0].label == "Value":
        rest = np.concatenate([item.values[min(1, len(item.values) - 1) :].ravel() for item in shown])
        low, high = (float(end) for end in np.percentile(rest, [5, 95]))
    else:
        low = min(float(item.values.min()) for item in shown)
        high = max(float(item.values.max()) for item in shown)
    if not shown[0].is_picture and shown[0].label == "Amplitude":
        high = max(-low, high)
        low = -high
    if high - low < 1e-9:
        # Of a constant map nothing stands out: the darkest colour, at its true value.
        return (low - 1, low + 1) if not shown[0].is_picture else (low, low + (80 if shown[0].unit == "dB" else 1))
    return low, high


def difference_limits(shown: FeatureMap) -> Limits:
    """Values at the ends of the colours of a difference: as far below zero as above, without the outermost percent."""
    furthest = float(np.percentile(np.abs(shown.values), 99))
    return (-furthest, furthest) if furthest > 1e-9 else (-1.0, 1.0)


def envelope(x: Numbers, values: Array, n: int, *, scale: str = "linear") -> tuple[Numbers, Array, Array]:
    """Lowest and highest value of each of at most ``n`` stretches of a curve, equally wide on a scale.

    Parameters
    ----------
    x : np.ndarray [shape=(n_points,)]
        Rising coordinates; above zero for a logarithmic scale.
    values : np.ndarray [shape=(n_points,)]
    n : int
        Pixels to fill.
    scale : "linear" or "log"

    Returns
    -------
    middles, lows, highs : np.ndarray [shape=(n_stretches,)]
        The curve itself where it has no more points than there are pixels.
    """
    if len(values) <= 3 * n:
        return x, values, values
    places = to_scale(x[[0, -1]], scale)
    edges = from_scale(np.linspace(float(places[0]), float(places[1]), n + 1), scale)
    begin = np.unique(np.searchsorted(x, edges[:-1]))
    last = np.append(begin[1:], len(x)) - 1
    return (x[begin] + x[last]) / 2, np.minimum.reduceat(values, begin), np.maximum.reduceat(values, begin)


def hertz_ticks(low: float, high: float, scale: str, most: int = 8) -> list[float]:
    """Round frequencies for the ticks of an axis from ``low`` to ``high`` Hz."""
    if scale == "linear":
        rough, ticks = (high - low) / max(most - 1, 1), np.zeros(0)
        while len(ticks) < 2:
            size = 10 ** math.floor(math.log10(rough))
            step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= rough * 0.999)
            ticks = np.arange(math.ceil(low / step), math.floor(high / step) + 1) * step
            rough /= 2
        return [float(tick) for tick in ticks]
    octaves = [1000 * 2.0**k for k in range(-6, 8)]
    if scale == "mel":
        # Below 500 Hz the scale is so dense that octaves would lie on each other.
        octaves = [0, *(tick for tick in octaves if tick >= 500)]
    fitting = [tick for tick in octaves if low <= tick <= high]
    if len(fitting) < 3:
        return hertz_ticks(low, high, "linear", min(most, 6))
    skip = max(1, -(-len(fitting) // most))
    return fitting[len(fitting) - 1 :: -skip][::-1]


def hertz(value: float) -> str:
    """Frequency as people read it on an axis: ``"63"``, ``"440"``, ``"4k"``, ``"12.5k"``."""
    return f"{int(value + 0.5)}" if value < 1000 else f"{value / 1000:.3g}k"


def note_ticks(low: float, high: float, most: int = 10) -> list[tuple[float, str]]:
    """The notes C (or every few of them) between two frequencies; A4 is 440 Hz."""
    c0 = 440 * 2 ** (-57 / 12)
    octaves = [k for k in range(12) if low * 0.999 <= c0 * 2**k <= high * 1.001]
    skip = max(1, -(-len(octaves) // most))
    return [(c0 * 2**k, f"C{k}") for k in octaves[::skip]]


def _fewer_columns(values: Array) -> Array:
    if values.shape[1] <= 2 * _MOST_COLUMNS:
        return values
    begin = np.linspace(0, values.shape[1], _MOST_COLUMNS + 1).astype(int)[:-1]
    return np.asarray(np.maximum.reduceat(values, begin, axis=1))
