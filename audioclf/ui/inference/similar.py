"""What is near to a clip in its data set, with players; found in the background, kept by content."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Run
from audioclf.inference.messages import packed
from audioclf.similarity.atlas import Atlas
from audioclf.similarity.vectors import RUN, SPACES
from audioclf.ui.shell import similarity_task, task_bar, warmup
from audioclf.ui.shell import state as states
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, plain
from audioclf.ui.sound import clip_list

SHOWN = 6
"""Neighbours that are drawn."""

_turn = threading.Semaphore(1)
"""One atlas at a time: each takes all processors there are."""


def space(key: str, run: Run | None = None) -> str:
    """Draw the choice of what clips are compared by."""
    titles = dict(SPACES) | ({RUN: f"Last layer of {plain(run.name, 40)}"} if run is not None else {})
    return str(
        st.selectbox("Compared by", list(titles), format_func=titles.__getitem__, key=key, persist_state="session")
    )


def atlas(dataset: Dataset, by: str, method: str = "pca", run: Run | None = None) -> Task:
    """Task whose result is the :class:`~audioclf.similarity.atlas.Atlas` of a data set; shared by who has the same."""
    folder = str(run.folder) if run is not None and by == RUN else ""
    return similarity_task.task(
        f"atlas {_content(dataset.fingerprint, dataset)} {by} {method} {folder}",
        "Comparing the clips",
        "make_atlas",
        dataset,
        Atlas,
        turn=_turn,
        space=by,
        method=method,
        run=folder,
    )


@st.cache_resource(max_entries=64, show_spinner=False)
def _content(fingerprint: str, _dataset: Dataset) -> str:
    """Hash of the sounds alone: another label is the same map."""
    import hashlib

    return hashlib.blake2b("".join(clip.key for clip in _dataset.clips).encode(), digest_size=12).hexdigest()


def ready(task: Task, key: str) -> Any:
    """The task's result; None while it is under way or after it failed, which is drawn."""
    return task_bar.result(task, _amount, key, "Stopped; what was computed so far is kept.")


def _amount(done: int, total: int) -> str:
    if not total:
        return "starting …"
    return "arranging them …" if done >= total else f"{done:,} of {count(total, 'clip')}"


def toggle(state: State, dataset: Dataset | None, clip: Clip, key: str) -> None:
    """Draw a switch, and below it, where it is on, the neighbours of a clip of the data set."""
    if dataset is None or len(dataset) < 3 or not st.toggle("Similar clips in the data set", key=f"{key}.on"):
        return
    # a clip that was edited is found by its sound
    same = [n for n, one in enumerate(dataset.clips) if one.key == clip.key]
    number = next((n for n in same if dataset.clips[n] == clip), same[0] if same else None)
    if number is None:
        st.caption("This clip is not in the data set.")
        return
    found = ready(atlas(dataset, space(f"{key}.by")), key)
    if found is not None:
        players(state, dataset, found.near[number], found.similarity[number], key)


def players(state: State, dataset: Dataset, near: Sequence[int], similarity: Sequence[float], key: str) -> None:
    """Draw the first of some clips with how similar they are."""
    warmup.until_ready()
    clips = [dataset.clips[int(other)] for other in near[:SHOWN]]
    titles = [
        f"{plain(clip.label, 36)} · {100 * max(float(value), 0):.1f}"
        for clip, value in zip(clips, similarity[:SHOWN], strict=True)
    ]
    st.caption("The nearest clips, with their similarity (cosine, 100 is the same).")
    clip_list.players(state, key, dataset, clips, titles)


def of_run(run: Run, clip: Clip, key: str) -> None:
    """Draw a switch, and below it the clips of a run's data set that are nearest to any sound."""
    if len(run.clips) < 3 or not st.toggle("Similar clips in the model's data set", key=f"{key}.on"):
        return
    from audioclf.ui.inference import model_client

    by = space(f"{key}.by")
    dataset = Dataset("", run.clips)
    if ready(atlas(dataset, by), key) is None:  # its vectors are at hand from then on
        return
    request = {"do": "near", "run": str(run.folder), "clip": packed(clip)[0], "space": by, "k": SHOWN}
    task = model_client.ask(f"near {by} {clip.key} {run.folder}", "Comparing", lambda worker: worker.ask(request)[0])
    found = model_client.wait(f"{key}.near", task)
    if found is not None:
        players(states.current(), dataset, found["near"], found["similarity"], key)


def chosen_run(state: State, dataset: Dataset) -> Run | None:
    """The chosen run, where its clips are those of the data set."""
    from audioclf.ui.jobs import run_picker

    run = run_picker.find(state, state.run)
    if run is None or run.status.state != "done" or not run.clips:
        return None
    keys = {clip.key for clip in run.clips}
    return run if sum(clip.key in keys for clip in dataset.clips) > len(dataset) / 2 else None
