"""How good is a run, and where does it go wrong?"""

from __future__ import annotations

import streamlit as st

from audioclf.ui.results import sections
from audioclf.ui.shell import page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Results", "How good is the model, and where does it go wrong?") as state:
        run = sections.choose(state)
        metrics = run.metrics
        sections.head(run, metrics)
        sections.mixups(state, run, metrics)
        names = (
            ["Learning curves", "Classes"] + (["Splits"] if len(metrics["splits"]) > 1 else []) + ["Settings and files"]
        )
        tabs = dict(zip(names, st.tabs(names), strict=True))
        with tabs["Learning curves"]:
            sections.curves(run)
        with tabs["Classes"]:
            sections.classes(metrics)
        if "Splits" in tabs:
            with tabs["Splits"]:
                sections.folds(metrics)
        with tabs["Settings and files"]:
            sections.files(run)
