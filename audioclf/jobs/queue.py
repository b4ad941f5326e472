"""Jobs: runs and searches that are being made, each in an operating-system process of its own.

The truth lies in their folders: a queue entry is a run whose status is ``"queued"``, a stop
request is a file. One supervisor per data home starts the processes, a bounded number at a time
and in fair turns between workspaces, and adopts those that outlived an earlier server.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from collections import defaultdict
from dataclasses import asdict, replace
from pathlib import Path

from audioclf.core import forkserver, memory, settings, workspaces
from audioclf.core.errors import RunError
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import (
    STOPPED,
    Run,
    Status,
    create_run,
    new_folder,
    process_created,
    process_lives,
    write_json,
)
from audioclf.experiments.runs.folder import JobFolder
from audioclf.inference.assessment_job import AssessmentJob, create_assessment, list_assessments
from audioclf.inference.scan import Scan
from audioclf.models.trust import require_allowed
from audioclf.tuning import Search, SearchRun, create_search, list_jobs

GRACE = 10.0
"""Seconds a job has to heed a stop request before it is killed."""


def submit(experiment: Experiment, *, workspace: str = workspaces.DEFAULT, name: str = "", data_title: str = "") -> Run:
    """Queue an experiment; the supervisor makes it as soon as it is its turn.

    Parameters
    ----------
    experiment : Experiment
    workspace : str
    name, data_title : str
        As of :func:`audioclf.experiments.runs.create_run`.

    Raises
    ------
    ParameterError
        When its model is not for the web app.
    WorkspaceError
        When the workspace or the disk is full.
    """
    require_allowed(experiment.model)
    workspaces.require_room(workspace=workspace)
    folder = new_folder(workspaces.runs_folder(workspace))
    return create_run(experiment, folder, name=name, data_title=data_title)


def submit_search(search: Search, *, workspace: str = workspaces.DEFAULT, name: str = "") -> SearchRun:
    """Queue a search, as :func:`submit` an experiment; all points are made in one process."""
    for point in search.preview:
        require_allowed(point.experiment.model)
    workspaces.require_room(workspace=workspace)
    return create_search(search, new_folder(workspaces.searches_folder(workspace)), name=name)


def submit_assessment(run: Run, methods: tuple[str, ...], *, workspace: str = workspaces.DEFAULT) -> AssessmentJob:
    """Queue a test of a finished run's explanations; see :func:`audioclf.inference.assessment_job.create_assessment`.

    Raises
    ------
    RunError
        While one is under way already.
    WorkspaceError
        When the workspace or the disk is full.
    """
    workspaces.require_room(workspace=workspace)
    return create_assessment(run, methods)


def stop(run: JobFolder) -> None:
    """Ask a run to stop; it heeds within a batch, or is killed after :data:`GRACE` seconds."""
    (run.folder / "stop").touch()
    if run.status.state == "queued":
        _write(run, state="stopped", message="Stopped before it began.")


def resume(run: JobFolder) -> None:
    """Put a run that did not come to its end back in the queue; it goes on from its last epoch.

    Raises
    ------
    RunError
        When it is done, or still under way.
    """
    status = run.status
    if not status.ended or status.state == "done":
        raise RunError(
            f"{run.what.capitalize()} '{run.name}' is {status.state}; only a stopped, failed or interrupted one can be"
            " resumed."
        )
    (run.folder / "stop").unlink(missing_ok=True)
    _write(run, state="queued", message="", spent=status.worked, started=0.0)


def queue_position(run: JobFolder) -> int:
    """How many runs and searches of all workspaces were queued before this one."""
    if run.status.state != "queued":
        return 0
    waiting = [other for other in _all_jobs() if other.status.state == "queued"]
    created = run.about["created"]
    return sum(other.about["created"] < created for other in waiting)


class Supervisor:
    """Starts, watches and ends the jobs of one data home: of that which is set when it is made.

    Parameters
    ----------
    max_jobs : int, optional
        Processes at a time; the setting ``max_jobs`` where left out.
    interval : float
        Seconds between two looks at the folders.
    """

    def __init__(self, max_jobs: int | None = None, interval: float = 0.5) -> None:
        self.max_jobs = int(settings.number("max_jobs", low=1)) if max_jobs is None else max_jobs
        self.home = settings.home()
        self.interval = interval
        self._children: dict[Path, forkserver.Process] = {}
        self._begun: dict[Path, tuple[int, int]] = {}
        self._served: dict[str, float] = defaultdict(float)
        self._ended: dict[Path, int] = {}
        self._stopping: dict[Path, float] = {}
        self._closed = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin, in a thread of its own."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._loop, name="audioclf-supervisor", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """End the thread and leave the home to others; running jobs go on, and a later supervisor adopts them."""
        self._closed.set()
        if self._thread is not None:
            self._thread.join()
        with contextlib.suppress(FileNotFoundError):
            if self._claim.read_text(encoding="utf-8") == _this_process():
                self._claim.unlink()

    def _loop(self) -> None:
        while not self._closed.wait(self.interval):
            try:
                if settings.home() == self.home and self._in_charge():
                    self.step()
            except Exception:  # one bad folder must not end everybody's queue
                import logging

                logging.getLogger(__name__).exception("supervisor")
                self._closed.wait(5)

    def step(self) -> None:
        """Look at every run once: reap, stop, start."""
        running: list[JobFolder] = []
        queued: list[JobFolder] = []
        for run in self._open_runs():
            self._reap(run)
            status = run.status
            if status.state == "running":
                running.append(run)
                self._enforce_stop(run, status)
            elif run.folder in self._children:
                running.append(run)  # started, and not yet so far as to say so
                self._enforce_stop(run, status)
            elif status.state == "queued":
                queued.append(run)
            if status.ended and run.folder not in self._children:
                self._ended[run.folder] = _changed(run.folder)
        while queued and len(running) < self.max_jobs:
            chosen = self._next(queued, running)
            queued.remove(chosen)
            self._start(chosen)
            running.append(chosen)

    def _open_runs(self) -> list[JobFolder]:
        """Runs that are not known to have ended; an ended one counts again when its status changes."""
        return [run for run in _all_jobs() if self._ended.get(run.folder) != _changed(run.folder)]

    def _next(self, queued: list[JobFolder], running: list[JobFolder]) -> JobFolder:
        """The oldest run of the workspace that has the fewest running, then waited longest."""
        busy: dict[str, int] = defaultdict(int)
        for run in running:
            busy[_workspace(run)] += 1
        return min(
            queued,
            key=lambda run: (busy[_workspace(run)], self._served[_workspace(run)], run.about["created"], run.id),
        )

    def _start(self, run: JobFolder) -> None:
        self._served[_workspace(run)] = time.monotonic()
        self._begun[run.folder] = memory.oom_kills(), memory.log_size(run.folder / "log.txt")
        self._children[run.folder] = start_process(run)
        pid = self._children[run.folder].pid
        _write(run, state="running", message="Starting", started=time.time(), pid=pid, pid_created=process_created(pid))

    def _reap(self, run: JobFolder) -> None:
        child = self._children.get(run.folder)
        code = None if child is None else child.poll()
        if code is None:
            return
        del self._children[run.folder]
        begun = self._begun.pop(run.folder, None)
        # one that heeds at once has ended before this supervisor saw that it was asked
        asked = self._stopping.pop(run.folder, None) is not None or (run.folder / "stop").exists()
        if run.status.state in ("running", "interrupted", "stopped"):
            _write(run, **_ending(code, asked, run, begun))

    def _enforce_stop(self, run: JobFolder, status: Status) -> None:
        if not (run.folder / "stop").exists():
            return
        first = self._stopping.setdefault(run.folder, time.monotonic())
        if time.monotonic() - first < GRACE:
            return
        child = self._children.get(run.folder)
        kill_tree(child.pid if child else status.pid, 0.0 if child else status.pid_created)
        if child is None:
            self._stopping.pop(run.folder)
            _write(run, **_ending(-9, True, run))

    @property
    def _claim(self) -> Path:
        """File that names the process in charge."""
        return self.home / "supervisor"

    def _in_charge(self) -> bool:
        """Whether this process is the one supervisor of the data home; takes over from a dead one."""
        path, mine = self._claim, _this_process()
        with contextlib.suppress(FileExistsError), path.open("x", encoding="utf-8") as file:
            file.write(mine)
        try:
            pid, created = path.read_text(encoding="utf-8").split()
        except (ValueError, FileNotFoundError):  # being written by another at this moment
            if path.exists() and time.time() - path.stat().st_mtime > 5:
                path.unlink(missing_ok=True)
            return False
        if f"{pid} {created}" == mine:
            return True
        if not process_lives(int(pid), float(created)):
            path.unlink(missing_ok=True)
        return False


def _this_process() -> str:
    return f"{os.getpid()} {process_created(os.getpid()):.2f}"


def start_process(job: JobFolder | Scan) -> forkserver.Process:
    """Start the process that makes a run, a search or a scan; what it prints is added to the folder's log."""
    with (job.folder / "log.txt").open("ab") as log:
        return forkserver.start(
            "audioclf.jobs.worker",
            str(job.folder),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(os.environ, PYTHONUNBUFFERED="1"),
            start_new_session=True,
            preloaded=not isinstance(job, Scan),
        )


