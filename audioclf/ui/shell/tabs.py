"""Tabs of which only the open one is drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import streamlit as st


def tabs(key: str, shows: Mapping[str, Callable[[], None]]) -> None:
    """Draw tabs by their titles; the session keeps the title of the open one under the key."""
    for tab, show in zip(st.tabs(list(shows), key=key, on_change="rerun"), shows.values(), strict=True):
        if tab.open:
            with tab:
                show()
