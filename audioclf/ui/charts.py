"""Charts on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def show(make: Callable[..., Any], *about: Any) -> None:
    """Draw the chart that ``make(*about)`` gives.

    Altair asks whether pandas is loaded, and fails where another thread has only begun to load it; this waits for it.
    """
    import pandas  # noqa: F401

    st.altair_chart(make(*about), width="stretch")
