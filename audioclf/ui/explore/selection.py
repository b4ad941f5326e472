"""What can be done with a stretch selected in the player: its spectrum, an explanation, a clip of its own."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from audioclf.core import workspaces
from audioclf.datasets import Clip, Dataset, curation
from audioclf.datasets.readers import versions
from audioclf.ui.explore.panels import Shown
from audioclf.ui.shell import current_dataset, error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import clip_picker
from audioclf.ui.sound.player import Selection

NEXT = "explore.next"
"""Key under which the view to go to waits for the next run of the page."""

ACTIONS = {"fft": "FFT", "explain": "Explain", "label": "Label"}


def act(state: State, shown: Shown, action: str | None) -> None:
    """Do what was chosen for the selection."""
    selected = shown.selection
    if action is None or selected is None:
        return
    if action == "fft":
        st.session_state[NEXT] = "spectrum"
        st.rerun()
    elif action == "explain":
        clip_picker.select(cut(shown.clip, selected))
        st.switch_page("pages/explain.py")
    elif action == "label":
        _label(state, shown.clip, selected)


def cut(clip: Clip, selected: Selection) -> Clip:
    """The stretch as a clip."""
    start, length = round(selected.start, 4), round(selected.end - selected.start, 4)
    return replace(clip, start=round(clip.start + start, 4), duration=max(length, 0.0001))


@st.dialog("Label the selection as a clip")
def _label(state: State, clip: Clip, selected: Selection) -> None:
    dataset = current_dataset.loaded(state)
    if dataset is None or clip not in dataset.clips:
        st.info("Only stretches of clips of the data set can be added to it. Load your sound as a data set first.")
        return
    part = cut(clip, selected)
    st.markdown(f"{part.start:.3f} to {part.start + part.seconds:.3f} s of the file become a clip of their own.")
    label = st.selectbox(
        "Class",
        dataset.classes,
        index=dataset.classes.index(clip.label),
        format_func=lambda name: plain(name, 60),
        accept_new_options=True,
        help="Choose a class or type a new one.",
    )
    st.caption(
        "A new version of the data set is made; the clip stays in it. Both share a group, so that no split puts one in"
        " training and the other in the test."
    )
    if st.button("Add the clip", type="primary", icon=":material/add:"):
        with error_boundary.boundary("label"):
            add(state, dataset, clip, replace(part, label=curation.checked_label(label or "")))


def add(state: State, dataset: Dataset, clip: Clip, part: Clip) -> None:
    """Keep a version of the data set with one more clip, and show that clip."""
    edited = curation.add(dataset, part, beside=dataset.clips.index(clip))
    kept = versions.save(replace(edited, source=state.data), workspaces.datasets_folder(state.workspace), state.options)
    state.choose(kept.source)
    state.clip = clip_picker.id_of(edited, edited.clips[-1])
    st.rerun()
