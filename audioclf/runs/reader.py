"""Read the folder of a run, finished or growing."""

from __future__ import annotations

import csv
import dataclasses
import math
import secrets
import shutil
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from audioclf.audio import AudioInfo
from audioclf.datasets import Clip
from audioclf.errors import RunError
from audioclf.experiment import Experiment
from audioclf.runs.base import CLIPS, HISTORY, STOPPED, Prediction, Status
from audioclf.runs.files import read_csv, read_json, write_json
from audioclf.runs.processes import process_lives


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
        """Name, note and time of making; of a damaged run its id alone, so that it still has a place in lists."""
        known: dict[str, Any] = {"name": self.id, "note": "", "created": 0.0}
        try:
            stored: dict[str, Any] = read_json(self.folder / "run.json", missing={})
            return known | stored | {"created": float(stored.get("created", 0.0))}
        except (RunError, AttributeError, TypeError, ValueError):
            return known

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
        """Where the run stands now; a run whose process has gone is ``"interrupted"``, a damaged one ``"failed"``."""
        known = {item.name for item in dataclasses.fields(Status)}
        try:
            stored = read_json(self.folder / "status.json", missing={})
            status = Status(**{key: value for key, value in stored.items() if key in known})
        except RunError as error:
            return Status(state="failed", message=str(error))
        except AttributeError:
            return Status(state="failed", message=f"status.json of run '{self.id}' is damaged; delete the run.")
        if status.state != "running" or process_lives(status.pid, status.pid_created):
            return status
        if (self.folder / "stop").exists():
            return dataclasses.replace(status, state="stopped", message=STOPPED)
        return dataclasses.replace(
            status, state="interrupted", message="The training was cut off; resume it to go on where it was."
        )

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
        metrics: dict[str, Any] = read_json(path)
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
        signature: dict[str, Any] = read_json(path)
        return signature

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names."""
        return tuple(self.signature["classes"])

    @cached_property
    def clips(self) -> tuple[Clip, ...]:
        """The clips as they were when the run was made; the files may have gone since.

        Raises
        ------
        RunError
            When the list is damaged.
        """
        try:
            return tuple(_clip(row) for row in read_csv(self.folder / "clips.csv", CLIPS))
        except (ValueError, csv.Error) as error:
            raise self._damaged("clips.csv", error) from error

    @property
    def predictions(self) -> list[Prediction]:
        """Every tested clip, in the order of the splits.

        Raises
        ------
        RunError
            When the run is not finished, or the list is damaged.
        """
        path = self.folder / "predictions.csv"
        if not path.is_file():
            raise RunError(f"Run '{self.name}' has no predictions yet; wait until it is done, or resume it.")
        try:
            with path.open(newline="", encoding="utf-8") as file:
                reader = csv.reader(file)
                next(reader, None)
                found = [
                    Prediction(int(clip), split, int(true), int(said), tuple(float(value) for value in probabilities))
                    for clip, split, true, said, *probabilities in reader
                ]
        except (ValueError, csv.Error) as error:
            raise self._damaged(path.name, error) from error
        n_clips = len(self.clips) or math.inf
        if not found or not all(0 <= item.clip < n_clips for item in found):
            raise self._damaged(path.name, "it does not go with the run's clips")
        return found

    def _damaged(self, name: str, why: object) -> RunError:
        return RunError(f"{name} of run '{self.name}' cannot be read ({why}); the run is damaged, so run it again.")

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
    for row in read_csv(folder / "history.csv", HISTORY):
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
        file=row["file"],
    )
