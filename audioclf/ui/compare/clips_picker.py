"""Choosing the sounds of a comparison."""

from __future__ import annotations

import random

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf.datasets import Clip, Dataset
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import distinct, plain
from audioclf.ui.sound import clip_picker

MOST = 6
"""Columns that can still be distinguished on a projector."""

BY_CLASS, BY_HAND = "Examples of classes", "Clips you choose"


def choose(state: State, dataset: Dataset, place: DeltaGenerator) -> list[Clip]:
    """Draw the choice between examples of classes and clips put aside; returns at most ``MOST`` clips.

    Parameters
    ----------
    state : State
    dataset : Dataset
    place : DeltaGenerator
        Where the choice between the two ways is drawn; the clips are chosen below it.
    """
    with place:
        how = switch("Compare", [BY_CLASS, BY_HAND], "compare.how")
    return _examples(dataset) if how == BY_CLASS else _tray(state, dataset)


def _examples(dataset: Dataset) -> list[Clip]:
    left, middle, right = st.columns([6, 2, 2], vertical_alignment="bottom")
    key = f"compare.classes {dataset.fingerprint}"
    with left:
        classes = st.multiselect(
            "Classes",
            dataset.classes,
            default=dataset.classes[:3],
            max_selections=MOST,
            key=key,
            format_func=lambda label: plain(label, 48),
            persist_state="session",
        )
    with middle:
        each = st.number_input("Examples per class", 1, MOST, key="compare.each", persist_state="session")
    with right:
        if st.button("Other examples", icon=":material/casino:", width="stretch"):
            st.session_state["compare.seed"] = random.getrandbits(32)
    chance = random.Random(st.session_state.get("compare.seed", 0))
    picked: list[Clip] = []
    for label in classes:
        of_class = dataset.of(label)
        picked += chance.sample(of_class, min(int(each), len(of_class)))
    if len(picked) > MOST:
        st.caption(f"The first {MOST} are shown; choose fewer classes or fewer examples of each.")
    return picked[:MOST]


def _tray(state: State, dataset: Dataset) -> list[Clip]:
    names, numbers = clip_picker.ids(dataset)
    state.tray = [name for name in state.tray if name in numbers]
    left, middle, right = st.columns([3, 4, 2], vertical_alignment="bottom")
    with left:
        label = st.selectbox("Class", dataset.classes, format_func=lambda c: plain(c, 48), key="compare.class")
    of_class = [number for number, clip in enumerate(dataset.clips) if clip.label == label]
    with middle:
        at = clip_picker.numbered([dataset.clips[number] for number in of_class], 0)
    with right:
        if st.button("Add", icon=":material/add:", width="stretch", disabled=len(state.tray) >= MOST):
            state.tray = list(dict.fromkeys([*state.tray, names[of_class[at]]]))
    if state.tray:
        titles = distinct(plain(dataset.clips[numbers[name]].name, 40) for name in state.tray)
        kept = st.multiselect(
            "Chosen clips",
            state.tray,
            default=state.tray,
            format_func=dict(zip(state.tray, titles, strict=True)).__getitem__,
        )
        if kept != state.tray:
            state.tray = kept
            st.rerun()
    return [dataset.clips[numbers[name]] for name in state.tray]
