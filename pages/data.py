"""Choose sounds, check them, listen."""

import streamlit as st

from audioclf.ui.data import intake_understood, overview, quality, sources
from audioclf.ui.jobs import dataset_list
from audioclf.ui.shell import current_dataset, page_frame

with page_frame.page("Data", "Choose the sounds to work with, see what is in them, and listen.") as state:
    if not state.data:
        sources.choose(state)
        dataset_list.draw(state)
        st.stop()
    with st.expander("Choose other sounds", icon=":material/swap_horiz:"):
        sources.choose(state)
    dataset_list.draw(state)
    intake_understood.chosen(state)
    dataset = current_dataset.require(state)
    overview.head(dataset)
    quality.task(state, dataset)  # begins by itself
    overview.views(state, dataset)
