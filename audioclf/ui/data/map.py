"""The map of a data set: all clips as points, those alike near to each other; the pointer plays, a lasso selects."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from audioclf.core.errors import AudioclfError, DatasetError
from audioclf.datasets import Clip, Dataset, curation
from audioclf.experiments.runs import Run
from audioclf.similarity.atlas import Atlas
from audioclf.similarity.projection import METHODS
from audioclf.similarity.vectors import RUN
from audioclf.ui.data import map_points, versions
from audioclf.ui.inference import similar
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.paging import paged
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, plain
from audioclf.ui.sound import cache, clip_list, feature_settings

CLASS, GROUP, FOLD, WRONG = "Class", "Group", "Fold", "Predicted wrong"
PER_PAGE = 8
TAKEN = "map.taken"
HEARD = 5.0
"""Seconds that are heard of a clip under the pointer, at most."""
NEW = "Another class …"


def draw(state: State, dataset: Dataset) -> None:
    """Draw the choices, the map, and what is selected on it."""
    if len(dataset) < 3:
        st.info("A map needs three clips at least.")
        return
    run = similar.chosen_run(state, dataset)
    columns = st.columns([3, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        by = similar.space("map.by", run)
    with columns[1]:
        method = st.selectbox(
            "Arranged by", list(METHODS), format_func=METHODS.__getitem__, key="map.method", persist_state="session"
        )
    with columns[2]:
        colour = st.selectbox("Coloured by", _colours(dataset, run), key="map.colour", persist_state="session")
    if by == RUN and run is None:
        st.info("The chosen run is of another data set; choose another comparison.")
        return
    found: Atlas | None = similar.ready(similar.atlas(dataset, by, method, run), "map")
    if found is None:
        return
    left, right = st.columns([3, 2], gap="medium")
    with left:
        about = f"{dataset.fingerprint} {by} {method} {colour} {run.folder if run is not None else ''}"
        blob, known = _packed(about, dataset, found, colour, run)
        _points(dataset, blob, known)
        st.caption(
            "Click a point for its player and its neighbours. Draw a line around several to change them together; with"
            " Shift they are added."
        )
    chosen = st.session_state[TAKEN]
    with right:
        if len(chosen) > 1:
            _selection(state, dataset, chosen)
        elif chosen:
            _one(state, dataset, found, chosen[0])
        else:
            st.markdown("Clips that sound alike lie together. A clip among those of another class is worth a listen.")


@error_boundary.fragment()
def _points(dataset: Dataset, blob: bytes, known: list[str]) -> None:
    """The points; a sound under the pointer runs these alone, what is taken the whole page."""
    chosen = map_points.draw(blob, known, len(dataset), "map.points", lambda number: _heard(dataset.clips[number]))
    if st.session_state.setdefault(TAKEN, chosen) != chosen:
        st.session_state[TAKEN] = chosen
        st.rerun()


def _heard(clip: Clip) -> bytes:
    with contextlib.suppress(AudioclfError):  # a click shows why
        return cache.sound(clip if clip.seconds <= HEARD else replace(clip, duration=HEARD), feature_settings.audio())
    return b""


def _colours(dataset: Dataset, run: Run | None) -> list[str]:
    found = [CLASS]
    if any(clip.group is not None for clip in dataset.clips):
        found.append(GROUP)
    if any(clip.fold is not None for clip in dataset.clips):
        found.append(FOLD)
    return found + ([WRONG] if run is not None else [])


@st.cache_resource(max_entries=16, show_spinner=False)
def _packed(about: str, _dataset: Dataset, _found: Atlas, _colour: str, _run: Run | None) -> tuple[bytes, list[str]]:
    names = [plain(clip.name, 80) for clip in _dataset.clips]
    return map_points.packed(_found.places, names, _values(_dataset, _colour, _run))


def _values(dataset: Dataset, colour: str, run: Run | None) -> list[str]:
    if colour == WRONG and run is not None:
        wrong = {run.clips[item.clip].key for item in run.predictions if item.true != item.predicted}
        return ["predicted wrong" if clip.key in wrong else "correct" for clip in dataset.clips]
    if colour == GROUP:
        return [plain(clip.group or "none", 40) for clip in dataset.clips]
    if colour == FOLD:
        return ["none" if clip.fold is None else f"{clip.fold}" for clip in dataset.clips]
    return [plain(clip.label, 40) for clip in dataset.clips]


def _one(state: State, dataset: Dataset, found: Atlas, number: int) -> None:
    clip = dataset.clips[number]
    st.markdown("**The clip**")
    clip_list.players(state, "map.one", dataset, [clip])
    st.markdown("**Nearest to it**")
    similar.players(state, dataset, found.near[number], found.similarity[number], "map.near")


def _selection(state: State, dataset: Dataset, chosen: list[int]) -> None:
    """What is in the selection, with players, and what can be done with all of it."""
    st.markdown(f"**{count(len(chosen), 'clip')} selected**")
    counted = Counter(dataset.clips[number].label for number in chosen)
    st.dataframe(
        {"class": [plain(label, 60) for label in counted], "clips": list(counted.values())},
        hide_index=True,
        height=min(35 * (len(counted) + 1) + 3, 180),
    )
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        label = st.selectbox("Class", [*dataset.classes, NEW], format_func=lambda c: plain(c, 40), key="map.label")
        if label == NEW:
            label = st.text_input("Its name", key="map.new")
        if st.button("Relabel", icon=":material/label:", key="map.relabel"):
            with error_boundary.boundary("map"):
                versions.take(state, dataset, relabelled(dataset, chosen, label))
        if st.button("Leave out", icon=":material/block:", key="map.exclude"):
            with error_boundary.boundary("map"):
                versions.take(state, dataset, curation.exclude(dataset, chosen))
        if st.button("One group", icon=":material/group_work:", key="map.group"):
            with error_boundary.boundary("map"):
                versions.take(state, dataset, curation.group_copies(dataset, [chosen]))
    shown = paged(chosen, PER_PAGE, "map.page")
    clip_list.players(state, "map.several", dataset, [dataset.clips[number] for number in shown])


def relabelled(dataset: Dataset, chosen: Sequence[int], label: str) -> Dataset:
    """A new version in which some clips are of another class.

    Raises
    ------
    DatasetError
        When the name is none.
    """
    if not label.strip():
        raise DatasetError("Name the class that the selected clips are to have.")
    return versions.edited(dataset, {number: {"label": label} for number in chosen})
