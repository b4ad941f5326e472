"""How long a training will take and what memory it needs, beside the forms."""

from __future__ import annotations

import streamlit as st

from audioclf.datasets import Dataset
from audioclf.experiments.calibration import experience_of
from audioclf.experiments.config import Experiment
from audioclf.experiments.estimate import Estimate, estimate
from audioclf.experiments.preflight import Outlook
from audioclf.experiments.runs import Run
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, size, span

_NEWEST = 20
_KEPT = 32


def estimated(state: State, experiment: Experiment, dataset: Dataset, outlook: Outlook) -> Estimate:
    """The estimate, corrected by the workspace's finished runs; kept for the session."""
    finished = [run for run in run_picker.runs(state) if run.has_metrics][:_NEWEST]
    kept: dict[tuple[str, str, str], Estimate] = st.session_state.setdefault("train.estimates", {})
    key = (experiment.to_toml(), dataset.fingerprint, " ".join(run.id for run in finished))
    if key not in kept:
        while len(kept) >= _KEPT:
            del kept[next(iter(kept))]
        known = [_experience(str(run.folder), run) for run in finished]
        kept[key] = estimate(experiment, dataset, outlook, experience=[found for found in known if found is not None])
    return kept[key]


@st.cache_data(max_entries=4096, show_spinner=False)
def _experience(folder: str, _run: Run) -> tuple[str, float] | None:
    return experience_of(_run)


def _how(experiment: Experiment, learned: bool) -> str:
    """Where the time comes from, and how far it can be trusted."""
    network = experiment.model.family == "network"
    source = "the layers" if network else "the clips and their values"
    said = f"Counted from {source} and this machine's speed; after a first training it will be closer."
    if learned:
        said = f"Counted from {source}, and corrected by how long earlier trainings took here."
    elif not network:
        said += " Only an order of magnitude: how long it is fitted depends on how hard the classes are to tell apart."
    if network and experiment.training.early_stopping:
        said += " At most: it may stop earlier."
    return said


def draw(experiment: Experiment, expected: Estimate | None) -> None:
    """Draw time and memory, and a warning where the latter will hardly do."""
    if expected is None:
        return
    with st.container(horizontal=True, gap="medium"):
        if expected.low is not None and expected.high is not None:
            st.metric(
                "Time, about",
                span(expected.low, expected.high),
                width="content",
                help=escape(_how(experiment, expected.learned)),
            )
        else:
            st.metric("Time", "not known", width="content", help="Nobody has said how long this model is fitted.")
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
            f" {size(expected.memory_bytes)}. Take a smaller picture, batch or network, or fewer clips.",
            icon=":material/memory:",
        )
