"""Are a run's explanations true? All test clips, every method, as a job and as a table."""

from __future__ import annotations

from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.explain import METHODS
from audioclf.inference.assessment import SIGNIFICANT, read_results, sentence
from audioclf.inference.assessment_job import AssessmentJob, find_assessment
from audioclf.inference.evidence import default_method, methods_for, read_choice
from audioclf.jobs import queue
from audioclf.ui.jobs import follow
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, seconds


def draw(state: State, run: Run) -> None:
    """Draw the switch for the section, and the section where it is on."""
    if not run.clips or not (run.folder / "predictions.csv").is_file():
        return
    if not st.toggle("Test the explanations of all test clips", key="assessment.on"):
        return
    job = find_assessment(run)
    if job is None or job.status.ended:
        _table(run)
        _ended(job)
        _start(state, run)
    else:
        follow.follow(job, lambda: _progress(job))
        _table(run)


def _table(run: Run) -> None:
    import pandas as pd

    usual = default_method(run)
    found = {method.kind: read_results(run, method.kind).get("summary") for method in methods_for(run)}
    rows = [_row(kind, summary) for kind, summary in found.items() if summary]
    choice = read_choice(run)
    if choice is not None:
        title = METHODS[choice["method"]].title
        tested = count(choice["n_clips"], f"{choice['clips']} clip")
        st.markdown(f"**{escape(title)}** won the deletion test on {tested} and is the default of this run.")
    if not rows:
        return
    summary = found.get(usual)
    if summary:
        worst = summary.get("p_random", 1.0) >= SIGNIFICANT or summary["marked"] >= summary["random"]
        words = escape(f"{METHODS[usual].title}: {sentence(summary)}")
        (st.warning if worst else st.info)(words, icon=":material/casino:" if worst else ":material/fact_check:")
    table = pd.DataFrame(rows).dropna(axis="columns", how="all")
    st.dataframe(table, hide_index=True, column_config=_columns())
    st.caption(
        "Probability of the predicted class, mean over the test clips, with a tenth of the map removed. The further"
        " marked lies below random and loudest, the truer the maps."
    )


def _columns() -> dict[str, Any]:
    number = st.column_config.NumberColumn
    return {
        "method": "Method",
        "marked": number("Marked", help="Probability without the marked tenth.", format="%.2f"),
        "random": number("Random", help="Probability without as much at random places.", format="%.2f"),
        "loudest": number("Loudest", help="Probability without the loudest tenth.", format="%.2f"),
        "p_random": number("p (random)", help="Marked against random: Wilcoxon's signed-rank test.", format="%.1e"),
        "p_loudest": number("p (loudest)", help="Marked against loudest: Wilcoxon's test.", format="%.1e"),
        "fidelity": number("Fidelity", help="Share predicted the same from what is marked alone.", format="percent"),
        "randomised": number("Random weights", help="Rank correlation with the map of random weights.", format="%.2f"),
        "pointing": number("Points right", help="Share whose hottest place is the true one.", format="percent"),
        "iou": number("IoU", help="Intersection over union with the true place.", format="%.2f"),
        "seconds": number("s per clip", format="%.2f"),
    }


def _row(kind: str, summary: dict[str, Any]) -> dict[str, Any]:
    return {"method": METHODS[kind].title, **{name: summary.get(name) for name in _columns() if name != "method"}}


def _progress(job: AssessmentJob) -> None:
    status = job.status
    if status.state == "queued":
        follow.waiting(job)
    else:
        left = [] if status.seconds_left is None else [f"about {seconds(max(status.seconds_left, 1))} left"]
        words = ", ".join([f"{status.message}: step {status.fit} of {status.n_fits}", *left])
        st.progress(min(max(status.fraction, 0.0), 1.0), text=escape(words))
    follow.buttons(job, status, "assessment")


def _ended(job: AssessmentJob | None) -> None:
    if job is None or job.status.state == "done":
        return
    status = job.status
    st.info(escape(status.message or f"The test is {status.state}."), icon=":material/pause_circle:")
    follow.buttons(job, status, "assessment")


def _start(state: State, run: Run) -> None:
    kinds = [method.kind for method in methods_for(run)]
    usual = default_method(run)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = st.pills(
            "Methods",
            kinds,
            selection_mode="multi",
            default=[usual],
            format_func=lambda kind: METHODS[kind].title,
            key=f"assessment.methods {run.id}",
        )
        if st.button("Test them", icon=":material/fact_check:", disabled=not chosen, key="assessment.start"):
            try:
                queue.submit_assessment(run, tuple(chosen), workspace=state.workspace)
            except AudioclfError as error:
                error_boundary.show_error(error)
                return
            queue.ensure_supervisor()
            st.rerun()
