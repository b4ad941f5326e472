"""Choose sounds, check them, listen."""

import streamlit as st

from audioclf.ui import data, frame, health, intake_understood, mine, overview, sources

with frame.page("Data", "Choose the sounds to work with, see what is in them, and listen.") as state:
    if not state.data:
        sources.choose(state)
        mine.draw(state)
        st.stop()
    with st.expander("Choose other sounds", icon=":material/swap_horiz:"):
        sources.choose(state)
    mine.draw(state)
    intake_understood.chosen(state)
    dataset = data.require(state)
    overview.head(dataset)
    health.task(state, dataset)  # begins by itself
    overview.views(state, dataset)
