"""Answers of trained models: one warm process for the whole server, asked from a task, never from a page.

It is given the path and the stretch of a clip, as a page has it: of a data set or a run that the workspace may open,
or of what was uploaded, which lies in the cache folder.

The process imports the deep-learning library, which takes some ten seconds once; the web server never does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.inference.model_server import ModelWorker
from audioclf.inference.predictor import Classification
from audioclf.ui.shell import error_boundary, tasks
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count

_WARM = "models warm"
_SLOW = 2.0


@st.cache_resource(show_spinner=False)
def _worker() -> ModelWorker:
    return ModelWorker()


def warm() -> Task:
    """Start the process where it does not run yet; pages that will ask call this first."""
    worker = _worker()
    return tasks.start(_WARM, "Waking the models up", lambda progress, should_stop: worker.warm())


def _key(what: str, run: Run, *about: Any) -> str:
    signature = run.folder / "model.json"
    stamp = signature.stat().st_mtime_ns if signature.exists() else 0
    return f"{what} {json.dumps([str(run.folder), stamp, *about], sort_keys=True)}"


def _ask(key: str, title: str, work: tasks.Work) -> Task:
    """The task of this key, even one that failed: only the user begins that again."""
    return tasks.find(key) or tasks.start(key, title, work)


def classify(run: Run, clips: Sequence[tuple[Clip, str | None]]) -> Task:
    """Task whose result is a list: for every clip its :class:`~audioclf.inference.predictor.Classification`,
    or the error that explains why there is none.

    Parameters
    ----------
    run : Run
    clips : sequence of (Clip, str or None)
        Each with the split whose models are asked; all are where there is none.
    """
    worker = _worker()

    def work(progress: tasks.Progress, should_stop: Any) -> list[Classification | AudioclfError]:
        found: list[Classification | AudioclfError] = []
        for clip, split in clips:
            progress(len(found), len(clips))
            try:
                found.append(worker.classify(run.folder, clip, split=split))
            except AudioclfError as error:
                found.append(error)
        return found

    return _ask(_key("classify", run, [(clip.key, split) for clip, split in clips]), "Listening", work)


def explain(run: Run, clip: Clip, **options: Any) -> Task:
    """Task whose result is an :class:`~audioclf.inference.predictor.Explanation`.

    Parameters
    ----------
    run : Run
    clip : Clip
    **options
        ``class_index``, ``feature_index``, ``method``, ``split``, ``start``.
    """
    worker = _worker()

    def work(progress: tasks.Progress, should_stop: Any) -> Any:
        return worker.explain(run.folder, clip, **options)

    return _ask(_key("explain", run, clip.key, options), "Asking the model", work)


def show(run: Run, clip: Clip) -> Task:
    """Task whose result is what :meth:`~audioclf.inference.model_server.ModelWorker.show` returns."""
    worker = _worker()
    return _ask(_key("show", run, clip.key), "Reading the sound", lambda progress, stop: worker.show(run.folder, clip))


def ask(key: str, title: str, work: Callable[[ModelWorker], Any]) -> Task:
    """Task whose result is what ``work`` gets from the process."""
    worker = _worker()
    return _ask(key, title, lambda progress, should_stop: work(worker))


def wait(slot: str, task: Task, timeout: float = 0.3) -> Any:
    """The result of a task, or None while it is under way or after it failed; the place shows which.

    Parameters
    ----------
    slot : str
        Name of the place on the page. The result of the task that was last shown there stays at hand.
    task : Task
    timeout : float
        Seconds to wait before the place shows that something is under way.
    """
    shown: Task | None = st.session_state.get(f"answer {slot}")
    if shown is not None and shown.key == task.key and shown.finished and shown.error is None:
        return shown.result
    st.session_state[f"answer {slot}"] = task
    if not task.wait(timeout):
        _under_way(task)
        return None
    if task.error is not None:
        error_boundary.show_error(task.error)
        if st.button("Try again", key=f"{slot}.again", icon=":material/refresh:"):
            again(slot, task)
        return None
    return task.result


def again(slot: str, task: Task) -> None:
    """Ask anew."""
    tasks.forget(task.key)
    st.session_state.pop(f"answer {slot}", None)
    st.rerun()


@error_boundary.fragment(run_every=0.5)
def _under_way(task: Task) -> None:
    if task.finished:
        st.rerun()
    spent = time.monotonic() - task.started
    words = f"{task.title} …" + (f" {task.done:,} of {count(task.total, 'sound')}" if task.total > 1 else "")
    if spent > _SLOW and not warm().finished:
        words += f" the first answer after a start takes ten seconds or more ({spent:.0f} s so far)"
    st.caption(words)
    st.skeleton(height=260)
