"""How many clips are enough? Accuracy over clips per class, with one button."""

from __future__ import annotations

import streamlit as st

from audioclf.datasets import Dataset
from audioclf.embeddings import EMBEDDINGS
from audioclf.plots.learning import learning_chart
from audioclf.similarity import choice
from audioclf.similarity.learning_curve import SCRATCH, LearningCurve, title
from audioclf.ui.forms import experiment_draft
from audioclf.ui.shell import similarity_task, task_bar, tasks, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape


def draw(state: State, dataset: Dataset) -> None:
    """Draw the button, the progress, or the picture."""
    if len(dataset.classes) < 2 or len(dataset) > choice.MOST_CLIPS:
        st.info(f"A learning curve needs two classes, and at most {choice.MOST_CLIPS:,} clips.")
        return
    ways = [kind for kind, model in EMBEDDINGS.items() if model().at_hand] + [SCRATCH]
    chosen = st.pills(
        "Models to compare",
        ways,
        default=ways,
        selection_mode="multi",
        format_func=title,
        key="learning.ways",
        persist_state="session",
    )
    key = f"learning curve {dataset.fingerprint} {sorted(chosen)}"
    task = tasks.find(key)
    if task is None:
        st.markdown(
            "Each model learns from 1, 3, 5, 10, 20 and all clips of every class, drawn several times, and is tested on"
            " the same clips, which never train."
        )
        if st.button("Draw the learning curve", type="primary", icon=":material/show_chart:", disabled=not chosen):
            similarity_task.task(
                key,
                "Drawing the learning curve",
                "make_curve",
                dataset,
                LearningCurve,
                split=experiment_draft.split_of(dataset).to_dict(),
                ways=list(chosen),
            )
            st.rerun()
        return
    stopped = "Stopped; features that were computed are kept."
    found = task_bar.result(task, lambda done, total: f"{done / max(total, 1):.0%}", "learning", stopped)
    if found is not None:
        _picture(found)


def _picture(found: LearningCurve) -> None:
    warmup.until_ready()
    rows = [
        {
            "way": title(point.way),
            "clips": point.per_class,
            "train": point.n_train,
            "accuracy": round(point.accuracy, 4),
            "low": round(point.interval[0], 4),
            "high": round(point.interval[1], 4),
        }
        for point in found.points
    ]
    st.info(escape(found.sentence), icon=":material/lightbulb:")
    st.vega_lite_chart(learning_chart(rows, [title(way) for way in found.ways]), key="learning.chart")
    n_test = found.points[0].n_test
    st.caption(escape(f"Tested on {n_test:,} clips ({found.protocol}). The bands are 95 % intervals."))
