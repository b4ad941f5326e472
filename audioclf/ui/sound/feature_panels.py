"""Feature maps as the player's panels: a small grey picture or an outline, with the true axes beside it.

A picture holds one byte per value; the player colours it, so that it can also read the
level under the pointer.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.features import FeatureMap
from audioclf.features.base import Axis
from audioclf.features.colormap import palette
from audioclf.plots.screen import Limits, envelope, to_screen, value_limits
from audioclf.plots.theme import SEQUENTIAL
from audioclf.ui.shell import media

_POINTS = 800
_TICK_POINTS = 160
_BANDS = 240
_FILTER_POINTS = 40


def panel(
    shown: FeatureMap,
    *,
    title: str,
    track: int = 0,
    limits: Limits | None = None,
    span: Limits | None = None,
    scale: str | None = None,
    heat: npt.NDArray[np.float32] | None = None,
    beside: FeatureMap | None = None,
    step: float | None = None,
    bar: bool = True,
    points: int = _POINTS,
    address: Callable[[bytes, str], str] = media.address,
) -> dict[str, Any]:
    """What the player needs to draw one feature of one sound.

    Parameters
    ----------
    shown : FeatureMap
    title : str
        Shown as text above it.
    track : int
        Number of the sound that plays.
    limits : (float, float) or None
        Values at the ends of the colours (of the y axis for a curve); the map's own where None.
    span : (float, float) or None
        Stretch of the x axis that is shown, so that sounds of different length stand on one scale;
        only heeded where that axis is time.
    scale : str or None
        Another spacing of the frequency axis than the map's own: ``"linear"`` or ``"log"``.
    heat : np.ndarray [shape of ``shown.values``] or None
        Laid over the feature: 0 (nothing) to 1 (most).
    beside : FeatureMap or None
        Another curve over the same axes, drawn in front.
    step : float or None
        Width of a column in seconds, for a picture that may have a single one.
    bar : bool
        Whether a picture gets a bar that explains its colours.
    points : int
        Stretches that the outline of a curve has at most.
    address : callable
        From bytes and their type to where the browser finds them.
    """
    low, high = limits if limits is not None else value_limits([shown] if beside is None else [shown, beside])
    about: dict[str, Any] = {"track": track, "title": title, "label": shown.label, "unit": shown.unit}
    about["low"], about["high"] = low, high
    if span is not None and shown.axes[-1].unit == "s":
        about["span"] = {"low": span[0], "high": span[1]}
    if not shown.is_picture:
        hot = {} if heat is None else {"heat": _bands(heat)}
        front = {} if beside is None else {"beside": _curve(beside, points)}
        return about | _curve(shown, points) | hot | front
    if heat is not None:
        hot_screen = to_screen(shown, scale, heat)
        about["heat"] = address(grey_png(hot_screen.values, 0.0, 1.0), "image/png")
    screen = to_screen(shown, scale)
    centres = screen.centres
    chosen = np.unique(np.linspace(0, len(centres) - 1, min(len(centres), _TICK_POINTS)).astype(int))
    rows, time = shown.axes
    left, right = screen.left, screen.right
    if step is not None and len(time.values) == 1:
        left, right = float(time.values[0]) - step / 2, float(time.values[0]) + step / 2
    return about | {
        "kind": "picture",
        "bar": bar,
        "image": address(grey_png(screen.values, low, high), "image/png"),
        "rows": len(centres),
        "x": {"low": left, "high": right} | _named(time),
        "y": {"at": [int(row) for row in chosen], "values": _round(centres[chosen])} | _named(rows),
    }


def filters(shown: FeatureMap, *, title: str) -> dict[str, Any]:
    """A panel of a filter bank: a curve for every row, drawn where it is not zero.

    Parameters
    ----------
    shown : FeatureMap [shape=(n_filters, n_points)]
    title : str
    """
    axis = shown.axes[-1]
    lines = []
    for row in shown.values:
        used = np.flatnonzero(row)
        if used.size:
            part = slice(max(used[0] - 1, 0), used[-1] + 2)
            x, lows, highs = envelope(axis.values[part], row[part], _FILTER_POINTS)
            lines.append({"x": _round(x), "y": _round(np.maximum(highs, lows))})
    return {
        "kind": "lines",
        "track": 0,
        "title": title,
        "label": shown.label,
        "unit": shown.unit,
        "low": 0.0,
        "high": float(shown.values.max()) or 1.0,
        "x": {"low": float(axis.values[0]), "high": float(axis.values[-1])} | _named(axis),
        "lines": lines,
    }


def grey_png(values: npt.NDArray[np.float32], low: float, high: float) -> bytes:
    """One byte per value, highest row on top, as a PNG."""
    from PIL import Image

    grey = np.clip((values[::-1] - low) * (255.0 / (high - low)), 0, 255).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


def colours() -> str:
    """The 256 colours of the pictures, as hexadecimal digits."""
    return palette(SEQUENTIAL).hex()


def _curve(shown: FeatureMap, points: int) -> dict[str, Any]:
    (axis,) = shown.axes
    y, x = shown.values, axis.values
    about = {
        "kind": "curve",
        "x": {"low": float(x[0]), "high": float(x[-1] if len(x) > 1 else x[0] + 1)} | _named(axis),
    }
    middles, lows, highs = envelope(x, y, points)
    # the outline is drawn from the middle of its first stretch to that of its last
    about["drawn"] = {"low": float(middles[0]), "high": float(middles[-1])}
    if len(middles) == len(y):
        return about | {"line": _round(y)}
    return about | {"lows": _round(lows), "highs": _round(highs)}


def _bands(heat: npt.NDArray[np.float32]) -> list[float]:
    """Largest heat of every stretch of a curve."""
    if len(heat) <= _BANDS:
        return _round(heat)
    begin = np.linspace(0, len(heat), _BANDS + 1).astype(int)[:-1]
    return _round(np.maximum.reduceat(heat, begin))


def _named(axis: Axis) -> dict[str, Any]:
    return {"label": axis.label, "unit": axis.unit}


def _round(values: npt.ArrayLike) -> list[float]:
    return [float(f"{value:.4g}") for value in np.asarray(values).tolist()]
