"""Feature maps as the player's panels: a small grey picture or an outline, with the true axes beside it.

A picture holds one byte per value; the player colours it, so that it can also read the
level under the pointer.
"""

from __future__ import annotations

import functools
import io
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.features import FeatureMap
from audioclf.features.base import Axis
from audioclf.ui import media

Limits = tuple[float, float]
Numbers = npt.NDArray[np.float64]

_ROWS = 512
_POINTS = 800
_LOWEST = 20.0
"""Hz; a logarithmic axis has no zero, and nobody hears below."""


def panel(
    shown: FeatureMap,
    *,
    title: str,
    track: int = 0,
    limits: Limits | None = None,
    span: Limits | None = None,
    scale: str | None = None,
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
    """
    low, high = limits if limits is not None else value_range([shown])
    about: dict[str, Any] = {"track": track, "title": title, "label": shown.label, "unit": shown.unit}
    about["low"], about["high"] = low, high
    if span is not None and shown.axes[-1].unit == "s":
        about["span"] = {"low": span[0], "high": span[1]}
    if not shown.is_picture:
        return about | _curve(shown)
    rows, time = shown.axes
    values, centres = spread_rows(shown.values, rows, scale or rows.scale)
    width = (time.values[-1] - time.values[0]) / max(len(time.values) - 1, 1) or 1.0
    chosen = np.unique(np.linspace(0, len(centres) - 1, min(len(centres), 160)).astype(int))
    return about | {
        "kind": "picture",
        "image": media.address(grey_png(values, low, high), "image/png"),
        "rows": len(centres),
        "x": {"low": float(time.values[0] - width / 2), "high": float(time.values[-1] + width / 2)} | _named(time),
        "y": {"at": [int(row) for row in chosen], "values": _round(centres[chosen])} | _named(rows),
    }


def value_range(maps: Iterable[FeatureMap]) -> Limits:
    """Smallest and largest value of some maps, a little apart where there is only one value.

    A curve that goes both ways is given as much room below zero as above.
    """
    shown = list(maps)
    low = min(float(item.values.min()) for item in shown)
    high = max(float(item.values.max()) for item in shown)
    if not shown[0].is_picture and low < 0 < high and not shown[0].unit:
        low, high = -max(-low, high), max(-low, high)
    if high - low < 1e-9:
        low, high = low - 0.5, high + 0.5
    return low, high


def spread_rows(values: npt.NDArray[np.float32], axis: Axis, scale: str) -> tuple[npt.NDArray[np.float32], Numbers]:
    """Rows spaced evenly on the scale of the eye.

    Rows that already are (mel bands on a mel axis, CQT bins on a logarithmic one) stay as they
    are. Otherwise each row of the picture takes the largest value among the rows it covers, so
    that no narrow peak is lost, or the nearest one.

    Returns
    -------
    values : np.ndarray [shape=(n_rows, n_frames)]
    centres : np.ndarray [shape=(n_rows,)]
        Coordinate of every row.
    """
    centres = np.asarray(axis.values, dtype=np.float64)
    if scale != "log" or len(centres) < 3 or np.allclose(np.diff(np.log(centres[1:])), np.log(centres[2] / centres[1])):
        return values, centres
    first = max(float(centres[centres > 0][0]), _LOWEST)
    if first >= centres[-1]:
        return values, centres
    edges = np.geomspace(first, centres[-1], min(_ROWS, 2 * len(centres)) + 1)
    middle = np.sqrt(edges[:-1] * edges[1:])
    nearest = np.abs(np.searchsorted((centres[:-1] + centres[1:]) / 2, middle))
    begin = np.searchsorted(centres, edges[:-1])
    end = np.searchsorted(centres, edges[1:])
    spread = values[nearest].copy()
    for row in np.flatnonzero(end - begin > 1):
        spread[row] = values[begin[row] : end[row]].max(axis=0)
    return spread, middle


def grey_png(values: npt.NDArray[np.float32], low: float, high: float) -> bytes:
    """One byte per value, highest row on top, as a PNG."""
    from PIL import Image

    grey = np.clip((values[::-1] - low) * (255.0 / (high - low)), 0, 255).round().astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG", compress_level=1)
    return buffer.getvalue()


@functools.cache
def palette(name: str = "magma") -> str:
    """256 colours of a matplotlib colour map, as hexadecimal digits."""
    import matplotlib

    colours = matplotlib.colormaps[name](np.arange(256), bytes=True)[:, :3]
    return str(np.ascontiguousarray(colours).tobytes().hex())


def _curve(shown: FeatureMap) -> dict[str, Any]:
    (axis,) = shown.axes
    y, x = shown.values, axis.values
    about = {
        "kind": "curve",
        "x": {"low": float(x[0]), "high": float(x[-1] if len(x) > 1 else x[0] + 1)} | _named(axis),
    }
    if len(y) <= 2 * _POINTS:
        return about | {"line": _round(y)}
    edges = np.linspace(0, len(y), _POINTS + 1).astype(int)[:-1]
    return about | {
        "lows": _round(np.minimum.reduceat(y, edges)),
        "highs": _round(np.maximum.reduceat(y, edges)),
    }


def _named(axis: Axis) -> dict[str, Any]:
    return {"label": axis.label, "unit": axis.unit}


def _round(values: npt.ArrayLike) -> list[float]:
    return [float(f"{value:.4g}") for value in np.asarray(values).tolist()]
