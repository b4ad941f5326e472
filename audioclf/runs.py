"""A run is a folder, and the folder is the single source of truth.

=================  ==========================================================================
file               what it holds
=================  ==========================================================================
experiment.toml    the experiment, as it was asked for
run.json           name, note and time of making, for people
status.json        state, stage, progress; replaced whole, never half-written
clips.csv          the clips as they were: label, path, stretch, group, fold, content key
history.csv        one line per epoch and part
predictions.csv    true and predicted class and every probability of each tested clip
metrics.json       accuracy with interval, per class, confusion matrix, protocol, times
model.json         classes, clip length, input shapes: what is needed to use the models
models/<part>/     weights and scaling of each part; a part is one split, or one member of it
stop               there when someone asked the run to stop
log.txt            what the run's process printed
=================  ==========================================================================
"""

from __future__ import annotations

import csv
import dataclasses
import json
import math
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from audioclf.audio import AudioInfo
from audioclf.datasets import Clip, Dataset
from audioclf.errors import RunError
from audioclf.experiment import Experiment
from audioclf.training import Epoch

ENDED = ("done", "stopped", "failed")
HISTORY = ("part", *(item.name for item in dataclasses.fields(Epoch)))
CLIPS = (
    "label",
    "path",
    "start",
    "duration",
    "group",
    "fold",
    "sr",
    "channels",
    "frames",
    "format",
    "subtype",
    "content",
)


@dataclass(frozen=True)
class Status:
    """Where a run stands.

    Attributes
    ----------
    state : str
        ``"queued"``, ``"running"``, ``"done"``, ``"stopped"``, ``"failed"``; a reader also meets
        ``"interrupted"``: the run's process has gone without a word.
    stage : str
        ``"data"``, ``"features"``, ``"training"``, ``"testing"``.
    message : str
        The sentence of a failure, or what is being done.
    fraction : float
        Share of the stage that is done, 0 to 1.
    part, n_parts : int
        Which model is being trained (from 1), of how many.
    epoch, epochs : int
        Epochs done and planned in this part.
    seconds_left : float or None
        Estimate for the whole run.
    started, updated : float
        Unix times.
    pid : int
        Process that makes the run, and
    pid_created : float
        when it began, since process numbers are used again.
    """

    state: str = "queued"
    stage: str = ""
    message: str = ""
    fraction: float = 0.0
    part: int = 0
    n_parts: int = 0
    epoch: int = 0
    epochs: int = 0
    seconds_left: float | None = None
    started: float = 0.0
    updated: float = 0.0
    pid: int = 0
    pid_created: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing more will happen by itself."""
        return self.state in (*ENDED, "interrupted")


@dataclass(frozen=True)
class Prediction:
    """One tested clip.

    Attributes
    ----------
    clip : int
        Number in the run's clips.
    split : str
        Name of the split in which it was tested.
    true, predicted : int
        Class numbers.
    probabilities : tuple of float
        One per class.
    """

    clip: int
    split: str
    true: int
    predicted: int
    probabilities: tuple[float, ...]


class Run:
    """One run's folder, read. Everything is read when asked for, so a run can be watched.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    RunError
        When the folder is no run.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder)
        if not (self.folder / "experiment.toml").is_file():
            raise RunError(f"{str(folder)!r} is no run (it has no experiment.toml); give the folder of a run.")

    @property
    def id(self) -> str:
        """Name of the folder."""
        return self.folder.name

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment the run was made from."""
        return Experiment.load(self.folder / "experiment.toml")

    @property
    def about(self) -> dict[str, Any]:
        """Name, note and time of making."""
        return {"name": self.id, "note": "", "created": 0.0, **_read_json(self.folder / "run.json", missing={})}

    @property
    def name(self) -> str:
        """Name for people."""
        return str(self.about["name"])

    def describe(self, *, name: str | None = None, note: str | None = None) -> None:
        """Change the name or the note."""
        changes = {key: value for key, value in (("name", name), ("note", note)) if value is not None}
        write_json(self.folder / "run.json", {**self.about, **changes})

    @property
    def status(self) -> Status:
        """Where the run stands now; a run whose process has gone is ``"interrupted"``."""
        known = {item.name for item in dataclasses.fields(Status)}
        stored = _read_json(self.folder / "status.json", missing={})
        status = Status(**{key: value for key, value in stored.items() if key in known})
        if status.state == "running" and not process_lives(status.pid, status.pid_created):
            return dataclasses.replace(
                status, state="interrupted", message="The training was cut off; resume it to go on where it was."
            )
        return status

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict per epoch and part, in order: ``part``, ``epoch``, ``loss``, ``val_loss`` ..."""
        return read_history(self.folder)

    @property
    def metrics(self) -> dict[str, Any]:
        """Metrics of a finished run.

        Raises
        ------
        RunError
            When it is not finished.
        """
        path = self.folder / "metrics.json"
        if not path.is_file():
            raise RunError(f"Run '{self.name}' has no results yet; wait until it is done, or resume it.")
        metrics: dict[str, Any] = _read_json(path)
        return metrics

    @property
    def has_metrics(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "metrics.json").is_file()

    @cached_property
    def signature(self) -> dict[str, Any]:
        """Classes, clip length and input shapes: what is needed to use the models.

        Raises
        ------
        RunError
        """
        path = self.folder / "model.json"
        if not path.is_file():
            raise RunError(f"Run '{self.name}' holds no trained model yet; wait until it is done, or resume it.")
        signature: dict[str, Any] = _read_json(path)
        return signature

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return tuple(self.signature["classes"])

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """The clips as they were when the run was made; the files may have gone since."""
        return tuple(_clip(row) for row in _read_csv(self.folder / "clips.csv", CLIPS))

    @property
    def predictions(self) -> list[Prediction]:
        """Every tested clip, in the order of the splits."""
        path = self.folder / "predictions.csv"
        if not path.is_file():
            raise RunError(f"Run '{self.name}' has no predictions yet; wait until it is done, or resume it.")
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.reader(file)
            next(reader, None)
            return [
                Prediction(int(clip), split, int(true), int(predicted), tuple(float(value) for value in probabilities))
                for clip, split, true, predicted, *probabilities in reader
            ]

    def part_folder(self, part: str) -> Path:
        """Folder of one part's weights and scaling."""
        return self.folder / "models" / part

    def delete(self) -> None:
        """Remove the run.

        Raises
        ------
        RunError
            While it is being made.
        """
        if self.status.state == "running":
            raise RunError(f"Run '{self.name}' is being made; stop it before you delete it.")
        # moved first, so that no reader meets a half-deleted run
        grave = self.folder.with_name(f".deleted-{secrets.token_hex(6)}")
        self.folder.rename(grave)
        shutil.rmtree(grave, ignore_errors=True)


