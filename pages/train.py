"""Teach a model to tell the classes apart."""

import streamlit as st

from audioclf.ui import data, frame, health, progress, run_list, training

with frame.page("Train", "Teach a model to tell the classes apart: press Start, or change something first.") as state:
    run = progress.current(state)
    active = run is not None and not run.status.ended
    if run is not None and active:
        progress.show(run)
    if run is not None and not state.data:
        state.choose(run.experiment.dataset.name, run.experiment.dataset.options)
    dataset = data.require(state)
    top = st.container(border=True)
    health.line(state, dataset)
    if run is not None and not active:
        progress.show(run)
    st.subheader("Settings", anchor=False)
    filled, beside = training.settings(state, dataset)
    training.start(state, dataset, filled, top, beside, again=active)
    with st.expander("The experiment as a text (TOML)", icon=":material/code:"):
        training.as_toml(state, filled)
    st.subheader("Recent runs", anchor=False)
    run_list.recent(state)
