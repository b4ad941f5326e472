"""How much of something long stands on its page at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeVar

import streamlit as st

V = TypeVar("V")

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


def paged(found: Sequence[V], per_page: int, key: str, width: Literal["stretch"] | int = "stretch") -> Sequence[V]:
    """Draw the choice of a page where one does not hold all; returns what is on the page that is chosen."""
    pages = math.ceil(len(found) / per_page)
    page = st.number_input(f"Page, of {pages:,}", 1, pages, key=key, width=width) if pages > 1 else 1
    return found[(page - 1) * per_page : page * per_page]
