"""Tables: how tall they stand on their page, and the line of one that is chosen."""

from __future__ import annotations

from typing import Any, Literal

import streamlit as st

_ROW = 35
"""Pixels of a line of ``st.dataframe``, and of its header."""


def height(n_rows: int, most: int) -> int | Literal["content"]:
    """As tall as its lines; of a longer table ``most`` lines and a half, which shows that it goes on.

    Parameters
    ----------
    n_rows : int
    most : int
        Lines that are shown without scrolling.
    """
    return "content" if n_rows <= most else round(_ROW * (most + 1.5))


def one_row(frame: Any, key: str, **options: Any) -> int | None:
    """Draw a table of which one line can be chosen; returns its number, None where none is.

    Parameters
    ----------
    frame : pandas.DataFrame
    key : str
    **options
        As of ``st.dataframe``.
    """
    event: Any = st.dataframe(
        frame, hide_index=True, key=key, on_select="rerun", selection_mode="single-row", **options
    )
    rows = event["selection"]["rows"]
    return int(rows[0]) if rows and rows[0] < len(frame) else None


def clicked_row(frame: Any, key: str, **options: Any) -> int | None:
    """:func:`one_row`, of a table whose lines lead elsewhere: a click is reported once, and no line stays chosen."""
    turn = st.session_state.setdefault(f"{key}.turn", 0)
    row = one_row(frame, f"{key} {turn}", **options)
    if row is not None:
        st.session_state[f"{key}.turn"] = turn + 1
    return row


def share(**options: Any) -> Any:
    """How a column of percentages is drawn: as bars."""
    return st.column_config.ProgressColumn(format="%.1f %%", min_value=0, max_value=100, **options)
