"""Make the runs: each in a process of its own, so that one that fails or is killed leaves the others."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path

from audioclf import recipes
from audioclf.errors import AudioclfError, Stopped
from audioclf.experiment import Experiment
from audioclf.reproduce.plan import Data, Planned
from audioclf.runs import Run, Status, create_run, list_runs, write_json

Watch = Callable[[Status], None]

GRACE = 15.0
"""Seconds a run has to stop when it is asked to, before its process is ended."""

_LOOK = 0.3
_TAG = "reproduces"


def tag(run: Run, planned: Planned) -> None:
    """Note in a run's folder which recipe it reproduces, and on which data."""
    data = {"title": planned.data.title, "stand_in": planned.data.stand_in}
    write_json(run.folder / "run.json", {**run.about, _TAG: planned.recipe.name, "data": data})


def reproduces(run: Run) -> str:
    """Name of the recipe a run reproduces; empty for any other run."""
    return str(run.about.get(_TAG, ""))


def planned_of(run: Run) -> Planned | None:
    """What a run was planned as; None where it reproduces nothing that is known here, or is damaged."""
    try:
        recipe, experiment = recipes.get(reproduces(run)), run.experiment
        data = run.about["data"]
        dataset = experiment.dataset
        known = Data(
            dataset.name,
            dataset.options,
            str(data["title"]),
            stand_in=bool(data["stand_in"]),
            seconds=experiment.audio.duration,
        )
        return Planned(recipe, known, experiment.training.epochs)
    except (AudioclfError, KeyError, TypeError):
        return None


def reproductions(folder: Path) -> list[Run]:
    """Runs below a folder that reproduce a recipe, newest first."""
    return [run for run in list_runs(folder) if reproduces(run)]


def find(runs: Iterable[Run], planned: Planned) -> Run | None:
    """The run of exactly this experiment, a finished one before others; None where there is none."""
    same = [run for run in runs if reproduces(run) == planned.recipe.name and _is_of(run, planned.experiment)]
    return next((run for run in same if run.has_metrics), same[0] if same else None)


def _is_of(run: Run, experiment: Experiment) -> bool:
    try:
        return run.experiment == experiment
    except AudioclfError:  # of another version
        return False


def prepare(planned: Planned, folder: Path) -> Run:
    """The run of this experiment below a folder; made where there is none yet.

    Raises
    ------
    RunError
        When it cannot be written.
    """
    found = find(reproductions(folder), planned)
    if found is not None:
        return found
    target, number = folder / planned.recipe.name, 1
    while target.exists():
        number += 1
        target = folder / f"{planned.recipe.name}-{number}"
    run = create_run(planned.experiment, target, name=planned.recipe.name)
    tag(run, planned)
    return run


def make(run: Run, watch: Watch | None = None) -> Run:
    """Make, or go on making, a run in a process of its own; one that is done stays as it is.

    A run that another process is making already is waited for. Whatever goes wrong stands in the run's status.

    Parameters
    ----------
    run : Run
    watch : callable, optional
        Told every new status.

    Raises
    ------
    Stopped
        When the keyboard interrupts; the run goes on from there next time.
    """
    if run.has_metrics:
        return run
    follow = _Follower(run, watch)
    while run.status.state == "running":
        follow()
        time.sleep(_LOOK)
    if run.has_metrics:
        return run
    (run.folder / "stop").unlink(missing_ok=True)
    with (run.folder / "log.txt").open("ab") as log:
        child = subprocess.Popen(
            [sys.executable, "-m", "audioclf.worker", str(run.folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(os.environ, PYTHONUNBUFFERED="1"),
            start_new_session=True,
        )
    try:
        while child.poll() is None:
            follow()
            time.sleep(_LOOK)
    except KeyboardInterrupt:
        (run.folder / "stop").touch()
        try:
            child.wait(GRACE)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
        raise Stopped(f"Stopped in '{run.name}'; the same command goes on from there.") from None
    if watch is not None:
        watch(run.status)
    return run


class _Follower:
    """Tells each status once."""

    def __init__(self, run: Run, watch: Watch | None) -> None:
        self.run, self.watch, self.told = run, watch, 0.0

    def __call__(self) -> None:
        status = self.run.status
        if self.watch is not None and status.updated != self.told and status.state == "running":
            self.told = status.updated
            self.watch(status)
