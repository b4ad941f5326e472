"""The map of a data set: all clips as points, those near to each other alike; a click plays, a box selects."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset, curation
from audioclf.experiments.runs import Run
from audioclf.plots.scatter import BOX, PICK, scatter_chart
from audioclf.similarity.atlas import Atlas
from audioclf.similarity.projection import METHODS
from audioclf.similarity.vectors import RUN
from audioclf.ui.data import versions
from audioclf.ui.inference import similar
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, plain
from audioclf.ui.sound import clip_list

CLASS, GROUP, FOLD, WRONG = "Class", "Group", "Fold", "Predicted wrong"
PER_PAGE = 8
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
    warmup.until_ready()
    left, right = st.columns([3, 2], gap="medium")
    with left:
        event: Any = st.vega_lite_chart(
            _chart(dataset, found, f"{by} {method}", colour, run),
            key="map.chart",
            on_select="rerun",
            selection_mode=[BOX, PICK],
        )
        st.caption("Move over a point to see what it is, click it to hear it, drag a box to take several.")
    box, pick = event["selection"].get(BOX) or {}, event["selection"].get(PICK) or []
    chosen = inside(found, box)
    with right:
        if chosen:
            _selection(state, dataset, chosen)
        elif pick and 0 <= int(pick[0].get("n", -1)) < len(dataset):
            _one(state, dataset, found, int(pick[0]["n"]))
        else:
            st.markdown("Clips that sound alike lie together. A clip among those of another class is worth a listen.")


def _colours(dataset: Dataset, run: Run | None) -> list[str]:
    found = [CLASS]
    if any(clip.group is not None for clip in dataset.clips):
        found.append(GROUP)
    if any(clip.fold is not None for clip in dataset.clips):
        found.append(FOLD)
    return found + ([WRONG] if run is not None else [])


def _chart(dataset: Dataset, found: Atlas, of: str, colour: str, run: Run | None) -> dict[str, Any]:
    about = f"{dataset.fingerprint} {of} {colour} {run.folder if run is not None else ''}"
    return _specification(about, dataset, found, colour, run)


@st.cache_resource(max_entries=16, show_spinner=False)
def _specification(about: str, _dataset: Dataset, _found: Atlas, _colour: str, _run: Run | None) -> dict[str, Any]:
    names = [plain(clip.name, 80) for clip in _dataset.clips]
    return scatter_chart(_found.places, names, _values(_dataset, _colour, _run), title=_colour)


def _values(dataset: Dataset, colour: str, run: Run | None) -> list[str]:
    if colour == WRONG and run is not None:
        wrong = {run.clips[item.clip].key for item in run.predictions if item.true != item.predicted}
        return ["predicted wrong" if clip.key in wrong else "correct" for clip in dataset.clips]
    if colour == GROUP:
        return [plain(clip.group or "none", 40) for clip in dataset.clips]
    if colour == FOLD:
        return ["none" if clip.fold is None else f"{clip.fold}" for clip in dataset.clips]
    return [plain(clip.label, 40) for clip in dataset.clips]


def inside(found: Atlas, box: dict[str, Sequence[float]]) -> list[int]:
    """Numbers of the clips in a box of the map; none where there is no box."""
    if not box.get("x") or not box.get("y"):
        return []
    (left, right), (low, high) = sorted(box["x"]), sorted(box["y"])
    x, y = found.places.T
    return [int(n) for n in ((x >= left) & (x <= right) & (y >= low) & (y <= high)).nonzero()[0]]


def _one(state: State, dataset: Dataset, found: Atlas, number: int) -> None:
    clip = dataset.clips[number]
    st.markdown("**The clip**")
    clip_list.players(state, "map.one", dataset, [clip])
    st.markdown("**Nearest to it**")
    similar.of(state, dataset, number, found, "map.near")


def _selection(state: State, dataset: Dataset, chosen: list[int]) -> None:
    """What is in the box, with players, and what can be done with all of it."""
    st.markdown(f"**{count(len(chosen), 'clip')} selected**")
    counted: dict[str, int] = {}
    for number in chosen:
        counted[dataset.clips[number].label] = counted.get(dataset.clips[number].label, 0) + 1
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
                take(state, dataset, relabelled(dataset, chosen, label))
        if st.button("Leave out", icon=":material/block:", key="map.exclude"):
            with error_boundary.boundary("map"):
                take(state, dataset, curation.exclude(dataset, chosen))
        if st.button("One group", icon=":material/group_work:", key="map.group"):
            with error_boundary.boundary("map"):
                take(state, dataset, curation.group_copies(dataset, [chosen]))
    pages = math.ceil(len(chosen) / PER_PAGE)
    page = st.number_input(f"Page, of {pages:,}", 1, pages, key="map.page") if pages > 1 else 1
    shown = chosen[(page - 1) * PER_PAGE : page * PER_PAGE]
    clip_list.players(state, "map.box", dataset, [dataset.clips[number] for number in shown])


def relabelled(dataset: Dataset, chosen: Sequence[int], label: str) -> Dataset:
    """A new version in which some clips are of another class.

    Raises
    ------
    DatasetError
        When the name is none.
    """
    if not label.strip():
        raise DatasetError("Name the class that the selected clips are to have.")
    among = set(chosen)
    return curation.edit(
        dataset, labels=[label if number in among else clip.label for number, clip in enumerate(dataset.clips)]
    )


def take(state: State, dataset: Dataset, edited: Dataset) -> None:
    """Keep a change as a new version."""
    st.session_state.pop("map.chart", None)
    versions.take(state, dataset, edited)
