"""The reference systems, run again: the published figure, the figure here, and the pictures they show."""

from __future__ import annotations

import streamlit as st

from audioclf.ui.reproduce import report_view, systems
from audioclf.ui.shell import page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Reproduce", "Published systems, run again here: what they reported, what comes out, and what that is worth."
    ) as state:
        systems.start(state)
        st.subheader("Published and here", anchor=False)
        rows = systems.standing(state)
        if rows:
            report_view.downloads(state, rows)
            report_view.show(rows)
