"""Write the folder of a run: one process does, and every file is whole at any moment."""

from __future__ import annotations

import csv
import dataclasses
import os
import secrets
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs.files import cell, read_csv, write_csv, write_json, write_text
from audioclf.experiments.runs.folder import JobFolder
from audioclf.experiments.runs.processes import process_created
from audioclf.experiments.runs.reader import Run
from audioclf.experiments.runs.status import CLIPS, HISTORY, STOPPED, FitKey, Prediction, Status, Watcher
from audioclf.training import Epoch


class StatusWriter:
    """The one process that writes the status of a run, or of a search.

    Parameters
    ----------
    job : JobFolder
    watch : callable, optional
        Called with every status that is written.
    asked : callable, optional
        Whether to stop, besides the stop file of the folder.
    """

    def __init__(self, job: JobFolder, watch: Watcher | None = None, asked: Callable[[], bool] | None = None) -> None:
        self.job = job
        self.folder = job.folder
        self._watch = watch
        self._asked = asked
        pid = os.getpid()
        self.current = Status(started=time.time(), spent=job.status.worked, pid=pid, pid_created=process_created(pid))

    def status(self, **changes: Any) -> Status:
        """Replace the status file, with some values changed."""
        self.current = dataclasses.replace(self.current, updated=time.time(), **changes)
        write_json(self.folder / "status.json", dataclasses.asdict(self.current))
        if self._watch is not None:
            self._watch(self.current)
        return self.current

    def should_stop(self) -> bool:
        """Whether the folder or the caller asks for a stop."""
        return (self.folder / "stop").exists() or (self._asked is not None and self._asked())

    @contextmanager
    def ending(self) -> Iterator[None]:
        """Write how the work inside ends where it does not come to its end: stopped, or failed and why.

        Raises
        ------
        Stopped
            After a stop, also where a library that was interrupted raised an error of its own.
        """
        try:
            yield
        except (Stopped, KeyboardInterrupt):
            self.status(state="stopped", message=STOPPED, seconds_left=None)
            raise
        except AudioclfError as error:
            self.status(state="failed", message=str(error), seconds_left=None)
            raise
        except BaseException as error:
            if self.should_stop():
                self.status(state="stopped", message=STOPPED, seconds_left=None)
                raise Stopped(STOPPED) from error
            sentence = f"The {self.job.word} ended through a fault in the program; log.txt in its folder shows where."
            self.status(state="failed", message=sentence, seconds_left=None)
            raise


