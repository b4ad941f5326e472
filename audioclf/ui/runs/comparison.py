"""What the chosen runs come to: figures and curves over each other, settings that differ, and where to go on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run, Summary, open_run, paired_test, side_by_side
from audioclf.plots.comparison import SIDES
from audioclf.ui.forms import experiment_draft
from audioclf.ui.jobs import run_edit, run_picker
from audioclf.ui.runs import run_table
from audioclf.ui.shell.glossary import explain
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import count, distinct, escape, plain

MOST = 10
"""Runs that are compared at a time; there are as many colours."""


def draw(state: State) -> None:
    """Draw the table and what belongs to the chosen runs."""
    chosen = run_table.choose(state)
    if not chosen:
        return
    if len(chosen) > MOST:
        st.info(f"The first {MOST} of the chosen {len(chosen):,} are compared.", icon=":material/info:")
    compared = chosen[:MOST]
    names = distinct(plain(summary.name, 48) for _, summary in compared)
    st.subheader("Compared" if len(compared) > 1 else "Chosen", anchor=False)
    for (run, summary), name in zip(compared, names, strict=True):
        _line(state, run, summary, name)
    if len(chosen) > 1:
        with st.popover(f"Delete {count(len(chosen), 'run')}", icon=":material/delete:", key="runs.delete"):
            run_edit.delete(state, [run for run, _ in chosen])
        _figures(compared, names)
    _curves(compared, names)
    if len(compared) > 1:
        _differences([summary for _, summary in compared], names)


def _line(state: State, run: Run, summary: Summary, name: str) -> None:
    """One run: its figure, and where to go on with it."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small", border=True):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"**{escape(name)}** {_accuracy(summary)}", help=_exact(summary))
            note = " · ".join(part for part in (run_picker.remark(summary), plain(summary.note, 160)) if part)
            if note:
                st.caption(escape(note))
        if run.has_metrics:
            _link("Results", ":material/monitoring:", "pages/results.py", state, run)
            _link("Explain", ":material/lightbulb:", "pages/explain.py", state, run)
        else:
            label = "Open" if run.status.ended else "Watch"
            _link(label, ":material/model_training:", "pages/train.py", state, run)
        if st.button(
            "Use its settings",
            icon=":material/edit_note:",
            key=f"runs.use {run.id}",
            help="Opens Train with the settings of this run, to change something and train again.",
            disabled=not summary.settings,
        ):
            experiment_draft.hand_over(state, run.experiment.replace(name="", note=""))
            state.run = ""
            st.switch_page("pages/train.py")
        run_edit.edit(state, run, "content")


def _accuracy(summary: Summary) -> str:
    if summary.accuracy is None:
        return run_picker.word(summary.state)
    interval = ""
    if summary.low is not None and summary.high is not None:
        interval = f" (most likely between {summary.low:.1%} and {summary.high:.1%})"
    return f"{summary.accuracy:.1%}{interval}"


def _exact(summary: Summary) -> str | None:
    known = [part for part in (summary.interval, summary.protocol) if part]
    return explain("95 % interval", "protocol", note=f"{'; '.join(known)}.") if known else None


def _link(label: str, icon: str, file: str, state: State, run: Run) -> None:
    if st.button(label, icon=icon, key=f"runs.{label} {run.id}"):
        state.run = run.id
        st.switch_page(file)


def _figures(compared: Sequence[tuple[Run, Summary]], names: Sequence[str]) -> None:
    known = [
        (f"{name} (leaky)" if summary.leaky else name, summary.accuracy, summary.low, summary.high)
        for (_, summary), name in zip(compared, names, strict=True)
        if summary.accuracy is not None
    ]
    if not known:
        return
    st.subheader("Accuracy", anchor=False)
    st.vega_lite_chart(plots.accuracies_chart(known))
    done = [(run, name) for (run, summary), name in zip(compared, names, strict=True) if summary.accuracy is not None]
    (first, first_name), others = done[0], done[1:]
    for run, name in others:
        words, exact = _paired(first, first_name, run, name)
        about = explain("McNemar's exact test", "95 % interval", note=exact) if exact else None
        st.markdown(f"- {escape(words)}", help=about)
    if len({summary.protocol for _, summary in compared if summary.accuracy is not None}) > 1:
        st.caption(
            "They were not tested in the same way, so a difference may come from that and not from the model.",
            help=explain("protocol"),
        )
    if len(others) > 1:
        st.caption(
            f"Each is tested against the first, {escape(first_name)}. Of {len(others)} tests one may find a difference"
            " by chance more easily than a single one."
        )


def _paired(first: Run, first_name: str, second: Run, second_name: str) -> tuple[str, str]:
    stamps = [(run.folder / "metrics.json").stat().st_mtime_ns for run in (first, second)]
    return _tested(str(first.folder), str(second.folder), first_name, second_name, tuple(stamps))


@st.cache_data(max_entries=256, show_spinner=False)
def _tested(first: str, second: str, first_name: str, second_name: str, stamps: tuple[int, ...]) -> tuple[str, str]:
    """The paired test of two runs in plain and in exact words, or why there is none.

    It is made again only where their results have changed.
    """
    try:
        found = paired_test(open_run(first), open_run(second))
    except AudioclfError as error:
        return str(error), ""
    return found.plain(first_name, second_name), found.sentence(first_name, second_name)


def _curves(compared: Sequence[tuple[Run, Summary]], names: Sequence[str]) -> None:
    histories = {name: _history(run) for (run, _), name in zip(compared, names, strict=True)}
    histories = {name: rows for name, rows in histories.items() if len(rows) > 1}
    if not histories:
        return
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    left.subheader("Learning curves", anchor=False)
    with right:
        side = switch("On which clips", list(SIDES), "runs.side", default="Validation")
    for column, measure in zip(st.columns(2, gap="medium"), ("accuracy", "loss"), strict=True):
        column.vega_lite_chart(plots.histories_chart(histories, measure=measure, side=str(side)))
    st.caption("Dashed: on validation clips. Solid: on training clips, also where a run keeps none for validation.")


def _history(run: Run) -> list[dict[str, Any]]:
    try:
        return [] if run.experiment.model.family == "classical" else run.history
    except AudioclfError:
        return []


def _differences(summaries: Sequence[Summary], names: Sequence[str]) -> None:
    import pandas as pd

    st.subheader("Settings that differ", anchor=False)
    differences = side_by_side(summaries).differences
    if not differences:
        st.caption("All their settings are the same.")
        return
    rows = {setting: [_value(value) for value in values] for setting, values in differences.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=pd.Index(names))
    table.insert(0, "setting", list(rows))
    st.dataframe(table, hide_index=True, height=height(len(table), 12))


def _value(value: Any) -> str:
    how: dict[type, Callable[[Any], str]] = {
        type(None): lambda _: "–",
        bool: lambda yes: "yes" if yes else "no",
        list: lambda items: ", ".join(map(str, items)) or "–",
    }
    return plain(how.get(type(value), str)(value), 80)
