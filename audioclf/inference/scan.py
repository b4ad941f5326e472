"""A scan: a run's models over recordings of any length or a whole folder; its folder is the single source of truth.

=================  ==========================================================================
file               what it holds
=================  ==========================================================================
scan.json          the run, its classes, window and hop, and the files with the names their owner gave them
status.json        state and progress; replaced whole, never half-written
windows.f32        a row of float32 for every window: probabilities, novelty, level, start, even, levels
files.jsonl        a line for every file that is done: its rows, its length, or why it could not be used
settings.json      thresholds and how windows become events, as they were last set
review.json        what a person made of the events
stop               there when someone asked the scan to stop
=================  ==========================================================================

Rows are only ever added, so that whatever ends a scan (a stop, a full disk, a power cut) costs the batch under way.
"""

from __future__ import annotations

import contextlib
import json
import secrets
import time
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import asdict, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from audioclf.audio.level import SILENCE, counted
from audioclf.core import workspaces
from audioclf.core.documents import parse_json, read_json
from audioclf.core.errors import ParameterError, RunError
from audioclf.core.files import BoundedCache, write_atomic
from audioclf.experiments.runs import Run, process_lives
from audioclf.inference.events import Event, EventSettings, find_events, moving_mean
from audioclf.inference.scan_records import Answer, FileResult, ScanStatus
from audioclf.inference.scan_windows import CELLS, Timeline, Windows, timeline

FORMAT = "audioclf scan"
VERSION = 2
"""Of the rows: those of version 1 do not know where their windows begin."""

RECIPE = "scan.json"
UNSURE = 0.5
"""Probability below which the model is not sure of its answer."""

_MOST_BYTES = 256 * 2**20

_timelines: BoundedCache[Hashable, Timeline] = BoundedCache(64e6, lambda found: found.probabilities.nbytes + 1000)
"""Of the recordings that were looked at last: a page asks for them in every run."""