class RunWriter:
    """The one process that writes a run.

    Parameters
    ----------
    run : Run
    """

    def __init__(self, run: Run) -> None:
        self.run = run
        self.folder = run.folder
        self.current = Status(started=time.time(), pid=os.getpid(), pid_created=process_created(os.getpid()))

    def status(self, **changes: Any) -> Status:
        """Replace the status file, with some values changed."""
        self.current = dataclasses.replace(self.current, updated=time.time(), **changes)
        write_json(self.folder / "status.json", dataclasses.asdict(self.current))
        return self.current

    @property
    def stop_asked(self) -> bool:
        """Whether someone asked the run to stop."""
        return (self.folder / "stop").exists()

    def clips(self, dataset: Dataset) -> None:
        """Keep the clips as they are now."""
        rows = [
            (
                clip.label,
                clip.path,
                clip.start,
                _text(clip.duration),
                _text(clip.group),
                _text(clip.fold),
                clip.info.sr,
                clip.info.channels,
                clip.info.frames,
                clip.info.format,
                clip.info.subtype,
                clip.info.content,
            )
            for clip in dataset.clips
        ]
        _write_csv(self.folder / "clips.csv", CLIPS, rows)

    def epoch(self, part: str, epoch: Epoch) -> None:
        """Add one line to the history."""
        path = self.folder / "history.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(HISTORY)
            writer.writerow([part, *(_text(value) for value in dataclasses.astuple(epoch))])
            file.flush()
            os.fsync(file.fileno())

    def cut_history(self, part: str, epochs: int) -> None:
        """Leave only the first ``epochs`` lines of a part, as its checkpoint knows them."""
        rows = [row for row in self.run.history if row["part"] != part or row["epoch"] <= epochs]
        if rows or (self.folder / "history.csv").exists():
            _write_csv(self.folder / "history.csv", HISTORY, [[_text(row[key]) for key in HISTORY] for row in rows])

    def predictions(self, predictions: Iterable[Prediction], n_classes: int) -> None:
        """Keep the predictions of every tested clip."""
        header = ("clip", "split", "true", "predicted", *(f"p{number}" for number in range(n_classes)))
        rows = [
            (item.clip, item.split, item.true, item.predicted, *(f"{value:.6g}" for value in item.probabilities))
            for item in predictions
        ]
        _write_csv(self.folder / "predictions.csv", header, rows)

    def metrics(self, metrics: Mapping[str, Any]) -> None:
        """Keep the metrics: the run is complete with them."""
        write_json(self.folder / "metrics.json", metrics)

    def signature(self, signature: Mapping[str, Any]) -> None:
        """Keep what is needed to use the models."""
        write_json(self.folder / "model.json", signature)


