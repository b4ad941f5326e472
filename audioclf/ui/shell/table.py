"""How tall a table stands on its page."""

from __future__ import annotations

from typing import Literal

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
