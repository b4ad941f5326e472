"""The chosen data set: loaded once for everyone, off the page, with progress and a way to stop."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import Stopped, WorkspaceError
from audioclf.datasets import SOURCES, Dataset, Progress, ShouldStop, load_dataset
from audioclf.datasets.catalog.instruments import RENDERED
from audioclf.ui.shell import error_boundary, task_bar, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, plain, progress


def key(name: str, options: Mapping[str, Any]) -> str:
    """Key of the task that loads a data set."""
    return f"dataset {json.dumps([name, dict(options)], sort_keys=True)}"


def load(state: State) -> Task:
    """Task that loads the chosen data set; the one under way or ended where there is one, even if it failed."""
    name, chosen, workspace = state.data, dict(state.options), state.workspace

    def work(report: Progress, should_stop: ShouldStop) -> Dataset:
        require_own(name, chosen, workspace)
        return load_dataset(name, progress=report, should_stop=should_stop, **chosen)

    return tasks.find(_task(state)) or tasks.start(_task(state), f"Loading {short(name)}", work)


def _task(state: State) -> str:
    """Key of the task; what is not the user's to see has one of their own, so that nobody else's result is found."""
    try:
        require_own(state.data, state.options, state.workspace)
    except WorkspaceError:
        return f"refused {state.workspace} {key(state.data, state.options)}"
    return key(state.data, state.options)


def require_own(name: str, options: Mapping[str, Any], workspace: str) -> None:
    """Raise where a data set lies where the user must not look; what a user's options name lies inside of it."""
    path = options.get("path") if name in SOURCES else name
    if path:
        workspaces.require_own(str(path), workspace)


def loaded(state: State) -> Dataset | None:
    """The chosen data set where it is loaded already."""
    task = tasks.find(_task(state)) if state.data else None
    result: Dataset | None = task.result if task is not None and task.finished else None
    return result


def require(state: State) -> Dataset:
    """The chosen data set; where there is none yet, the page says what to do and ends here."""
    if not state.data:
        st.info("No data set is chosen yet.", icon=":material/library_music:")
        offer(state)
        st.stop()
    task = load(state)
    if not task.wait(0.2):
        task_bar.follow(task, lambda done, total: progress(done, total) or "looking for sounds …", "data.stop")
        st.stop()
    if task.error is not None:
        failed(state, task)
        st.stop()
    dataset: Dataset = task.result
    return dataset


def offer(state: State) -> None:
    """The two shortest ways to sounds."""
    with st.container(horizontal=True):
        if st.button("Load the instruments", type="primary", icon=":material/piano:"):
            state.choose("instruments")
            st.rerun()
        if st.button("Choose other sounds", icon=":material/folder_open:"):
            st.switch_page("pages/data.py")


def failed(state: State, task: Task) -> None:
    """Say why a data set did not load, and offer to try again or to take another."""
    assert task.error is not None
    if isinstance(task.error, Stopped):
        st.info("Loading was stopped.", icon=":material/stop_circle:")
    else:
        error_boundary.show_error(task.error)
    with st.container(horizontal=True):
        if st.button("Try again", icon=":material/refresh:"):
            tasks.forget(task.key)
            st.rerun()
        if st.button("Choose another data set", icon=":material/close:"):
            state.choose("")
            st.rerun()


def short(name: str) -> str:
    """A data set's name or the last part of its path, for people."""
    return plain(name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or name, 60)


def title(state: State) -> str:
    """Name of the chosen data set."""
    dataset = loaded(state)
    if dataset is not None:
        return dataset.name
    return short(state.data).capitalize() if state.data in RENDERED else short(state.data) or "None chosen yet"


def summary(state: State) -> str:
    """One line about the chosen data set."""
    dataset = loaded(state)
    if dataset is not None:
        return f"{count(len(dataset), 'clip')}, {count(len(dataset.classes), 'class', 'classes')}"
    if not state.data:
        return "Choose one on the Data page"
    task = tasks.find(_task(state))
    return "Not loaded yet" if task is None or task.error is None else "Could not be loaded"


def known_groups(dataset: Dataset) -> str:
    """How many groups and official folds a data set names: what a split can go by."""
    groups = len({clip.group for clip in dataset.clips if clip.group is not None})
    folds = len({clip.fold for clip in dataset.clips if clip.fold is not None})
    return (
        f"{count(groups, 'group') if groups else 'no groups'} and"
        f" {count(folds, 'official fold') if folds else 'no official folds'}"
        + (", and an official split" if any(clip.split for clip in dataset.clips) else "")
    )
