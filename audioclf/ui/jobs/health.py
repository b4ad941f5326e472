"""The check of a data set in the background, and the line that shows a page what it found."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.datasets import Dataset, Progress, ShouldStop
from audioclf.datasets.catalog.instruments import RENDERED
from audioclf.datasets.quality.report import HealthReport, check
from audioclf.ui.shell import current_dataset, error_boundary, tasks, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, escape, plain

LOOKS: dict[str, tuple[Any, str, str]] = {
    "error": ("red", ":material/error:", "fix first"),
    "warning": ("orange", ":material/warning:", "check this"),
    "note": ("blue", ":material/info:", "good to know"),
}
"""Colour, icon and words of every severity."""

_LARGE = 2000
"""Clips above which a check would take the processor from the page that asked for it ..."""
_DRAWN = 2.0
"""... and the seconds which that page is given to be drawn."""


def key(name: str, options: Mapping[str, Any], dataset: Dataset) -> str:
    """Key of the task that checks a data set."""
    return f"health {current_dataset.key(name, options)} {dataset.fingerprint}"


def task(state: State, dataset: Dataset) -> Task:
    """Task whose result is the report; the one under way or ended where there is one.

    Pages ask for it as soon as a data set is chosen, so that what it finds is known before anything is trained.
    A report names files, so that it is shared only by those who load the same ones.
    """
    name = key(state.data, state.options, dataset)
    return tasks.find(name) or tasks.start(
        name,
        f"Checking {plain(dataset.name, 60)}",
        lambda progress, should_stop: _check(dataset, progress, should_stop),
    )


def _check(dataset: Dataset, progress: Progress, should_stop: ShouldStop) -> HealthReport:
    """The report, once the first page has got what it needs; a shared server spends one thread on each."""
    warmup.wait(60)
    if len(dataset) > _LARGE:
        time.sleep(_DRAWN)
    return check(dataset, progress=progress, should_stop=should_stop, n_jobs=int(workspaces.shared()))


def line(state: State, dataset: Dataset) -> None:
    """Draw what the report comes to in one line, with the way to it; until it is there, that it is being made."""
    checking = task(state, dataset)
    if not checking.finished:
        words = ":material/health_and_safety: Health: the sounds are being checked …"
        error_boundary.until(lambda: checking.finished, lambda: st.caption(words), every=1.0)
    elif checking.error is None:
        _line(checking.result, known=dataset.source in RENDERED)


def _line(report: HealthReport, *, known: bool) -> None:
    """The line; of the sounds that audioclf renders itself, which nobody can mend, a number without a warning."""
    grave = [finding for finding in report.findings if finding.severity != "note"]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if not grave:
            st.caption(":material/check_circle: Health: no problems found.", width="content")
        elif known and report.worst != "error":
            words = f"Health: {count(len(grave), 'thing')} to know about these sounds."
            st.caption(f":material/health_and_safety: {words}", width="content")
        else:
            colour, icon, _ = LOOKS[report.worst]
            first = next((finding for finding in grave if finding.kind == "shortcut"), grave[0])
            words = f"**Health: {count(len(grave), 'finding')}.** {escape(first.sentence, 240)}"
            st.markdown(f":{colour}[{icon}] {words}", width="stretch")
        if st.button("See the report", type="tertiary", icon=":material/arrow_forward:", key="health.open"):
            st.session_state["data.tabs"] = "Health"
            st.switch_page("pages/data.py")
