"""How long a training will take and what memory it needs, beside the forms."""

from __future__ import annotations

import streamlit as st

from audioclf.experiments.config import Experiment
from audioclf.experiments.estimate import Estimate, Pace, estimate, pace_of
from audioclf.experiments.preflight import Plan
from audioclf.experiments.runs import Run
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, size, span

_NEWEST = 20


def estimated(state: State, experiment: Experiment, plan: Plan) -> Estimate:
    """The estimate, from the workspace's finished runs."""
    finished = [run for run in run_picker.runs(state) if run.has_metrics][:_NEWEST]
    paces = [_pace(str(run.folder), run) for run in finished]
    return estimate(experiment, plan, paces=[pace for pace in paces if pace is not None])


@st.cache_data(max_entries=4096, show_spinner=False)
def _pace(folder: str, _run: Run) -> Pace | None:
    return pace_of(_run)


def sentence(experiment: Experiment, expected: Estimate) -> str:
    """The time, or when it will be known."""
    if expected.seconds is not None:
        return f"Training takes about **{span(expected.seconds, expected.seconds)}** here."
    if experiment.model.family == "network":
        return "Time is shown after the first epoch."
    return "How long it takes is known after a first run."


def draw(experiment: Experiment, expected: Estimate | None) -> None:
    """Draw time and memory, and a warning where the latter will hardly do."""
    if expected is None:
        return
    with st.container(horizontal=True, gap="medium"):
        if expected.seconds is not None:
            most = " At most: it may stop earlier." if experiment.training.early_stopping else ""
            st.metric(
                "Training takes about",
                span(expected.seconds, expected.seconds),
                width="content",
                help=f"From runs of the same model on inputs of the same shape.{most}",
            )
        parts = [f"features {size(expected.feature_bytes)}"]
        if expected.model_bytes:
            parts += [f"network {size(expected.model_bytes)}", f"one batch {size(expected.batch_bytes)}"]
        st.metric(
            "Memory, about",
            size(expected.memory_bytes),
            width="content",
            help=escape(f"{', '.join(parts)}, and what the program itself needs."),
        )
    if not expected.fits:
        st.warning(
            f"A training may take {size(expected.most_bytes)} here, and this one needs about"
            f" {size(expected.memory_bytes)}. Take a smaller feature map, batch or network, or fewer clips.",
            icon=":material/memory:",
        )
