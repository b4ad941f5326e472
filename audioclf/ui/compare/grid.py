"""The comparison on the page: pictures in rows and columns on shared axes, a sound to every column."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any, Final

import streamlit as st

from audioclf.features.colormap import palette
from audioclf.plots.theme import DIVERGING, SEQUENTIAL
from audioclf.ui.compare.table import Table
from audioclf.ui.shell import media
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import feature_panels, player, view_link
from audioclf.ui.sound.component import component, joined

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
_STYLES: Final = ("sound/drawing.css", "compare/grid.css")
_SCRIPTS: Final = (*player.DRAWING, "compare/grid.js", "compare/row.js")


def script() -> str:
    """The component's script."""
    return joined(*_SCRIPTS)


def style() -> str:
    """The component's style sheet."""
    return joined(*_STYLES)


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
    drawn = component("comparison", "comparison", _STYLES, _SCRIPTS)
    drawn(key=key, data=data, on_view_change=lambda: _keep(key, zoom))


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
    maps = table.maps[number]
    cells = []
    for column, (shown, ends) in enumerate(zip(maps, table.limits(number), strict=True)):
        bar = table.has_bar(column) and shown.is_picture
        cell = feature_panels.panel(shown, title="", limits=ends, bar=bar, points=_POINTS, address=address)
        cells.append({"bar": bar, **cell, "palette": int(table.difference and column + 1 == len(maps))})
    # all cells of a row share its axes; in a quiz they are different features, without any
    y = cells[0].get("y")
    for cell in cells:
        cell.pop("y", None)
    # a first frame reaches half a step before 0 s, or comes later where frames are not centred
    x = cells[0]["x"] | {"low": 0.0, "high": max(cell["x"]["high"] for cell in cells)}
    if x["unit"] == "s" and table.span is not None:
        x |= dict(zip(("low", "high"), table.span, strict=True))
    return {
        "title": table.features[number].title,
        "short": SHORT[table.features[number].kind],
        "x": None if bare else x,
        "y": None if bare else y,
        "ticks": _ticks(table, number),
        "cells": cells,
    }
