"""How a model holds up: its test clips changed more and more, measured by a process in the background."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.experiments.runs import Run
from audioclf.inference.robustness import SWEEPS, Robustness, read_robustness
from audioclf.jobs.background import run_task
from audioclf.plots.alteration import robustness_chart
from audioclf.ui.shell import error_boundary, task_bar, tasks
from audioclf.ui.shell.text import count, distinct, escape, plain

_ALL = "All classes"


def draw(run: Run) -> None:
    """Draw the choice of a change and what it comes to over the test clips."""
    st.subheader("Does it hold for all test clips?", anchor=False)
    if not run.clips or not (run.folder / "predictions.csv").is_file():
        st.caption("This model comes without test clips, so there is nothing to measure it on.")
        return
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        sweep = st.selectbox(
            "Change", list(SWEEPS), format_func=lambda name: SWEEPS[name].title, key="robustness.sweep", width=220
        )
        known = read_robustness(run, sweep)
        pressed = st.button(
            "Measure again" if known else "Measure",
            type="secondary" if known else "primary",
            icon=":material/query_stats:",
            key="robustness.go",
        )
    key = f"robustness {run.folder} {sweep}"
    task = tasks.find(key)
    if pressed:
        tasks.forget(key)
        task = tasks.start(key, f"{SWEEPS[sweep].title} on the test clips", _work(run, sweep))
    if task is not None and not task.finished:
        task_bar.follow(task, _amount, "robustness.stop")
        return
    if task is not None and task.error is not None:
        error_boundary.show_error(task.error)
    if known is None:
        st.caption("Every test clip is changed more and more, and the models that have not learned from it are asked.")
        return
    _show(known)


def _work(run: Run, sweep: str) -> tasks.Work:
    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> None:
        request = {"run": str(run.folder), "sweep": sweep}
        run_task("inference.robustness:measure_task", request, progress=progress, should_stop=should_stop)

    return work


def _amount(done: int, total: int) -> str:
    return f"{done:,} of {count(total, 'clip')}" if total else "starting …"


def _show(found: Robustness) -> None:
    sweep = SWEEPS[found.sweep]
    names = distinct(plain(label, 32) for label in found.classes)
    st.markdown(escape(found.sentence()))
    chosen = st.selectbox("Class", [_ALL, *names], key="robustness.class", label_visibility="collapsed", width=220)
    st.vega_lite_chart(
        robustness_chart(
            found.values,
            found.per_class,
            found.accuracy,
            names,
            unit=f"{sweep.title} ({sweep.unit})",
            chosen=None if chosen == _ALL else chosen,
        ),
        key="robustness.chart",
    )
    words = "Thick and grey: all clips. Thin: each class."
    if found.skipped:
        words += f" {count(found.skipped, 'clip')} could not be read and left out."
    st.caption(words)
