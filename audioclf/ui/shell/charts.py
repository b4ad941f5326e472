"""Charts on a page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st


def show(make: Callable[..., Any], *about: Any, **drawn: Any) -> Any:
    """Draw the chart that ``make(*about)`` gives, with ``drawn`` said to Streamlit; returns what Streamlit does.

    Altair asks whether pandas is loaded, and fails where another thread has only begun to load it; this waits for it.
    """
    import pandas  # noqa: F401

    draw: Any = st.altair_chart
    return draw(make(*about), **({"width": "stretch"} | drawn))
