"""How long a training will take and what memory it needs, beside the forms."""

from __future__ import annotations

import streamlit as st

from audioclf.checks import Outlook
from audioclf.datasets import Dataset
from audioclf.estimate import Estimate, estimate, experience_of
from audioclf.experiment import Experiment
from audioclf.runs import Run
from audioclf.ui import run_list
from audioclf.ui.state import State
from audioclf.ui.text import escape, size, span

_NEWEST = 20
_KEPT = 32


def estimated(state: State, experiment: Experiment, dataset: Dataset, outlook: Outlook) -> Estimate:
    """The estimate, corrected by the workspace's finished runs; kept for the session."""
    finished = [run for run in run_list.runs(state) if run.has_metrics][:_NEWEST]
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


def draw(experiment: Experiment, expected: Estimate | None) -> None:
    """Draw time and memory, and a warning where the latter will hardly do."""
    if expected is None:
        return
    with st.container(horizontal=True, gap="medium"):
        if expected.low is not None and expected.high is not None:
            how = (
                "Counted from the layers, and corrected by how long earlier trainings took here."
                if expected.learned
                else "Counted from the layers and this machine's speed; after a first training it will be closer."
            )
            most = " At most: it may stop earlier." if experiment.training.early_stopping else ""
            st.metric("Time, about", span(expected.low, expected.high), width="content", help=escape(how + most))
        else:
            st.metric("Time", "fitted at once", width="content", help="This kind of model has no epochs to wait for.")
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