class RunWriter(StatusWriter):
    """The one process that writes a run."""

    job: Run

    def clips(self, dataset: Dataset) -> None:
        """Keep the clips as they are now."""
        write_csv(self.folder / "clips.csv", CLIPS, _cells(dataset, CLIPS))

    def has_clips_of(self, dataset: Dataset) -> bool:
        """Whether the clips that were kept are these, wherever their files lie now."""
        names = ("label", "start", "duration", "group", "fold", "content")
        known = read_csv(self.folder / "clips.csv", CLIPS)
        return [[row[name] for name in names] for row in known] == _cells(dataset, names)

    def epoch(self, fit: FitKey, epoch: Epoch) -> None:
        """Add one line to the history."""
        path = self.folder / "history.csv"
        new = not path.exists()
        with path.open("a", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            if new:
                writer.writerow(HISTORY)
            writer.writerow(
                [fit.id, fit.split_index, fit.member, *(cell(value) for value in dataclasses.astuple(epoch))]
            )
            file.flush()
            os.fsync(file.fileno())

    def cut_history(self, fit: FitKey, epochs: int) -> None:
        """Leave only the first ``epochs`` lines of a fit, those in its checkpoint."""
        rows = [row for row in self.job.history if row["fit"] != fit.id or row["epoch"] <= epochs]
        if rows or (self.folder / "history.csv").exists():
            write_csv(self.folder / "history.csv", HISTORY, [[cell(row[key]) for key in HISTORY] for row in rows])

    def order_history(self, fits: Sequence[FitKey]) -> None:
        """Bring the lines of fits that were trained at the same time into the order of the fits."""
        place = {fit.id: number for number, fit in enumerate(fits)}
        rows = self.job.history
        ordered = sorted(rows, key=lambda row: (place[row["fit"]], row["epoch"]))
        if ordered != rows:
            write_csv(self.folder / "history.csv", HISTORY, [[cell(row[key]) for key in HISTORY] for row in ordered])

    def predictions(self, predictions: Iterable[Prediction], n_classes: int) -> None:
        """Keep the predictions of every tested clip."""
        header = ("clip", "split", "true", "predicted", *(f"p{number}" for number in range(n_classes)))
        rows = [
            (item.clip, item.split, item.true, item.predicted, *(f"{value:.6g}" for value in item.probabilities))
            for item in predictions
        ]
        write_csv(self.folder / "predictions.csv", header, rows)

    def metrics(self, metrics: Mapping[str, Any]) -> None:
        """Keep the metrics: the run is complete with them."""
        write_json(self.folder / "metrics.json", metrics)

    def signature(self, signature: Mapping[str, Any]) -> None:
        """Keep what is needed to use the models."""
        write_json(self.folder / "model.json", signature)


def _cells(dataset: Dataset, names: Sequence[str]) -> list[list[str]]:
    """A row of cells for every clip, from it or from its file's facts."""
    return [
        [cell(getattr(clip.info if hasattr(clip.info, name) else clip, name)) for name in names]
        for clip in dataset.clips
    ]


def create_run(
    experiment: Experiment, folder: Path, *, name: str = "", data_title: str = "", begun: bool = False
) -> Run:
    """Make the folder of a run that is yet to be made.

    Parameters
    ----------
    experiment : Experiment
    folder : Path
        Must not exist, or be empty.
    name : str
        Name for people; the experiment's name, or one made of its settings, where empty.
    data_title : str
        Name of the data set for people, where it is known already.
    begun : bool
        Whether this process goes on to make it; else it waits in the queue, where a server may take it up.

    Raises
    ------
    RunError
        When the folder holds something already, or cannot be written.
    """
    folder = Path(folder)
    name = name or experiment.name or automatic_name(experiment, data_title)
    make_folder(folder, Run.recipe, experiment.to_toml(), name, experiment.note, begun=begun)
    run = Run(folder)
    if data_title:
        run.describe(data_title=data_title)
    return run


def make_folder(
    folder: Path, recipe: str, text: str, name: str, note: str = "", what: str = "run", *, begun: bool = False
) -> None:
    """Make the folder of something that a job is to fill; see :func:`create_run`.

    ``recipe`` and ``text`` are name and content of the file that holds what is to be made, which is written last;
    ``what`` names what the folder will hold.
    """
    status = Status(updated=time.time())
    if begun:
        pid = os.getpid()
        status = dataclasses.replace(
            status, state="running", started=status.updated, pid=pid, pid_created=process_created(pid)
        )
    try:
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise RunError(f"The folder {str(folder)!r} is not empty; name a new one for the {what}.")
        folder.mkdir(parents=True, exist_ok=True)
        try:
            write_json(folder / "run.json", {"name": name, "note": note, "created": time.time()})
            write_json(folder / "status.json", dataclasses.asdict(status))
            write_text(folder / recipe, text)
        except BaseException:  # Ctrl-C or a full disk: the folder stays empty, so that it can be taken
            for path in folder.iterdir():
                path.unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RunError(
            f"The {what}'s folder {str(folder)!r} cannot be written ({error.strerror}); choose another."
        ) from error


def new_folder(runs_folder: Path) -> Path:
    """An unused folder name below ``runs_folder``: the time, and a few random letters."""
    return Path(runs_folder) / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(3)}"


def automatic_name(experiment: Experiment, data_title: str = "") -> str:
    """A name made of data set, features and model."""
    features = "+".join(feature.kind for feature in experiment.features)
    return f"{data_title or Path(experiment.dataset.name).name} · {features} · {experiment.model.kind}"
