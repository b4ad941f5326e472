"""Make the runs: each in a process of its own, so that one that fails or is killed leaves the others."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from audioclf import recipes
from audioclf.core import workspaces
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.experiments.runs import Run, Watcher, create_run, write_json
from audioclf.experiments.runs.folder import JobFolder
from audioclf.jobs.queue import kill_tree, start_process
from audioclf.reproduce.plan import RANDOM, Data, Planned
from audioclf.tuning import SearchRun, create_search, list_jobs

GRACE = 15.0
"""Seconds a run has to stop when it is asked to, before its process is ended."""

_LOOK = 0.3
_TAG = "reproduces"


def tag(job: JobFolder, planned: Planned) -> None:
    """Note in a run's (or search's) folder which recipe it reproduces, and on which data."""
    data = {"title": planned.data.title, "stand_in": planned.data.stand_in}
    write_json(job.folder / "run.json", {**job.about, _TAG: planned.recipe.name, "data": data})


def reproduces(job: JobFolder) -> str:
    """Name of the recipe a run reproduces; empty for any other run."""
    return str(job.about.get(_TAG, ""))


def planned_of(job: JobFolder) -> Planned | None:
    """What a run was planned as; None where it reproduces nothing that is known here, or is damaged."""
    try:
        recipe = recipes.get(reproduces(job))
        experiment = job.search.experiment if isinstance(job, SearchRun) else job.experiment  # type: ignore[attr-defined]
        data, dataset = job.about["data"], experiment.dataset
        known = Data(
            dataset.name,
            dataset.options,
            str(data["title"]),
            stand_in=bool(data["stand_in"]),
            seconds=experiment.audio.duration,
        )
        at_random = getattr(experiment.model, RANDOM[0], "") == RANDOM[1]
        return Planned(recipe, known, experiment.training.epochs, random_weights=at_random)
    except (AudioclfError, KeyError, TypeError, AttributeError):
        return None


def reproductions(runs: Path) -> list[JobFolder]:
    """Runs below a folder, and searches in the folder ``searches`` beside it, that reproduce a recipe; newest first."""
    return sorted((job for job in list_jobs(runs) if reproduces(job)), key=lambda job: -float(job.about["created"]))


def find(jobs: Iterable[JobFolder], planned: Planned) -> JobFolder | None:
    """The run of exactly what was planned, a finished one before others; None where there is none."""
    same = [job for job in jobs if reproduces(job) == planned.recipe.name and is_as_planned(job, planned)]
    return next((job for job in same if is_done(job)), same[0] if same else None)


def is_as_planned(job: JobFolder, planned: Planned) -> bool:
    """Whether a run is of the planned experiment in every setting."""
    try:
        if isinstance(job, SearchRun):
            return job.search == planned.search
        return isinstance(job, Run) and job.experiment == planned.experiment
    except AudioclfError:  # of another version
        return False


def is_done(job: JobFolder) -> bool:
    """Whether it came to its end."""
    return job.has_metrics if isinstance(job, Run) else job.status.state == "done"


def prepare(planned: Planned, runs: Path) -> JobFolder:
    """The run of what was planned, below a folder (a search beside it); made where there is none yet.

    Raises
    ------
    RunError
        When it cannot be written.
    """
    found = find(reproductions(runs), planned)
    if found is not None:
        return found
    search = planned.search
    parent = runs if search is None else runs.parent / workspaces.SEARCHES
    name = planned.recipe.name
    target, number = parent / name, 1
    while target.exists():
        number += 1
        target = parent / f"{name}-{number}"
    job: JobFolder = (
        create_run(planned.experiment, target, name=name, begun=True)
        if search is None
        else create_search(search, target, name=name, begun=True)
    )
    tag(job, planned)
    return job


def make(job: JobFolder, watch: Watcher | None = None) -> None:
    """Make, or go on making, a run or search in a process of its own; one that is done stays as it is.

    What another process is making already is waited for. Whatever goes wrong stands in the status.

    Parameters
    ----------
    job : JobFolder
    watch : callable, optional
        Summary every new status.

    Raises
    ------
    Stopped
        When the keyboard interrupts; it goes on from there next time.
    """
    if is_done(job):
        return
    reported = 0.0

    def follow() -> None:
        """Report a new status once."""
        nonlocal reported
        status = job.status
        if watch is not None and status.updated != reported and status.state == "running":
            reported = status.updated
            watch(status)
        time.sleep(_LOOK)

    while (status := job.status).state == "running" and status.pid != os.getpid():
        follow()
    if is_done(job):
        return
    (job.folder / "stop").unlink(missing_ok=True)
    child = start_process(job)
    try:
        while child.poll() is None:
            follow()
    except KeyboardInterrupt:
        (job.folder / "stop").touch()
        with contextlib.suppress(subprocess.TimeoutExpired, KeyboardInterrupt):  # who asks twice does not want to wait
            child.wait(GRACE)
        if child.poll() is None:
            kill_tree(child.pid)
            child.wait()
        raise Stopped(f"Stopped in '{job.name}'; the same command goes on from there.") from None
    if watch is not None:
        watch(job.status)


def make_all(planned: Sequence[Planned], folder: Path, watch: Callable[[Planned, JobFolder], Watcher | None]) -> None:
    """Make every run that can be made and is not there yet, one after the other.

    Parameters
    ----------
    planned : sequence of Planned
    folder : Path
        That the runs' folders go into.
    watch : callable
        Called with what is about to be made; returns what is called with its status.
    """
    for item in planned:
        if not item.data.missing:
            job = prepare(item, folder)
            make(job, watch(item, job))
