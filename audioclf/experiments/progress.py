"""How far a fit is: a file in its folder, which the process that trains writes and the run's process reads.

Its first line names the attempt that writes it. A process whose attempt is no longer named there stops: the fit has
been taken up by another, or its run has ended. A cluster can lose sight of a worker that still trains, so this is what
keeps two processes from training in one folder.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any, Final

from audioclf.experiments.runs import FitKey, Run, RunWriter
from audioclf.experiments.runs.files import write_text
from audioclf.experiments.runs.folder import JobFolder
from audioclf.training import Epoch, completed_epochs
from audioclf.training.checkpoint import read_history

FILE: Final = "progress.jsonl"
RESULT: Final = "test.npz"
_EVERY: Final = 1.0


def is_done(folder: Path) -> bool:
    """Whether the fit of this folder has been trained and tested."""
    return (folder / RESULT).is_file()


class ProgressWriter:
    """The progress of one fit, written by the process that trains it; begins with the epochs of the checkpoint."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / FILE
        self._attempt = secrets.token_hex(8)
        lines = [{"attempt": self._attempt}, *({"epoch": astuple(epoch)} for epoch in read_history(folder))]
        write_text(self._path, "".join(f"{json.dumps(line)}\n" for line in lines))
        self._looked = self._shared = time.monotonic()
        self._lost = False

    def epoch(self, epoch: Epoch) -> None:
        """Add an epoch."""
        if not self.lost(now=True):
            self._add({"epoch": astuple(epoch)})

    def share(self, share: float) -> None:
        """Add the share of the training that is done, at most once a second."""
        if time.monotonic() - self._shared > _EVERY and not self.lost():
            self._shared = time.monotonic()
            self._add({"share": share})

    def lost(self, now: bool = False) -> bool:
        """Whether the folder belongs to another attempt by now; looked up once a second."""
        if now or time.monotonic() - self._looked > _EVERY:
            self._looked = time.monotonic()
            self._lost = self._lost or attempt_of(self._path) != self._attempt
        return self._lost

    def _add(self, line: dict[str, Any]) -> None:
        with self._path.open("a", encoding="utf-8") as file:
            file.write(f"{json.dumps(line)}\n")


def attempt_of(path: Path) -> str:
    """Which attempt a progress file belongs to; empty where there is none."""
    try:
        with path.open(encoding="utf-8") as file:
            return str(json.loads(file.readline())["attempt"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def revoke(folder: Path) -> None:
    """Let whatever trains in the folder of a fit stop within a second or a batch."""
    with contextlib.suppress(OSError):
        write_text(folder / FILE, f"{json.dumps({'attempt': ''})}\n")


class _Reader:
    """New lines of one progress file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._attempt = ""
        self._at = 0

    def lines(self) -> list[dict[str, Any]]:
        try:
            with self._path.open("rb") as file:
                first = file.readline()
                if first.decode() != self._attempt:
                    self._attempt, self._at = first.decode(), len(first)
                file.seek(self._at)
                text = file.read()
        except OSError:
            return []
        whole = text[: text.rfind(b"\n") + 1]
        self._at += len(whole)
        return [json.loads(line) for line in whole.splitlines()]


class Progress:
    """How far the fits of a run are, each of ``epochs`` epochs; new epochs go into the run's history."""

    def __init__(self, run: Run, writer: RunWriter, fits: Sequence[FitKey], epochs: int) -> None:
        self.epochs = epochs
        self.number = {fit.id: number for number, fit in enumerate(fits, start=1)}
        folders = {fit.id: run.fit_folder(fit.id) for fit in fits}
        self.done = {fit.id for fit in fits if is_done(folders[fit.id])}
        self._writer = writer
        self._written: dict[str, int] = {}
        for fit in fits:
            if fit.id not in self.done:
                writer.cut_history(fit, completed_epochs(folders[fit.id]))
        for row in run.history:
            self._written[row["fit"]] = max(self._written.get(row["fit"], 0), row["epoch"])
        self._shares = {fit.id: 1.0 if fit.id in self.done else self.epoch_of(fit) / epochs for fit in fits}
        self._readers = {fit.id: _Reader(folders[fit.id] / FILE) for fit in fits}
        self._seconds: deque[float] = deque(maxlen=20)
        for fit in fits:
            if fit.id in self.done:  # its last epochs may have come after the death of the process that read them
                self.read(fit)

    def epoch_of(self, fit: FitKey) -> int:
        """Epochs of a fit that are in the history."""
        return self._written.get(fit.id, 0)

    def read(self, fit: FitKey) -> None:
        """Look at one fit's file: new epochs go into the history."""
        for line in self._readers[fit.id].lines():
            if "epoch" in line:
                self._epoch(fit, Epoch(*line["epoch"]))
            elif "share" in line:
                self._shares[fit.id] = max(self._shares[fit.id], line["share"])

    def _epoch(self, fit: FitKey, epoch: Epoch) -> None:
        # an attempt that follows another makes epochs again that its checkpoint had not yet
        if epoch.epoch == self.epoch_of(fit) + 1:
            self._writer.epoch(fit, epoch)
            self._written[fit.id] = epoch.epoch
            self._seconds.append(epoch.seconds)
        self._shares[fit.id] = max(self._shares[fit.id], epoch.epoch / self.epochs)

    def end(self, fit: FitKey) -> None:
        """A fit is done, perhaps before its last epoch."""
        self.read(fit)
        self.done.add(fit.id)
        self._shares[fit.id] = 1.0

    @property
    def fraction(self) -> float:
        """Share of all fits that is done, 0 to 1."""
        return sum(self._shares.values()) / len(self._shares)

    def seconds_left(self, n_running: int) -> float | None:
        """Time the rest will take, if no fit ends before its last epoch; None before there is anything to go by."""
        if not self._seconds:
            return None
        mean = sum(self._seconds) / len(self._seconds)
        left = [(1 - share) * self.epochs * mean for share in self._shares.values()]
        return max(sum(left) / max(1, n_running), max(left))

    def seconds_of(self, fits: Iterable[FitKey]) -> float:
        """What is left to do of some fits, in seconds of one process; 0 before two epochs show how long one takes."""
        if len(self._seconds) < 2:
            return 0.0  # the first epoch holds the compilation
        return min(self._seconds) * sum((1 - self._shares[fit.id]) * self.epochs for fit in fits)


class Watched:
    """Whether nobody makes a run or a search any more of which this process, of a cluster, makes a fit or a point.

    Parameters
    ----------
    job : JobFolder
    seconds : float
        How long its status may stay as it is.
    """

    def __init__(self, job: JobFolder, seconds: float = 120.0) -> None:
        self._path = job.folder / "status.json"
        self._patience = seconds
        self._stamp = 0
        self._since = self._looked = time.monotonic()

    def __call__(self) -> bool:
        """Whether nobody has written its status for too long; looked up once a second."""
        now = time.monotonic()
        if now - self._looked > _EVERY:
            self._looked = now
            stamp = 0
            with contextlib.suppress(OSError):
                stamp = os.stat(self._path).st_mtime_ns
            if stamp != self._stamp:
                self._stamp, self._since = stamp, now
        return now - self._since > self._patience
