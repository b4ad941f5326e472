"""A long list on its page, so many at a time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal, TypeVar

import streamlit as st

V = TypeVar("V")


def paged(found: Sequence[V], per_page: int, key: str, width: Literal["stretch"] | int = "stretch") -> Sequence[V]:
    """Draw the choice of a page where one does not hold all; returns what is on the page that is chosen."""
    pages = math.ceil(len(found) / per_page)
    page = st.number_input(f"Page, of {pages:,}", 1, pages, key=key, width=width) if pages > 1 else 1
    return found[(page - 1) * per_page : page * per_page]
