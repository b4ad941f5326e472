"""Labels that are likely wrong, and clips that sound nearly the same, as a pretrained network hears them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.datasets import Dataset, curation
from audioclf.similarity.labels import Suspect
from audioclf.similarity.review import Pair, Review
from audioclf.ui.data import versions
from audioclf.ui.inference import similar
from audioclf.ui.shell import error_boundary, similarity_task
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, plain
from audioclf.ui.sound import clip_list

PER_PAGE = 8
WRONG, ALIKE = "Likely wrong labels", "Nearly the same sound"


def draw(state: State, dataset: Dataset) -> None:
    """Draw the switch, and below it what was found."""
    if len(dataset.classes) < 2 or min(dataset.counts.values()) < 2:
        return
    with st.container(border=True):
        st.markdown("**Do the labels fit what is heard?**")
        if not st.toggle("Look for likely wrong labels and near copies", key="review.on"):
            st.caption(
                "A linear head on an embedding predicts every clip without having met it; where it is sure of another"
                " class, the label is worth a listen. With 5 % of ESC-10's labels changed, nine of ten clips it lists"
                " were changed ones, and it lists three of four of these."
            )
            return
        by = similar.space("review.by")
        task = similarity_task.task(
            f"review {dataset.fingerprint} {by}",
            "Listening to every clip",
            "review_labels",
            dataset,
            Review,
            space=by,
        )
        found: Review | None = similar.ready(task, "review")
        if found is not None:
            _draw(state, dataset, found)


def _draw(state: State, dataset: Dataset, found: Review) -> None:
    st.markdown(
        f"{found.agreement:.1%} of {count(len(dataset), 'clip')} were put into their own class by models that had not"
        f" met them. **{count(len(found.suspects), 'label')}** may be wrong;"
        f" **{count(len(found.pairs), 'pair')}** of clips sound nearly the same and share no group."
    )
    ways = [way for way, there in ((WRONG, found.suspects), (ALIKE, found.pairs)) if there]
    if not ways:
        return
    way = st.segmented_control("What to look at", ways, default=ways[0], required=True, key="review.way")
    if way == WRONG:
        _suspects(state, dataset, found.suspects)
    else:
        _pairs(state, dataset, found.pairs)


def _suspects(state: State, dataset: Dataset, found: Sequence[Suspect]) -> None:
    event: Any = st.dataframe(
        {
            "label": [plain(dataset.clips[one.clip].label, 40) for one in found],
            "looks like": [plain(dataset.classes[one.suggested], 40) for one in found],
            "%": [round(100 * one.other) for one in found],
            "clip": [plain(dataset.clips[one.clip].name, 80) for one in found],
        },
        hide_index=True,
        key="review.table",
        on_select="rerun",
        selection_mode="multi-row",
        height=min(35 * (len(found) + 1) + 3, 260),
    )
    rows = [row for row in event["selection"]["rows"] if row < len(found)]
    chosen = [found[row] for row in rows]
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Relabel the selected", icon=":material/label:", disabled=not chosen, key="review.relabel"):
            with error_boundary.boundary("review"):
                versions.take(state, dataset, relabelled(dataset, chosen))
        if st.button("Leave the selected out", icon=":material/block:", disabled=not chosen, key="review.exclude"):
            with error_boundary.boundary("review"):
                versions.take(state, dataset, curation.exclude(dataset, [one.clip for one in chosen]))
        if not chosen:
            st.caption("Listen, and select the rows whose label is wrong.")
    shown = (chosen or list(found))[:PER_PAGE]
    clips = [dataset.clips[one.clip] for one in shown]
    titles = [
        f"{plain(dataset.clips[one.clip].label, 24)} → {plain(dataset.classes[one.suggested], 24)}" for one in shown
    ]
    clip_list.players(state, "review", dataset, clips, titles)


def relabelled(dataset: Dataset, chosen: Sequence[Suspect]) -> Dataset:
    """A new version in which clips have the class they look like."""
    return versions.edited(dataset, {one.clip: {"label": dataset.classes[one.suggested]} for one in chosen})


def _pairs(state: State, dataset: Dataset, found: Sequence[Pair]) -> None:
    if st.button("Put each pair in one group", icon=":material/group_work:", key="review.group"):
        with error_boundary.boundary("review"):
            alike = [
                (pair.one, pair.other)
                for pair in found
                if dataset.clips[pair.one].label == dataset.clips[pair.other].label
            ]
            versions.take(state, dataset, curation.group_copies(dataset, alike))
    st.caption("Clips of one group are never tested on each other. The most similar pairs come first.")
    numbers = [number for pair in found[: PER_PAGE // 2] for number in (pair.one, pair.other)]
    clip_list.players(state, "review pairs", dataset, [dataset.clips[number] for number in numbers])
