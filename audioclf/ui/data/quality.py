"""The health report of a data set: made in the background, each finding in a sentence with the clips it is about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import streamlit as st

from audioclf.datasets import Dataset, curation
from audioclf.datasets.quality.findings import Finding
from audioclf.datasets.quality.report import HealthReport, Spread
from audioclf.datasets.quality.shortcuts import ShortcutCheck
from audioclf.ui.data import label_review, versions
from audioclf.ui.jobs import health
from audioclf.ui.shell import task_bar
from audioclf.ui.shell.paging import paged
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, plain, seconds
from audioclf.ui.sound import clip_list

PER_PAGE = 8

_EXCLUDE = frozenset(("broken", "silent", "too long", "duplicates across classes", "near duplicates across classes"))
_COPIES = frozenset(("duplicates", "near duplicates"))


def draw(state: State, dataset: Dataset) -> None:
    """Draw the report, or how far it has come."""
    checking = health.task(state, dataset)
    stopped = "The check was stopped; what was measured so far is kept."
    report: HealthReport | None = task_bar.result(checking, _amount, "health", stopped, "Check again")
    if report is None:
        return
    _verdict(report)
    left, right = st.columns([5, 3], gap="large")
    with left:
        label_review.draw(state, dataset)
        for finding in report.findings:
            _finding(state, dataset, report, finding)
        if not report.findings:
            _shortcut(report.shortcut)
    with right:
        if report.findings:
            _shortcut(report.shortcut)
        _figures(report)


def _amount(done: int, total: int) -> str:
    if not total:
        return "starting …"
    if done >= total:
        return f"{count(total, 'sound')} measured, looking for copies and shortcuts …"
    return f"{done:,} of {count(total, 'sound')}"


def _verdict(report: HealthReport) -> None:
    grave = sum(finding.severity == "error" for finding in report.findings)
    look = sum(finding.severity == "warning" for finding in report.findings)
    looked = f"{count(report.n_clips, 'clip')} were measured"
    if grave:
        st.error(f"{looked}: {count(grave, 'problem')} to fix before training.", icon=":material/error:")
    elif look:
        st.warning(f"{looked}: {count(look, 'finding')} to check before training.", icon=":material/warning:")
    else:
        st.success(f"{looked}, and no problems were found.", icon=":material/check_circle:")


def _finding(state: State, dataset: Dataset, report: HealthReport, finding: Finding) -> None:
    colour, icon, words = health.LOOKS[finding.severity]
    shown = st.session_state.get("health.shown") == finding.kind
    with st.container(border=True, gap="small"):
        st.badge(words, icon=icon, color=colour)
        st.markdown(f"**{escape(finding.sentence)}**")
        st.markdown(escape(finding.remedy))
        with st.container(horizontal=True):
            if finding.clips and finding.kind != "broken":
                label = "Hide the clips" if shown else f"Listen to {_these(len(finding.clips))}"
                if st.button(label, key=f"health.listen.{finding.kind}", icon=":material/headphones:"):
                    st.session_state["health.shown"] = "" if shown else finding.kind
                    st.rerun()
            _remedies(state, dataset, report, finding)
        if not finding.clips and finding.files:
            with st.expander(f"The {count(len(finding.files), 'file')}"):
                st.dataframe({"file": [plain(name, 160) for name in finding.files]}, hide_index=True)
        elif finding.kind == "broken":
            st.dataframe({"clip": [plain(name, 160) for name in finding.files]}, hide_index=True)
        if shown:
            _listen(state, dataset, report, finding)


def _these(number: int) -> str:
    return "the clip" if number == 1 else f"the {number:,} clips"


def _listen(state: State, dataset: Dataset, report: HealthReport, finding: Finding) -> None:
    # Copies stand beside each other.
    groups = _groups(report, finding.kind) if "duplicates" in finding.kind else []
    about = set(finding.clips)
    in_order = dict.fromkeys([number for group in groups for number in group if number in about])
    found = [dataset.clips[number] for number in in_order or finding.clips]
    shown = paged(found, PER_PAGE, f"health.page.{finding.kind}", 160)
    clip_list.players(state, f"health {finding.kind}", dataset, shown)


def _remedies(state: State, dataset: Dataset, report: HealthReport, finding: Finding) -> None:
    """Buttons for what can be mended at once; each makes a new version."""
    if finding.kind in _EXCLUDE and st.button(
        f"Leave out {_these(len(finding.clips))}", key=f"health.exclude.{finding.kind}", icon=":material/block:"
    ):
        versions.take(state, dataset, curation.exclude(dataset, finding.clips))
    if finding.kind in _COPIES:
        within = _within(dataset, _groups(report, finding.kind))
        if st.button("Keep one of each", key=f"health.one.{finding.kind}", icon=":material/filter_1:"):
            versions.take(state, dataset, curation.exclude(dataset, spare(within)))
        if st.button("Put copies in one group", key=f"health.group.{finding.kind}", icon=":material/group_work:"):
            versions.take(state, dataset, curation.group_copies(dataset, within))


def _groups(report: HealthReport, kind: str) -> list[tuple[int, ...]]:
    if kind.startswith("duplicates"):
        return list(report.duplicates)
    return [(pair.one, pair.other) for pair in report.near_duplicates]


def _within(dataset: Dataset, groups: Iterable[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Those that are of one class."""
    return [group for group in groups if len({dataset.clips[number].label for number in group}) == 1]


