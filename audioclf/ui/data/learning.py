"""How many clips are enough? Accuracy over clips per class, with one button."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.datasets import Dataset
from audioclf.embeddings import EMBEDDINGS
from audioclf.inference.messages import packed, unpacked
from audioclf.jobs import background
from audioclf.plots.learning import learning_chart
from audioclf.similarity import choice
from audioclf.similarity.learning_curve import SCRATCH, LearningCurve, title
from audioclf.ui.forms import experiment_draft
from audioclf.ui.shell import task_bar, tasks, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tasks import Task
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
            _start(key, dataset, list(chosen))
            st.rerun()
        return
    if not task.wait(0.2):
        task_bar.follow(task, lambda done, total: f"{done / max(total, 1):.0%}", "learning.stop")
    elif task.error is not None:
        task_bar.failed(task, "Stopped; features that were computed are kept.", "Try again", "learning.again")
    else:
        _picture(task.result)


def _start(key: str, dataset: Dataset, ways: list[str]) -> Task:
    split = experiment_draft.split_of(dataset)

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> LearningCurve:
        request = {
            "dataset": packed(dataset)[0],
            "split": split.to_dict(),
            "ways": ways,
        }
        values, _ = background.run_task(
            "similarity.tasks:make_curve", request, progress=progress, should_stop=should_stop
        )
        return unpacked(LearningCurve, values)

    return tasks.start(key, "Drawing the learning curve", work)


def _picture(found: LearningCurve) -> None:
    warmup.until_ready()
    rows = []
    for point in found.points:
        low, high = point.interval
        rows.append(
            {
                "way": title(point.way),
                "clips": point.per_class,
                "train": point.n_train,
                "accuracy": round(point.accuracy, 4),
                "low": round(low, 4),
                "high": round(high, 4),
            }
        )
    st.info(escape(found.sentence), icon=":material/lightbulb:")
    st.vega_lite_chart(learning_chart(rows, [title(way) for way in found.ways]), key="learning.chart")
    n_test = found.points[0].n_test
    st.caption(escape(f"Tested on {n_test:,} clips ({found.protocol}). The bands are 95 % intervals."))
