"""Scans off the page: sounds are stored, and a process of its own listens, one scan at a time."""

from __future__ import annotations

import functools
import secrets
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from audioclf.core import settings, workspaces
from audioclf.core.errors import DatasetError, RunError
from audioclf.datasets import Progress, ShouldStop, mount
from audioclf.datasets.ingest import archive, staging
from audioclf.datasets.ingest.file_tree import Tree
from audioclf.experiments.runs import Run
from audioclf.inference.events import EventSettings
from audioclf.inference.scan import Scan, create_scan, new_scan_folder, scans_folder
from audioclf.inference.scan_records import ScanStatus
from audioclf.inference.thresholds import read_thresholds
from audioclf.jobs import queue
from audioclf.ui.shell import tasks, typed_path
from audioclf.ui.shell.tasks import Task

_turn = threading.Semaphore(1)
"""Scans wait for each other: the processors are there for training and for everybody's questions, too."""

_working: dict[Path, Task] = {}
_marks: dict[Path, str] = {}
_lock = threading.Lock()

Bring = Callable[[Progress, ShouldStop], tuple[str, Tree]]


def uploaded(files: Sequence[tuple[str, BinaryIO]], sizes: Sequence[int], workspace: str) -> Bring:
    """How what a browser sent is stored: one archive, or files."""

    def bring(progress: Progress, should_stop: ShouldStop) -> tuple[str, Tree]:
        most = settings.number("max_upload_mb")
        if sum(sizes) > most * 1e6:
            raise DatasetError(
                f"The upload has {sum(sizes) / 1e6:,.0f} MB, at most {most:,.0f} MB are taken; leave some files out, or"
                " let whoever looks after the server put the folder there."
            )
        parent = scans_folder(workspace) / "sounds"
        parent.mkdir(parents=True, exist_ok=True)
        for _, file in files:
            file.seek(0)
        name = files[0][0].split("/")[0] if len(files) == 1 or "/" in files[0][0] else f"{len(files)} files"
        if len(files) == 1 and Path(files[0][0]).suffix.lower() in staging.ARCHIVES:
            folder = archive.unpack(files[0][1], parent, name=files[0][0], progress=progress, should_stop=should_stop)
        else:
            folder = staging.keep(files, parent, name, progress=progress, should_stop=should_stop)
        return name, staging.stored_tree(folder)

    return bring


def on_disk(typed: str, workspace: str) -> Bring:
    """How the files of a folder (or one file) of the computer that runs the app are found."""

    def bring(progress: Progress, should_stop: ShouldStop) -> tuple[str, Tree]:
        path = typed_path.existing(typed, workspace)
        tree = mount(path, progress=progress, should_stop=should_stop)
        return path.name, tree

    return bring


def create(bring: Bring, run: Run, hop: float, workspace: str) -> Task:
    """Task that stores or finds the sounds and makes the scan; its result is the name of the scan's folder."""

    def work(progress: Progress, should_stop: ShouldStop) -> str:
        workspaces.require_room(workspace=workspace)
        name, tree = bring(progress, should_stop)
        entries = [entry for entry in tree.entries if entry.may_be_sound]
        if tree.pointed:
            entries = [entry for entry in entries if entry.name == tree.pointed]
        refused = [(problem.file, f"{problem.reason} {problem.remedy}") for problem in tree.problems]
        if not entries:
            known = f" ({refused[0][0]}: {refused[0][1]})" if refused else ""
            raise DatasetError(
                f"No sound is in what was chosen{known}; choose wav, flac, ogg, opus, mp3, m4a or aiff files, a zip or"
                " a folder of them."
            )
        scan = create_scan(
            run,
            [(entry.name, entry.path) for entry in entries],
            new_scan_folder(workspace),
            hop=hop,
            name=name,
            refused=refused,
        )
        scan.set_events(EventSettings(), {one.label: one.value for one in read_thresholds(run.folder)[0]})
        begin(scan)
        return scan.folder.name

    return tasks.start(f"scan create {secrets.token_hex(8)}", "Reading the files", work)


def begin(scan: Scan) -> None:
    """Have a process do what is left of a scan, when it is its turn."""
    with _lock:
        running = _working.get(scan.folder)
        if running is not None and not running.finished and not scan.status.ended:
            return
        (scan.folder / "stop").unlink(missing_ok=True)
        status = scan.status
        scan.write_status(ScanStatus("queued", share=status.share, files=status.files, windows=status.windows))
        mark = secrets.token_hex(8)
        work = functools.partial(_work, scan, mark)
        _working[scan.folder] = tasks.start(f"scan {mark}", "Listening", work)
        _marks[scan.folder] = mark


def _work(scan: Scan, mark: str, progress: Progress, should_stop: ShouldStop) -> None:
    while not _turn.acquire(timeout=0.2):
        if scan.stopping:
            scan.write_status(replace(scan.status, state="stopped", message="It was stopped before it began."))
            return
    try:
        queue.start_process(scan).wait()
    finally:
        _turn.release()
    status = scan.status
    if _marks.get(scan.folder) == mark and (not status.ended or status.state == "interrupted"):
        ended = replace(status, state="interrupted", message="Its process ended by itself; what was done is kept.")
        scan.write_status(ended)


def waits(scan: Scan) -> bool:
    """Whether it is queued and this server knows of it: after a restart nobody does."""
    task = _working.get(scan.folder)
    return task is not None and not task.finished


def delete(scan: Scan) -> None:
    """Delete a scan and its review; uploaded sounds stay, since versions of data sets may point at them.

    Raises
    ------
    RunError
        While it is under way.
    """
    import shutil

    if not scan.status.ended:
        raise RunError("The scan is under way; stop it first.")
    shutil.rmtree(scan.folder, ignore_errors=True)
