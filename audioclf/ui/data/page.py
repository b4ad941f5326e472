"""Choose sounds, check them, listen."""

from __future__ import annotations

import streamlit as st

from audioclf.ui.data import intake_understood, overview, sources
from audioclf.ui.jobs import dataset_list, health
from audioclf.ui.shell import current_dataset, page_frame


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Data", "Choose the sounds to work with, see what is in them, and listen.") as state:
        if not state.data:
            sources.choose(state)
            dataset_list.draw(state)
            st.stop()
        about = current_dataset.key(state.data, state.options)
        if st.session_state.get("data.about") != about:  # another data set is chosen now
            st.session_state["data.about"], st.session_state["data.other"] = about, False
        other = st.expander("Choose other sounds", icon=":material/swap_horiz:", key="data.other", on_change="rerun")
        if other.open:
            with other:
                sources.choose(state)
        dataset_list.draw(state)
        intake_understood.chosen(state)
        dataset = current_dataset.require(state)
        overview.head(dataset)
        health.task(state, dataset)  # begins by itself
        overview.views(state, dataset)
