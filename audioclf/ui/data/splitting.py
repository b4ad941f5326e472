"""The Split tab of the Data page: choose a protocol, see which clips go where, be warned of what leaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.leakage import straddling
from audioclf.datasets.splits import PROTOCOLS, Protocol, Split
from audioclf.plots.split_bars import PARTS
from audioclf.ui.forms import drafts, experiment_draft, parameter_form
from audioclf.ui.shell import current_dataset, error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, plain

_MOST_BARS = 60


def draw(state: State, dataset: Dataset) -> None:
    """Draw the choice of a protocol, and what comes of it."""
    _begin(state, dataset)
    chosen = _protocol(dataset)
    left, right = st.columns([2, 3], gap="large")
    with left:
        form = parameter_form.parameters(chosen, f"split.{chosen.kind}", columns=1)
        place = st.empty()
    protocol = form.value
    if protocol is None:
        return
    drafts.keep_form(state, "split", protocol.to_dict())
    try:
        splits = protocol.splits(dataset)
    except ParameterError as error:
        with left:
            form.show_error(error)
        return
    except AudioclfError as error:
        with right:
            error_boundary.show_error(error)
        return
    with right:
        split = _which(splits)
        _warn(dataset, protocol, split)
        _balance(dataset, split)
    _clips(dataset, split)
    if place.button("Train with this split", type="primary", icon=":material/model_training:", key="split.train"):
        _hand_over(protocol)
        st.switch_page("pages/train.py")


def _begin(state: State, dataset: Dataset) -> None:
    """Fill in what suits the data set, where the form is not about it yet."""
    about = current_dataset.key(state.data, state.options)
    if st.session_state.get("split.data") != about:
        protocol = _kept(state) or experiment_draft.suggestion(state.data, state.options, dataset).split
        st.session_state["split.kind"] = st.session_state["split.was"] = protocol.kind
        parameter_form.fill(protocol, f"split.{protocol.kind}")
        st.session_state["split.data"] = about
    for name, value in st.session_state.pop("split.moved", {}).items():
        st.session_state[name] = value


def _kept(state: State) -> Protocol | None:
    """The protocol that was set before the page was loaded again."""
    values = drafts.form(state, "split")
    try:
        return PROTOCOLS[values["kind"]].from_dict(values) if values else None
    except (AudioclfError, KeyError, TypeError):  # another version's
        return None


def _protocol(dataset: Dataset) -> type[Protocol]:
    kind = st.pills(
        "Protocol",
        list(PROTOCOLS),
        required=True,
        format_func=lambda name: PROTOCOLS[name].title,
        key="split.kind",
        label_visibility="collapsed",
        persist_state="session",
    )
    chosen = PROTOCOLS[str(kind or next(iter(PROTOCOLS)))]
    experiment_draft.carry_groups("split", chosen.kind)
    st.markdown(escape(chosen.explanation))
    st.caption(f"This data set has {current_dataset.known_groups(dataset)}.")
    return chosen


def _which(splits: tuple[Split, ...]) -> Split:
    if len(splits) == 1:
        return splits[0]
    number = st.selectbox(
        f"One of {len(splits):,} splits; each trains its own model",
        range(len(splits)),
        format_func=lambda n: plain(splits[n].name, 60),
        key=f"split.which.{len(splits)}",
    )
    return splits[number]


def _warn(dataset: Dataset, protocol: Protocol, split: Split) -> None:
    if protocol.leaky:
        st.warning(
            "The model will have learned from the test clips: its accuracy will say nothing about new sounds.",
            icon=":material/warning:",
        )
        return
    groups = straddling(dataset.clips, split, lambda clip: clip.group)
    if groups:
        known = len({clip.group for clip in dataset.clips if clip.group is not None})
        st.warning(
            f"Groups on both sides: {groups:,} of {count(known, 'group')} {'has' if groups == 1 else 'have'} clips in"
            " both training and test. The model may recognise the speaker or the recording, and the accuracy for new"
            " ones may be lower. The warning stays on the run.",
            icon=":material/warning:",
        )
        if not protocol.by_group and st.button("Keep groups together", icon=":material/group_work:", key="split.group"):
            st.session_state["split.moved"] = {f"split.{protocol.kind}.by_group": True}
            st.rerun()
    copies = straddling(dataset.clips, split, lambda clip: clip.key)
    if copies:
        st.warning(
            f"{count(copies, 'sound')} {'is' if copies == 1 else 'are'} in both training and test, as copies of one"
            " file; the Health tab can leave them out or put them in one group.",
            icon=":material/warning:",
        )


def _numbers(split: Split) -> dict[str, tuple[int, ...]]:
    return dict(zip(PARTS, (split.train, split.validation, split.test), strict=True))


def parts(dataset: Dataset, split: Split) -> dict[str, dict[str, int]]:
    """Clips per class and part, in the order of the classes."""
    counted = {part: Counter(dataset.labels[number] for number in chosen) for part, chosen in _numbers(split).items()}
    return {label: {part: counted[part][number] for part in PARTS} for number, label in enumerate(dataset.classes)}


def _balance(dataset: Dataset, split: Split) -> None:
    from audioclf.plots.split_bars import parts_chart

    with st.container(horizontal=True, gap="medium"):
        for part, numbers in _numbers(split).items():
            st.metric(f"{part.capitalize()} clips", f"{len(numbers):,}", width="content")
    counts = parts(dataset, split)
    if len(counts) <= _MOST_BARS:
        named = {plain(label, 48): row for label, row in counts.items()}
        with st.container(height=560 if len(named) > 20 else "content", border=False):
            st.vega_lite_chart(parts_chart(named))
    table = st.expander("The numbers", len(counts) > _MOST_BARS, key="split.numbers", on_change="rerun")
    if not table.open:
        return
    with table:
        st.dataframe(
            {
                "class": [plain(label, 80) for label in counts],
                **{part: [row[part] for row in counts.values()] for part in PARTS},
            },
            hide_index=True,
        )


@error_boundary.fragment()
def _clips(dataset: Dataset, split: Split) -> None:
    """Every clip with the part it goes to."""
    st.markdown("**Which clip goes where**")
    shown = st.pills("Part", list(PARTS), selection_mode="multi", default=list(PARTS), key="split.parts")
    numbers = _numbers(split)
    placed = [(part, dataset.clips[number]) for part in PARTS if part in shown for number in numbers[part]]
    clips = [clip for _, clip in placed]
    columns = {"part": [part for part, _ in placed]} | names(clips) | groups(clips)
    st.dataframe(columns, hide_index=True, height=400)


def names(clips: Sequence[Clip]) -> dict[str, list[Any]]:
    """Columns that say which clips they are."""
    return {"class": [plain(clip.label, 80) for clip in clips], "clip": [plain(clip.name, 120) for clip in clips]}


def groups(clips: Sequence[Clip]) -> dict[str, list[Any]]:
    """Columns of what clips belong to, where any does."""
    columns: dict[str, list[Any]] = {
        "group": [plain(clip.group or "", 80) for clip in clips],
        "fold": [clip.fold for clip in clips],
    }
    return {name: cells for name, cells in columns.items() if any(cell not in ("", None) for cell in cells)}


def _hand_over(protocol: Protocol) -> None:
    """Put the protocol into the forms of the Train page."""
    prefix = f"split.{protocol.kind}"
    moved = {
        f"train.{prefix}.{name}": st.session_state[f"{prefix}.{name}"]
        for name in protocol.describe()
        if f"{prefix}.{name}" in st.session_state
    }
    st.session_state["train.moved"] = {"train.split": protocol.kind, "train.split.was": protocol.kind, **moved}