def create_scan(
    run: Run,
    files: Sequence[tuple[str, Path]],
    folder: Path,
    *,
    hop: float | None = None,
    name: str = "",
    refused: Sequence[tuple[str, str]] = (),
) -> Scan:
    """A new scan that nobody has begun.

    Parameters
    ----------
    run : Run
        Finished.
    files : sequence of (str, Path)
        What their owner calls them, and where they are.
    folder : Path
        Made here.
    hop : float, optional
        Seconds from one window to the next, at most the models' window; half of it where left out.
    name : str
        Name for people.
    refused : sequence of (str, str)
        Files that were not taken in, and why; each is a row of its own.

    Raises
    ------
    ParameterError
        When there is no file, or the hop cannot be.
    RunError
        When there is a scan in the folder, or it cannot be written.
    """
    window, sr = float(run.signature["duration"]), run.experiment.audio.sr
    hop = window / 2 if hop is None else hop
    if not 0.01 <= hop <= window + 1e-9:
        raise ParameterError(
            f"hop must be 0.01 s to the length of the models' window ({window:g} s), got {hop:g} s.", "hop"
        )
    if not files:
        raise ParameterError("A scan needs at least one sound file; name one, or a folder that holds some.", "files")
    record = {
        "format": FORMAT,
        "version": VERSION,
        "name": name or files[0][0],
        "created": time.time(),
        "run": str(run.folder.absolute()),
        "run_name": run.name,
        "classes": list(run.classes),
        "sr": sr,
        "window": window,
        "hop": hop,
        "files": [[name, str(path.absolute())] for name, path in files],
        "refused": [list(pair) for pair in refused],
    }
    text = json.dumps(record, ensure_ascii=True)
    workspaces.require_space(len(text), folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if (folder / RECIPE).exists():
            raise RunError(f"There is a scan in '{folder.name}' already; open it, or choose another folder.")
        write_atomic(folder / RECIPE, text, durable=True)
    except OSError as error:
        raise _not_written(folder, error) from None
    return Scan(folder)


def scans_folder(workspace: str = workspaces.DEFAULT) -> Path:
    """Folder of a workspace's scans."""
    return workspaces.folder(workspace) / "scans"


def new_scan_folder(workspace: str = workspaces.DEFAULT) -> Path:
    """Path of a scan that is to be made."""
    return scans_folder(workspace) / secrets.token_hex(8)


def list_scans(workspace: str = workspaces.DEFAULT) -> list[Scan]:
    """The scans of a workspace, newest first; what cannot be read is left out."""
    parent = scans_folder(workspace)
    found = []
    for path in parent.glob(f"*/{RECIPE}"):
        with contextlib.suppress(RunError):
            scan = Scan(path.parent)
            found.append((float(scan.about["created"]), scan))
    return [scan for _, scan in sorted(found, key=lambda one: -one[0])]


class Scan:
    """The folder of a scan, read as it is now."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @cached_property
    def about(self) -> dict[str, Any]:
        """What it was asked for.

        Raises
        ------
        RunError
        """
        try:
            record = read_json(self.folder / RECIPE, _MOST_BYTES)
            if not isinstance(record, dict) or record.get("format") != FORMAT or record.get("version") != VERSION:
                raise ValueError(f"its format is not '{FORMAT}', version {VERSION}")
            for key, kind in (("classes", list), ("files", list), ("run", str), ("name", str), ("created", float)):
                if not isinstance(record.get(key), kind):
                    raise ValueError(f"{key} is missing")
            sizes = [float(record[key]) for key in ("sr", "window", "hop")]
            if not all(0 < size < 1e6 for size in sizes):
                raise ValueError("window, hop or sr cannot be")
            record["files"] = [(str(name), Path(str(path))) for name, path in record["files"]]
            record["classes"] = [str(label) for label in record["classes"]]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise RunError(f"The scan in '{self.folder.name}' cannot be read ({error}); make it again.") from None
        return record

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(self.about["classes"])

    @property
    def files(self) -> list[tuple[str, Path]]:
        """Names and places of the files."""
        found: list[tuple[str, Path]] = self.about["files"]
        return found

    @property
    def hop(self) -> float:
        """Seconds from one window to the next."""
        return float(self.about["hop"])

    @property
    def window(self) -> float:
        """Seconds of one window."""
        return float(self.about["window"])

    @property
    def status(self) -> ScanStatus:
        """State and progress; one whose process has gone without a word is interrupted."""
        values = self._small("status.json")
        known = {key: value for key, value in values.items() if key in ScanStatus.__dataclass_fields__}
        status = ScanStatus(**known)
        if status.state == "running" and not process_lives(status.pid, status.pid_created):
            why = "It was interrupted: its process has gone. What was done is kept."
            return replace(status, state="interrupted", message=why)
        return status

    def write_status(self, status: ScanStatus) -> None:
        """Replace the state and progress.

        Raises
        ------
        RunError
        """
        self._write("status.json", asdict(replace(status, updated=time.time())))

    @property
    def results(self) -> list[FileResult]:
        """What became of the files that are done, and of the one under way so far."""
        found = self.finished
        n_rows = self.n_rows
        first = found[-1].first + found[-1].count if found else 0
        if n_rows > first and len(found) < len(self.files):
            even = int(np.count_nonzero(self.windows(first, n_rows).even))
            found.append(FileResult(len(found), first, n_rows - first, (even - 1) * self.hop + self.window))
        return found

    @property
    def finished(self) -> list[FileResult]:
        """What became of the files that are done."""
        path = self.folder / "files.jsonl"
        if not path.is_file():
            return []
        lines = path.read_bytes().split(b"\n")[:-1]  # behind the last line break stands nothing, or half a line
        try:
            found = [FileResult(**parse_json(line.decode())) for line in lines]
        except (ValueError, TypeError) as error:
            raise RunError(f"The scan in '{self.folder.name}' is damaged ({error}); make it again.") from None
        return [result for result in found if result.first + result.count <= self.n_rows]

    @property
    def width(self) -> int:
        """Numbers in a row."""
        return len(self.classes) + 4 + CELLS

    @property
    def n_rows(self) -> int:
        """Windows that are done."""
        try:
            return (self.folder / "windows.f32").stat().st_size // (4 * self.width)
        except OSError:
            return 0

    def windows(self, first: int = 0, last: int | None = None) -> Windows:
        """Windows that are done, from one to before another; those of a file stand together."""
        n = self.n_rows
        rows = (
            np.memmap(self.folder / "windows.f32", np.float32, "r", shape=(n, self.width))
            if n
            else np.zeros((0, self.width), np.float32)
        )
        return Windows.of(rows[first:last], len(self.classes))

    def windows_of(self, result: FileResult) -> Windows:
        """Windows of one file."""
        return self.windows(result.first, result.first + result.count)

    def whole_rows(self, n: int) -> int:
        """Rows to keep where it goes on: of files that are done, and those before the last even window behind them."""
        found = self.finished
        first = found[-1].first + found[-1].count if found else 0
        even = np.flatnonzero(self.windows(first, n).even)
        return first + (int(even[-1]) if len(even) else 0)

    def timeline(self, result: FileResult) -> Timeline:
        """What is heard in one file, moment by moment."""
        key = (str(self.folder), self.about["created"], result)
        found = _timelines.get(key)
        if found is None:
            found = timeline(self.windows_of(result), self.window, result.seconds)
            _timelines.put(key, found)
        return found

    def answers(self) -> list[Answer]:
        """What the models predict for every file that is done, in the order of the files; behind them refused files."""
        found = [self._answer(result, self.windows_of(result)) for result in self.results]
        refused = self.about.get("refused", [])
        return found + [Answer(str(name), 0.0, None, None, (), str(reason)) for name, reason in refused]

    def _answer(self, result: FileResult, windows: Windows) -> Answer:
        name = self.files[result.number][0]
        if not result.count:
            return Answer(name, result.seconds, None, None, (), result.error)
        even = np.flatnonzero(windows.even)[:: max(1, round(self.window / self.hop))]  # side by side, as Classify's are
        even = even[counted(windows.level[even])]
        probabilities = np.asarray(windows.probabilities[even].mean(axis=0), np.float32)
        far = windows.novelty[even]
        novelty = None if np.isnan(far).any() else float(np.median(far))
        remarks = []
        if windows.level.max() < SILENCE:
            remarks.append("silent")
        elif novelty is not None and novelty > 1:
            remarks.append("unknown")
        if probabilities.max() < UNSURE:
            remarks.append("not sure")
        return Answer(name, result.seconds, probabilities, novelty, tuple(remarks), result.error)

    def events(
        self,
        settings: EventSettings | None = None,
        thresholds: Mapping[str, float] | None = None,
        *,
        file: int | None = None,
    ) -> list[Event]:
        """Events of every file that is done, or of one. Silence is in none.

        Parameters
        ----------
        settings : EventSettings, optional
        thresholds : mapping, optional
            Thresholds of classes by name; the others have the one of the settings.
        file : int, optional
            Number of the file.
        """
        settings = settings or EventSettings()
        limits = [float((thresholds or {}).get(label, settings.threshold)) for label in self.classes]
        span = round(settings.smoothing * self.hop / self.window * CELLS) if settings.smoothing > 1 else 1
        alone = replace(settings, smoothing=1)
        found: list[Event] = []
        for result in self.results:
            if not result.count or file not in (None, result.number):
                continue
            heard = self.timeline(result)
            usable = ~heard.silent
            if settings.skip_unknown:
                usable &= ~(heard.novelty > 1)
            rows = moving_mean(heard.probabilities, max(1, span))
            found += find_events(rows, heard.edges, limits, alone, file=result.number, usable=usable)
        return found

    @property
    def settings(self) -> tuple[EventSettings, dict[str, float]]:
        """How windows become events, and thresholds of classes by name, as they were last set."""
        values = self._small("settings.json")
        own = values.get("thresholds", {})
        thresholds = {
            label: float(own[label])
            for label in self.classes
            if isinstance(own, dict) and isinstance(own.get(label), int | float) and 0 <= own[label] <= 1
        }
        try:
            return EventSettings.from_dict(values.get("events", {})), thresholds
        except (ParameterError, AttributeError):
            return EventSettings(), thresholds

    def set_events(self, settings: EventSettings, thresholds: Mapping[str, float]) -> None:
        """Keep how windows become events.

        Raises
        ------
        RunError
        """
        self._write("settings.json", {"events": asdict(settings), "thresholds": dict(thresholds)})

    def stop(self) -> None:
        """Ask whoever works at it to end; what is done is kept."""
        (self.folder / "stop").touch()

    @property
    def stopping(self) -> bool:
        """Whether someone asked it to stop."""
        return (self.folder / "stop").exists()

    def _small(self, name: str) -> dict[str, Any]:
        """A file of plain values; empty where it is not there or damaged."""
        try:
            values = read_json(self.folder / name)
        except (OSError, ValueError):
            return {}
        return values if isinstance(values, dict) else {}

    def _write(self, name: str, values: Mapping[str, Any]) -> None:
        try:
            write_atomic(self.folder / name, json.dumps(values, ensure_ascii=True))
        except OSError as error:
            raise _not_written(self.folder, error) from None


def _not_written(folder: Path, error: OSError) -> RunError:
    return RunError(
        f"The scan '{folder.name}' cannot be written ({error.strerror or error}); free some space or check the"
        " permissions of its folder. What was done is kept."
    )
