"""Read the folder of a run, finished or growing."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import RunError
from audioclf.datasets import Clip
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import old_versions
from audioclf.experiments.runs.checks import Metrics, require_own_files, require_signature
from audioclf.experiments.runs.files import read_csv, read_json
from audioclf.experiments.runs.folder import JobFolder
from audioclf.experiments.runs.status import CLIPS, HISTORY, Prediction


class Run(JobFolder):
    """One run's folder, read. Everything is read when asked for, so a run can be watched."""

    @cached_property
    def experiment(self) -> Experiment:
        """The experiment the run was made from."""
        return Experiment.load(self.folder / "experiment.toml")

    @property
    def history(self) -> list[dict[str, Any]]:
        """One dict per epoch and fit, in order: ``fit``, ``split_index``, ``member``, ``epoch``, ``loss`` ..."""
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
        metrics = read_json(path)
        if not isinstance(metrics, dict):
            raise self._damaged(path.name, "it is no table")
        return Metrics(metrics, self.name)

    @property
    def has_metrics(self) -> bool:
        """Whether the run came to its end."""
        return (self.folder / "metrics.json").is_file()

    @cached_property
    def signature(self) -> dict[str, Any]:
        """Classes, clip length, input shapes and ``fits``: what is needed to use the models.

        Raises
        ------
        RunError
            When there is none yet, or it is damaged.
        """
        path = self.folder / "model.json"
        if not path.is_file():
            raise RunError(f"Run '{self.name}' holds no trained model yet; wait until it is done, or resume it.")
        try:
            signature = old_versions.signature(read_json(path))
            for fit in signature["fits"]:
                self.fit_folder(fit["id"])
            require_signature(signature)
        except (AttributeError, KeyError, TypeError) as error:
            raise self._damaged(path.name, "it does not list the run's models") from error
        except ValueError as error:
            raise self._damaged(path.name, error) from error
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
        except (ValueError, OverflowError) as error:
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
                n_classes = len(next(reader, [])) - 4
                found = [
                    Prediction(
                        int(clip), split, int(true), int(predicted), tuple(float(value) for value in probabilities)
                    )
                    for clip, split, true, predicted, *probabilities in reader
                ]
        except (ValueError, csv.Error) as error:
            raise self._damaged(path.name, error) from error
        n_clips = len(self.clips) or math.inf
        if not found or not all(
            0 <= item.clip < n_clips
            and 0 <= min(item.true, item.predicted) <= max(item.true, item.predicted) < n_classes
            and len(item.probabilities) == n_classes
            and not any(value < 0 or value > 1 for value in item.probabilities)
            for item in found
        ):
            raise self._damaged(path.name, "it does not go with the run's clips")
        return found

    def _damaged(self, name: str, why: object) -> RunError:
        return RunError(f"{name} of run '{self.name}' cannot be read ({why}); the run is damaged, so run it again.")

    def fit_folder(self, fit: str) -> Path:
        """Folder of one fit's weights and scaling.

        Raises
        ------
        RunError
            When the id is no plain name, or a file there leads out of the run: neither is read or written then.
        """
        if not (isinstance(fit, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", fit)):
            raise RunError(
                f"Run '{self.name}' names a model {fit!r}, where a plain name such as 's00-m0' is expected; the run is"
                " damaged, so run it again."
            )
        models = self.folder / "models"
        for folder in (models, models / fit):
            require_own_files(folder, self.folder, f"run '{self.id}'")
        return models / fit


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
    return Run.all_in(runs_folder)


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Lines of ``history.csv``; a last line that is still being written is left out."""
    rows: list[dict[str, Any]] = []
    for row in read_csv(folder / "history.csv", (*HISTORY, "part")):
        fit = row.pop("part") or row["fit"]
        try:
            numbers = {key: _number(value) for key, value in row.items() if key != "fit"}
        except ValueError:
            continue
        if numbers["epoch"] is None or not math.isfinite(numbers["epoch"]):
            continue
        split_index, member = old_versions.numbers(fit)
        if numbers["split_index"] is not None and numbers["member"] is not None:
            split_index, member = int(numbers["split_index"]), int(numbers["member"])
        rows.append(
            {**numbers, "fit": fit, "split_index": split_index, "member": member, "epoch": int(numbers["epoch"])}
        )
    return rows


def _number(text: str) -> float | None:
    """Number of a cell; None for an empty one and for what was not measured (NaN)."""
    value = float(text) if text else math.nan
    return None if math.isnan(value) else value


def _clip(row: Mapping[str, str]) -> Clip:
    info = AudioInfo(
        int(row["sr"]), int(row["channels"]), int(row["frames"]), row["format"], row["subtype"], row["content"]
    )
    start, duration = float(row["start"]), float(row["duration"]) if row["duration"] else None
    if min(info.sr, info.channels) < 1 or info.frames < 0:
        raise ValueError(f"a sound of {info.channels} channels and {info.frames} frames at {info.sr} Hz")
    if not 0 <= start < math.inf or (duration is not None and not 0 < duration < math.inf):
        raise ValueError(f"a clip from {start} s that lasts {duration} s")
    return Clip(
        Path(row["path"]),
        row["label"],
        info,
        start=start,
        duration=duration,
        group=row["group"] or None,
        fold=int(row["fold"]) if row["fold"] else None,
        file=row["file"],
    )