def spare(groups: Iterable[Iterable[int]]) -> set[int]:
    """Numbers to leave out so that of every group one stays, also where groups touch."""
    first: dict[int, int] = {}

    def root(number: int) -> int:
        while first.setdefault(number, number) != number:
            number = first[number]
        return number

    for group in groups:
        lowest, *others = sorted({root(number) for number in group})
        first |= dict.fromkeys(others, lowest)
    return {number for number in first if root(number) != number}


def _shortcut(found: ShortcutCheck | None) -> None:
    """By how much, and through which column, the classes can be recognized without listening."""
    with st.container(border=True, gap="small"):
        st.markdown("**Can the classes be recognized without listening?**")
        if found is None:
            st.markdown("There are too few clips to check this: two classes with five clips each are needed.")
            return
        if not found.clear:  # else it is among the findings
            st.markdown(escape(found.sentence))
        if found.columns:
            from audioclf.plots.split_bars import shortcut_chart

            names = ["all together", *(column.column for column in found.columns)]
            values = [found.all.accuracy, *(column.accuracy for column in found.columns)]
            st.vega_lite_chart(shortcut_chart(names, values, found.chance))
        together = ", groups kept together" if found.grouped else ""
        st.caption(
            f"A tiny decision tree on {count(found.n_clips, 'clip')} of {count(found.n_classes, 'class', 'classes')},"
            f" cross-validated{together}. It sees only how the files were made, not the sound; whatever it"
            " finds, a network can find too."
        )


def _figures(report: HealthReport) -> None:
    facts = {
        "Length of a clip": _spread(report.durations, seconds),
        "Level (dB of full scale)": _spread(report.levels, lambda value: f"{value:.1f}"),
        "Sample rates": _counted((f"{rate:,} Hz", number) for rate, number in report.sample_rates),
        "Channels": _counted((f"{channels}", number) for channels, number in report.channels),
        "Formats": _counted((name, number) for name, number in report.formats),
        "Groups": f"{report.n_groups:,}" if report.n_groups else "none",
    }
    with st.container(border=True, gap="small"):
        st.markdown("**Measured**")
        for name, value in facts.items():
            st.markdown(f"{name}: {escape(value, 200)}")
        lengths = st.expander("Length by class", key="health.lengths", on_change="rerun")
        if not lengths.open:
            return
        with lengths:
            spreads = report.durations_by_class
            st.dataframe(
                {
                    "class": [plain(label, 80) for label in spreads],
                    "clips": [report.counts[label] for label in spreads],
                    "shortest (s)": [round(spread.low, 3) for spread in spreads.values()],
                    "median (s)": [round(spread.median, 3) for spread in spreads.values()],
                    "longest (s)": [round(spread.high, 3) for spread in spreads.values()],
                },
                hide_index=True,
            )


def _spread(spread: Spread | None, words: Any) -> str:
    if spread is None:
        return "none"
    return f"{words(spread.low)} to {words(spread.high)}, median {words(spread.median)}"


def _counted(values: Iterable[tuple[str, int]]) -> str:
    return ", ".join(f"{name} ({number:,})" for name, number in values) or "none"
