"""The comparison on the page: pictures in rows and columns on shared axes, a sound to every column."""

from __future__ import annotations

import base64
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import streamlit as st

from audioclf.features import FeatureMap
from audioclf.features.base import Axis
from audioclf.features.colormap import palette
from audioclf.plots.screen import Limits, envelope, to_screen
from audioclf.plots.theme import DIVERGING, SEQUENTIAL
from audioclf.ui.compare.table import Table
from audioclf.ui.shell import media
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import view_link
from audioclf.ui.sound.feature_panels import grey_png

Address = Callable[[bytes, str], str]

HEIGHT: Final = 446
"""Pixels of the whole grid, so that a page of 1280 x 720 shows all of it."""

SHORT: Final = {"waveform": "Waveform", "spectrum": "FFT", "stft": "STFT", "cqt": "CQT", "mel": "Mel", "mfcc": "MFCC"}
"""Names of the features where there is little room."""

_ROWS_WITH_TITLES: Final = 3
_HEADS: Final = 46
_TITLE: Final = 20
_AROUND: Final = 13
_AXIS: Final = 29
"""Pixels of the heads, and of a row's title, margins and numbered axis; as in the script and the style sheet."""

_LOWEST_ROW: Final = 36
_TALLEST_ROW: Final = 300
_POINTS: Final = 500
_TICKS: Final = 120
_HERE = Path(__file__).parent


@functools.cache
def script() -> str:
    """The component's script."""
    shared = _HERE.parent / "sound"
    drawing = (shared / f"{name}.js" for name in ("element", "axes", "pictures"))
    files = (*drawing, _HERE / "grid.js", _HERE / "row.js")
    return "\n".join(file.read_text(encoding="utf-8") for file in files)


@functools.cache
def style() -> str:
    """The component's style sheet."""
    return (_HERE / "grid.css").read_text(encoding="utf-8")


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "audioclf_comparison", html="<div class='comparison'></div>", css=style(), js=script()
    )


def draw(table: Table, key: str, *, bare: bool = False, height: int = HEIGHT, zoom: str = "") -> None:
    """Draw a comparison.

    Parameters
    ----------
    table : Table
    key : str
        The same key keeps a sound playing while the pictures change.
    bare : bool
        Without axes, titles and readings, for a quiz.
    height : int
        Pixels of the whole grid.
    zoom : str
        Where the session keeps the stretch that is zoomed to; none can be where it is empty.
    """
    data = describe(table, bare=bare, height=height) | {"zooms": bool(zoom), "zoomed": table.span is not None}
    _component()(key=key, data=data, on_view_change=lambda: _keep(key, zoom))


def _keep(key: str, zoom: str) -> None:
    found = (st.session_state.get(key) or {}).get("view")
    if zoom:
        st.session_state[zoom] = found if view_link.stretch((2,))(found) else None


def describe(
    table: Table, *, bare: bool = False, height: int = HEIGHT, address: Address = media.address
) -> dict[str, Any]:
    """What the script needs to draw a comparison.

    Parameters
    ----------
    table, bare, height
        As for :func:`draw`.
    address : callable
        From bytes and their type to where the browser finds them.
    """
    n_rows = len(table.maps)
    compact = n_rows > _ROWS_WITH_TITLES
    spent = _HEADS + n_rows * (_AROUND + (0 if compact or bare else _TITLE))
    spent += 0 if bare else _AXIS * sum(_ticks(table, row) for row in range(n_rows))
    return {
        "columns": [
            {
                "title": plain(column.title, 48),
                "note": plain(column.note, 60),
                "audio": address(column.sound, "audio/wav") if column.sound else "",
                "seconds": column.seconds,
            }
            for column in table.columns
        ],
        "rows": [_row(table, number, bare, address) for number in range(n_rows)],
        "palettes": [palette(SEQUENTIAL).hex(), *([palette(DIVERGING).hex()] if table.difference else [])],
        "height": min(_TALLEST_ROW, max(_LOWEST_ROW, (height - spent) // max(n_rows, 1))),
        "bare": bare,
        "compact": compact,
    }


def inline(data: bytes, mime: str) -> str:
    """Bytes as an address that holds them."""
    return f"data:{mime};base64,{base64.b64encode(data).decode()}"


def _ticks(table: Table, row: int) -> bool:
    """Whether the x axis of a row is numbered: it cannot be read off the row below."""
    if row + 1 == len(table.maps):
        return True
    return table.maps[row][0].axes[-1].unit != table.maps[row + 1][0].axes[-1].unit


def _row(table: Table, number: int, bare: bool, address: Address) -> dict[str, Any]:
    maps, limits = table.maps[number], table.limits(number)
    first = maps[0]
    cells = [
        _cell(
            shown,
            ends,
            address,
            difference=table.difference and column + 1 == len(maps),
            bar=table.has_bar(column) and shown.is_picture,
        )
        for column, (shown, ends) in enumerate(zip(maps, limits, strict=True))
    ]
    # in a quiz the cells of a row are different features
    x = None if bare else {"low": _start(maps), "high": max(cell["x"]["high"] for cell in cells)}
    timed = all(shown.axes[-1].unit == "s" for shown in maps)
    if x is not None and timed and table.span is not None:
        x = dict(zip(("low", "high"), table.span, strict=True))
    return {
        "title": table.features[number].title,
        "short": SHORT[table.features[number].kind],
        "label": first.label,
        "unit": first.unit,
        "timed": timed,
        "x": x and x | _named(first.axes[-1]),
        "y": _rows(first) if first.is_picture and not bare else None,
        "ticks": _ticks(table, number),
        "cells": cells,
    }


def _start(maps: Sequence[FeatureMap]) -> float:
    """Where the axis of a row begins: at 0 s, though the first frame reaches half a step before it."""
    return max(0.0, float(maps[0].axes[-1].values[0])) if maps[0].axes[-1].unit != "s" else 0.0


def _cell(shown: FeatureMap, limits: Limits, address: Address, *, difference: bool, bar: bool) -> dict[str, Any]:
    low, high = limits
    about: dict[str, Any] = {"low": low, "high": high, "unit": shown.unit, "bar": bar, "palette": int(difference)}
    if shown.is_picture:
        screen = to_screen(shown)
        return about | {
            "image": address(grey_png(screen.values, low, high), "image/png"),
            "x": {"low": screen.left, "high": screen.right},
        }
    (axis,) = shown.axes
    x = axis.values
    middles, lows, highs = envelope(x, shown.values, _POINTS)
    about["x"] = {"low": float(x[0]), "high": float(x[-1] if len(x) > 1 else x[0] + 1)}
    about["drawn"] = {"low": float(middles[0]), "high": float(middles[-1])}
    if len(middles) == len(x):
        return about | {"line": _round(shown.values)}
    return about | {"lows": _round(lows), "highs": _round(highs)}


def _rows(shown: FeatureMap) -> dict[str, Any]:
    """The y axis of a row of pictures."""
    centres = to_screen(shown).centres
    chosen = np.unique(np.linspace(0, len(centres) - 1, min(len(centres), _TICKS)).astype(int))
    return {
        "at": [int(row) for row in chosen],
        "values": _round(centres[chosen]),
        "rows": len(centres),
    } | _named(shown.axes[0])


def _named(axis: Axis) -> dict[str, str]:
    return {"label": axis.label, "unit": axis.unit}


def _round(values: Any) -> list[float]:
    return [float(f"{value:.4g}") for value in np.asarray(values).tolist()]
