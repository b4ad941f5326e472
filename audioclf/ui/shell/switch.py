"""A switch: a few ways side by side, of which one is always taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

import streamlit as st

V = TypeVar("V")


def switch(
    label: str, ways: Sequence[V], key: str, *, default: V | None = None, words: Mapping[V, str] | None = None
) -> V:
    """Draw a switch that stays as it is set while its user is on other pages; returns the way taken.

    The label is for screen readers. Without ``default`` the first way is taken at first, without ``words`` the ways
    stand for themselves.
    """
    return st.segmented_control(
        label,
        ways,
        default=ways[0] if default is None else default,
        required=True,
        format_func=str if words is None else words.__getitem__,
        key=key,
        label_visibility="collapsed",
        persist_state="session",
    )