def kill_tree(pid: int, created: float = 0.0) -> None:
    """End a process and all it started, at once; nothing happens where it is gone or another's."""
    import psutil

    if pid <= 0 or (created and not process_lives(pid, created)):
        return
    with contextlib.suppress(psutil.Error):
        process = psutil.Process(pid)
        for victim in [*process.children(recursive=True), process]:
            with contextlib.suppress(psutil.Error):
                victim.kill()


_supervisor: Supervisor | None = None
_left: list[forkserver.Process] = []
"""Jobs of a data home that is no longer set; they go on, and are kept here until they have ended."""
_lock = threading.Lock()


def ensure_supervisor() -> Supervisor:
    """The supervisor of this process for the data home that is set, started on first use."""
    global _supervisor
    with _lock:
        _left[:] = [child for child in _left if child.poll() is None]
        if _supervisor is not None and _supervisor.home != settings.home():
            _supervisor.close()
            _left.extend(_supervisor._children.values())
            _supervisor = None
        if _supervisor is None:
            _supervisor = Supervisor()
            _supervisor.start()
    return _supervisor


def _ending(code: int, asked: bool, job: JobFolder, begun: tuple[int, int] | None = None) -> dict[str, str]:
    """What a job's status says when its process has gone; ``begun`` counts OOM kills and log bytes at its start."""
    if asked:
        return {"state": "stopped", "message": STOPPED}
    if begun is not None and memory.ran_out(code, begun[0], job.folder / "log.txt", begun[1]):
        why, rest = "memory ran out", "resume it, or take a smaller model or batch"
    else:
        why, rest = memory.ended_by(code), "resume it, or look into log.txt in its folder"
    return {"state": "interrupted", "message": f"The {job.word}'s process ended by itself ({why}); {rest}."}


def _write(run: JobFolder, **changes: object) -> None:
    write_json(run.folder / "status.json", asdict(replace(run.status, updated=time.time(), **changes)))  # type: ignore[arg-type]


def _all_jobs() -> list[JobFolder]:
    """Runs, searches and tests of explanations of all workspaces; the points of a search are its own affair."""
    found: list[JobFolder] = []
    for folder in workspaces.folders():
        found += list_jobs(folder / workspaces.RUNS)
        found += list_assessments(folder / workspaces.RUNS)
    return found


def _workspace(run: JobFolder) -> str:
    return run.place.parent.parent.name


def _changed(folder: Path) -> int:
    try:
        return (folder / "status.json").stat().st_mtime_ns
    except OSError:
        return 0