def create_run(experiment: Experiment, folder: Path, *, name: str = "") -> Run:
    """Make the folder of a run that is yet to be made.

    Parameters
    ----------
    experiment : Experiment
    folder : Path
        Must not exist, or be empty.
    name : str
        Name for people; the experiment's name, or one made of its parts, where empty.

    Raises
    ------
    RunError
        When the folder holds something already, or cannot be written.
    """
    folder = Path(folder)
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"The folder {str(folder)!r} is not empty; name a new one for the run.")
        folder.mkdir(parents=True, exist_ok=True)
        write_json(
            folder / "run.json",
            {
                "name": name or experiment.name or automatic_name(experiment),
                "note": experiment.note,
                "created": time.time(),
            },
        )
        write_json(folder / "status.json", dataclasses.asdict(Status(updated=time.time())))
        write_text(folder / "experiment.toml", experiment.to_toml())
    except OSError as error:
        raise RunError(
            f"The run's folder {str(folder)!r} cannot be written ({error.strerror}); choose another."
        ) from error
    return Run(folder)


def new_folder(runs_folder: Path) -> Path:
    """An unused folder name below ``runs_folder``: the time, and a few random letters."""
    return Path(runs_folder) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def automatic_name(experiment: Experiment) -> str:
    """A name made of data set, features and model."""
    features = "+".join(feature.kind for feature in experiment.features)
    return f"{Path(experiment.dataset.name).name} · {features} · {experiment.model.kind}"


def open_run(folder: str | Path) -> Run:
    """Open the folder of a run.

    Raises
    ------
    RunError
        When it is none.
    """
    return Run(Path(folder))


def list_runs(runs_folder: str | Path) -> list[Run]:
    """All runs below a folder, newest first; what is no run is passed over."""
    folder = Path(runs_folder)
    if not folder.is_dir():
        return []
    runs = [Run(path) for path in folder.iterdir() if (path / "experiment.toml").is_file() and path.name[0] != "."]
    return sorted(runs, key=lambda run: (run.about["created"], run.id), reverse=True)


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Lines of ``history.csv``; a last line that is still being written is left out."""
    rows: list[dict[str, Any]] = []
    for row in _read_csv(folder / "history.csv", HISTORY):
        try:
            numbers = {key: _number(value) for key, value in row.items() if key != "part"}
        except ValueError:
            continue
        if numbers["epoch"] is not None:
            rows.append({**numbers, "part": row["part"], "epoch": int(numbers["epoch"])})
    return rows


def _number(text: str) -> float | None:
    """Number of a cell; None for an empty one and for what was not measured (NaN)."""
    value = float(text) if text else math.nan
    return None if math.isnan(value) else value


def process_created(pid: int) -> float:
    """When a process began (Unix time); 0 where there is none."""
    import psutil

    try:
        process = psutil.Process(pid)
        return 0.0 if process.status() == psutil.STATUS_ZOMBIE else float(process.create_time())
    except psutil.Error:
        return 0.0


def process_lives(pid: int, created: float) -> bool:
    """Whether the very process that was noted is still there."""
    return pid > 0 and abs(process_created(pid) - created) < 1.0


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside it, flushed, then put in its place."""
    part = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False))


def _read_json(path: Path, missing: Any = None) -> Any:
    if missing is not None and not path.is_file():
        return missing
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.name} of run '{path.parent.name}' cannot be read ({error}); the run is damaged."
        ) from error


def _read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        reader = csv.reader(file)
        next(reader, None)
        return [dict(zip(columns, row, strict=True)) for row in reader if len(row) == len(columns)]


def _write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    import io

    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _clip(row: Mapping[str, str]) -> Clip:
    info = AudioInfo(
        int(row["sr"]), int(row["channels"]), int(row["frames"]), row["format"], row["subtype"], row["content"]
    )
    return Clip(
        Path(row["path"]),
        row["label"],
        info,
        start=float(row["start"]),
        duration=float(row["duration"]) if row["duration"] else None,
        group=row["group"] or None,
        fold=int(row["fold"]) if row["fold"] else None,
    )
