"""What is in a data set: figures, class balance, a list to listen to, a table of everything, and the problems."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf.datasets import Clip, Dataset
from audioclf.ui.data import curation, learning, map, quality, splitting
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.paging import paged
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tabs import tabs
from audioclf.ui.shell.text import escape, plain, seconds
from audioclf.ui.sound import clip_list, clip_picker

PER_PAGE = 10
ALL = "All classes"


def head(dataset: Dataset) -> None:
    """Name, terms and the figures one asks for first."""
    st.subheader(escape(dataset.name), anchor=False)
    if dataset.description:
        st.markdown(escape(dataset.description))
    rates = Counter(clip.info.sr for clip in dataset.clips)
    lengths = [clip.seconds for clip in dataset.clips]
    facts = {
        "Clips": f"{len(dataset):,}",
        "Classes": f"{len(dataset.classes):,}",
        "Total length": seconds(sum(lengths)),
        "Clip length": _range(lengths),
        "Sample rate": " / ".join(f"{rate:,} Hz" for rate, _ in rates.most_common(2))
        + (" …" if len(rates) > 2 else ""),
    }
    with st.container(horizontal=True, gap="medium"):
        for name, value in facts.items():
            st.metric(name, value, width="content")
    terms = " · ".join(part for part in (dataset.licence, dataset.citation) if part)
    if terms:
        st.caption(escape(terms))


def views(state: State, dataset: Dataset) -> None:
    """The ways to look at a data set, in tabs; only the open one is drawn."""
    shows: dict[str, Callable[[], None]] = {
        "Listen": lambda: listen(state, dataset),
        "Map": lambda: map.draw(state, dataset),
        "Learning curve": lambda: learning.draw(state, dataset),
        "All clips": lambda: table(dataset),
        "Health": lambda: quality.draw(state, dataset),
        "Edit": lambda: curation.draw(state, dataset),
        "Split": lambda: splitting.draw(state, dataset),
    }
    if dataset.problems:
        shows[f"Problems ({len(dataset.problems):,})"] = lambda: problems(dataset)
    tabs("data.tabs", shows)


def listen(state: State, dataset: Dataset) -> None:
    """Class balance beside a list of clips, each with its player and waveform."""
    left, right = st.columns([2, 5], gap="large")
    with left:
        st.markdown("**Clips per class**")
        balance(dataset)
    with right:
        _list(state, dataset)


def balance(dataset: Dataset) -> None:
    """Bars of the number of clips per class; many classes scroll."""
    from audioclf.plots import balance_chart

    counts = {plain(label, 48): number for label, number in dataset.counts.items()}
    with st.container(height=560 if len(counts) > 20 else "content", border=False):
        st.vega_lite_chart(balance_chart(counts))


@error_boundary.fragment()
def _list(state: State, dataset: Dataset) -> None:
    top = st.columns([3, 2], vertical_alignment="bottom")
    with top[0]:
        label = st.selectbox(
            "Class",
            [ALL, *dataset.classes],
            format_func=lambda c: plain(c, 48),
            key="list.class",
            persist_state="session",
        )
    known = label in dataset.counts
    found = clip_picker.from_opening(dataset, dataset.of(label)) if known else in_turn(dataset)
    with top[1]:
        shown = paged(found, PER_PAGE, f"list.page {label}")
    clip_list.players(state, "list", dataset, shown)


def in_turn(dataset: Dataset) -> tuple[Clip, ...]:
    """All clips, one of each class in turn, so that a first look meets every class."""
    of_class: dict[str, list[Clip]] = {label: [] for label in dataset.classes}
    for clip in dataset.clips:
        of_class[clip.label].append(clip)
    lines = (clip_picker.from_opening(dataset, clips) for clips in of_class.values())
    return tuple(clip for turn in itertools.zip_longest(*lines) for clip in turn if clip is not None)


def table(dataset: Dataset) -> None:
    """Every clip with what its header says."""
    clips = dataset.clips
    columns: dict[str, list[Any]] = splitting.names(clips) | {
        "seconds": [clip.seconds for clip in clips],
        "sample rate (Hz)": [clip.info.sr for clip in clips],
        "channels": [clip.info.channels for clip in clips],
        "format": [f"{clip.info.format} {clip.info.subtype}" for clip in clips],
    }
    columns |= splitting.groups(clips)
    if any(clip.split for clip in clips):
        columns["part"] = [clip.split for clip in clips]
    st.dataframe(
        columns,
        hide_index=True,
        height=460,
        column_config={"seconds": st.column_config.NumberColumn(format="%.3f")},
    )


def problems(dataset: Dataset) -> None:
    """Files that were left out, why, and what to do."""
    st.dataframe(
        {
            "file": [plain(problem.file, 160) for problem in dataset.problems],
            "what is wrong": [plain(problem.reason) for problem in dataset.problems],
            "what to do": [plain(problem.remedy) for problem in dataset.problems],
        },
        hide_index=True,
    )


def _range(lengths: list[float]) -> str:
    if not lengths:
        return "–"
    low, high = min(lengths), max(lengths)
    return seconds(low) if high - low < 0.005 else f"{seconds(low)} – {seconds(high)}"
