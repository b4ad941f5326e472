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

from audioclf.augment.alteration import Alteration
from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.inference.messages import packed, unpacked
from audioclf.inference.model_server import ModelWorker
from audioclf.inference.predictor import Classification
from audioclf.inference.questions import Altered
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


def _task(key: str, title: str, work: tasks.Work) -> Task:
    """The task of this key, even one that failed: only the user begins that again.

    What this session shows is not asked for again where others' tasks have pushed it out of the server's few.
    """
    shown = next((task for task in _shown().values() if task.key == key and task.finished), None)
    return tasks.find(key) or shown or tasks.start(key, title, work)


def _shown() -> dict[str, Task]:
    """The task that was last shown in every place of this session's pages, by the name of the place."""
    found: dict[str, Task] = st.session_state.setdefault("answers", {})
    return found


def ask(key: str, title: str, work: Callable[[ModelWorker], Any]) -> Task:
    """Task whose result is what ``work`` gets from the process."""
    worker = _worker()
    return _task(key, title, lambda progress, should_stop: work(worker))


def classify(run: Run, clips: Sequence[tuple[Clip, str | None]]) -> Task:
    """Task whose result is a list: for every clip its :class:`~audioclf.inference.predictor.Classification`,
    or the error that explains why there is none.

    Each clip comes with the split whose models are asked; all are where there is none.
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

    return _task(_key("classify", run, [(clip.key, split) for clip, split in clips]), "Listening", work)


def explain(run: Run, clip: Clip, **options: Any) -> Task:
    """Task whose result is an :class:`~audioclf.inference.evidence.Explanation`.

    The options are ``class_index``, ``feature_index``, ``method``, ``split`` and ``start``.
    """
    key = _key("explain", run, clip.key, options)
    return ask(key, "Asking the model", lambda worker: worker.explain(run.folder, clip, **options))


def judge(run: Run, clip: Clip, *, checks: bool = False, **options: Any) -> Task:
    """Task whose result is what :meth:`~audioclf.inference.model_server.ModelWorker.judge` returns."""
    key = _key("judge", run, clip.key, options, checks)
    return ask(key, "Testing the explanation", lambda worker: worker.judge(run.folder, clip, checks=checks, **options))


def show(run: Run, clip: Clip) -> Task:
    """Task whose result is what :meth:`~audioclf.inference.model_server.ModelWorker.show` returns."""
    return ask(_key("show", run, clip.key), "Reading the sound", lambda worker: worker.show(run.folder, clip))


def rank(run: Run) -> Task:
    """Task whose result is the ranking of the run's test clips: :func:`audioclf.training.ranking.ranking`."""
    asked = {"do": "rank", "run": str(run.folder)}
    return ask(_key("rank", run, run.status.updated), "Measuring", lambda worker: worker.ask(asked)[0])


def neighbours(run: Run, number: int, split: str, classes: Sequence[int], k: int) -> Task:
    """Task whose result is a list for every class: the ``k`` training clips nearest to a clip, with distances.

    The clip is given by its number among the run's, with the split in which it was tested.
    """
    about = {"number": number, "split": split, "classes": list(classes), "k": k}
    asked = {"do": "neighbours", "run": str(run.folder), "clip": packed(run.clips[number])[0]} | about
    return ask(
        _key("neighbours", run, about),
        "Looking for training clips that are alike",
        lambda worker: worker.ask(asked)[0]["neighbours"],
    )


def alter(run: Run, clip: Clip, alteration: Alteration, split: str | None) -> Task:
    """Task whose result is :class:`~audioclf.inference.questions.Altered`: the answer to a changed clip."""
    about = {"alteration": alteration.to_dict(), "split": split}

    def work(worker: ModelWorker) -> Altered:
        request = {"do": "alter", "run": str(run.folder), "clip": packed(clip)[0]} | about
        return unpacked(Altered, *worker.ask(request))

    return ask(_key("alter", run, clip.key, about), "Asking the model", work)


def wait(slot: str, task: Task, timeout: float = 0.3, *, height: int = 260) -> Any:
    """The result of a task, or None while it is under way or after it failed; the place shows which.

    Parameters
    ----------
    slot : str
        Name of the place on the page. The result of the task that was last shown there stays at hand.
    task : Task
    timeout : float
        Seconds to wait before the place shows that something is under way.
    height : int
        Of what stands there meanwhile, in pixels; 0 for a line of text alone.
    """
    shown = _shown().get(slot)
    if shown is not None and shown.key == task.key and shown.finished and shown.error is None:
        return shown.result
    _shown()[slot] = task
    if not task.wait(timeout):
        _under_way(task, height)
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
    for place in [place for place, shown in _shown().items() if shown.key == task.key]:
        del _shown()[place]
    st.rerun()


@error_boundary.fragment(run_every=0.5)
def _under_way(task: Task, height: int) -> None:
    if task.finished:
        st.rerun()
    spent = time.monotonic() - task.started
    done, total = task.at
    words = f"{task.title} …" + (f" {done:,} of {count(total, 'sound')}" if total > 1 else "")
    if spent > _SLOW and not warm().finished:
        words += f" the first answer after a start takes ten seconds or more ({spent:.0f} s so far)"
    st.caption(words)
    if height:
        st.skeleton(height=height)
