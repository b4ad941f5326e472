"""Teach a model to tell the classes apart."""

import streamlit as st

from audioclf.ui.data import quality
from audioclf.ui.jobs import run_picker, training_progress
from audioclf.ui.shell import current_dataset, page_frame
from audioclf.ui.train import page

with page_frame.page(
    "Train", "Teach a model to tell the classes apart: press Start, or change something first."
) as state:
    run = training_progress.current(state)
    active = run is not None and not run.status.ended
    if run is not None and active:
        training_progress.show(run)
    if run is not None and not state.data:
        state.choose(run.experiment.dataset.name, run.experiment.dataset.options)
    dataset = current_dataset.require(state)
    top = st.container(border=True)
    quality.line(state, dataset)
    if run is not None and not active:
        training_progress.show(run)
    st.subheader("Settings", anchor=False)
    filled, beside = page.settings(state, dataset)
    page.start(state, dataset, filled, top, beside, again=active)
    with st.expander("The experiment as a text (TOML)", icon=":material/code:"):
        page.as_toml(state, filled)
    st.subheader("Recent runs", anchor=False)
    run_picker.recent(state)
