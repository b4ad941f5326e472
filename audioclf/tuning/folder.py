"""Read the folder of a search, finished or growing: every point's figures, and which one is chosen."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from audioclf.core import workspaces
from audioclf.core.errors import AudioclfError, RunError
from audioclf.experiments.runs import Run, list_runs
from audioclf.experiments.runs.checks import require_own_files
from audioclf.experiments.runs.files import read_json
from audioclf.experiments.runs.folder import JobFolder
from audioclf.experiments.runs.writer import make_folder
from audioclf.training import Epoch, Training, epochs_of
from audioclf.training.history import kept_epoch
from audioclf.tuning.config import METRICS, Point, Search, title
from audioclf.tuning.space import short, values_in

IMPORTANCE: Final = "importance.json"
SETTINGS: Final = "point.json"
"""What a point sets, in its run's folder."""


@dataclass(frozen=True)
class Standing:
    """Where one point stands: a line of the leader board.

    Attributes
    ----------
    number : int
        From 1.
    settings : mapping
        What the point sets.
    state : str
        As of a run; ``"pruned"`` where it was stopped early, ``"waiting"`` before it has begun.
    val_loss, val_accuracy : float or None
        Of the epochs whose weights are kept (so far), the mean over the models that there are.
    epochs : int
        Epochs of all models so far.
    seconds : float or None
        Wall time, once it is done.
    message : str
        Why it failed.
    """

    number: int
    settings: Mapping[str, Any]
    state: str = "waiting"
    val_loss: float | None = None
    val_accuracy: float | None = None
    epochs: int = 0
    seconds: float | None = None
    message: str = ""

    @property
    def title(self) -> str:
        """The settings in a line."""
        return title(self.settings)

    def figure(self, metric: str) -> float | None:
        """``val_loss`` or ``val_accuracy``."""
        return self.val_accuracy if metric == "val_accuracy" else self.val_loss


class SearchRun(JobFolder):
    """One search's folder, read. Everything is read when asked for, so a search can be watched."""

    what = "search"
    recipe = "search.toml"

    @cached_property
    def search(self) -> Search:
        """What is searched."""
        return Search.load(self.folder / self.recipe)

    @cached_property
    def _done(self) -> dict[int, Standing]:
        """Points that have ended by themselves: nothing of them changes any more."""
        return {}

    def point_folder(self, number: int) -> Path:
        """Folder of a point's run; its name is made here and is unique among the points of all searches."""
        return self.folder / "points" / f"{self.id}.{number:02d}"

    def run(self, number: int) -> Run | None:
        """Run of a point, from 1; None where it has not begun."""
        require_own_files(self.folder / "points", self.folder, f"search '{self.id}'")
        folder = self.point_folder(number)
        return Run(folder) if (folder / Run.recipe).is_file() else None

    @property
    def runs(self) -> list[Run]:
        """Runs of all points that have begun, in their order."""
        require_own_files(self.folder / "points", self.folder, f"search '{self.id}'")
        runs = [run for run in list_runs(self.folder / "points") if run.id.rsplit(".", 1)[-1].isdecimal()]
        return sorted(runs, key=_number)

    def point(self, number: int) -> Point:
        """A point that is known: of a grid any, else one that has begun.

        Raises
        ------
        RunError
        """
        if self.search.sampler == "grid":
            return self.search.preview[number - 1]
        run = self.run(number)
        if run is None:
            raise RunError(f"Point {number} of search '{self.name}' has not begun; wait until it has.")
        return Point(number, self._settings(run), run.experiment)

    def _settings(self, run: Run) -> dict[str, Any]:
        """What a point that was drawn sets; read in its experiment where an earlier version made it."""
        kept = read_json(run.folder / SETTINGS, missing={})
        if isinstance(kept, dict) and all(name in kept for name in self.search.grid):
            return {name: kept[name] for name in self.search.grid}
        return values_in(run.experiment, self.search.grid)

    @property
    def importance(self) -> dict[str, float]:
        """Share of the results' variance that each parameter explains, the largest first; empty while unknown."""
        kept = read_json(self.folder / IMPORTANCE, missing={})
        found = {
            name: float(share)
            for name, share in (kept.items() if isinstance(kept, dict) else ())
            if name in self.search.grid and isinstance(share, int | float) and 0 <= share <= 1
        }
        return dict(sorted(found.items(), key=lambda item: -item[1]))

    @property
    def board(self) -> list[Standing]:
        """The leader board: points that are done first, the best on top, then those under way, to come, and pruned.

        Of a search that draws its points, those that have begun.
        """
        turn = {
            "done": 0,
            "running": 1,
            "stopped": 2,
            "interrupted": 2,
            "queued": 3,
            "waiting": 3,
            "pruned": 4,
            "failed": 5,
        }

        def place(standing: Standing) -> tuple[int, float, int]:
            return turn.get(standing.state, 3), self._badness(standing), standing.number

        if self.search.sampler == "grid":
            numbers = [point.number for point in self.search.preview]
        else:
            numbers = [_number(run) for run in self.runs]
        return sorted(map(self.standing, numbers), key=place)

    @property
    def best(self) -> Standing | None:
        """The chosen point: of those that are done the one with the best validation figure, the first of equals."""
        for standing in self.board:
            if standing.state == "done" and standing.figure(self.search.metric) is not None:
                return standing
        return None

    def _badness(self, standing: Standing) -> float:
        figure = standing.figure(self.search.metric)
        if figure is None:
            return math.inf
        return figure if METRICS[self.search.metric] == "lowest" else -figure

    def standing(self, number: int) -> Standing:
        """Where one point stands."""
        if number in self._done:
            return self._done[number]
        run = self.run(number)
        if run is None:
            return Standing(number, self.point(number).settings)
        point = self.point(number)
        status = run.status
        state = "done" if run.has_metrics else status.state
        rows = run.history
        kept = _kept(rows, point.experiment.training)
        seconds = None
        if state == "done":
            try:
                seconds = float(run.metrics["seconds"])
            except (AudioclfError, KeyError, TypeError, ValueError):
                seconds = None
        found = Standing(
            number,
            point.settings,
            state,
            _mean([row.val_loss for row in kept]),
            _mean([row.val_accuracy for row in kept]),
            len(rows),
            seconds,
            status.message if state in ("failed", "pruned") else "",
        )
        if state in ("done", "pruned"):
            self._done[number] = found
        return found

    def result(self) -> dict[str, Any]:
        """What came of it, as plain values: the chosen settings, their figures, the points."""
        best, metric = self.best, self.search.metric
        run = self.run(best.number) if best is not None else None
        states = [standing.state for standing in self.board]
        chosen: dict[str, Any] = {}
        if best is not None and run is not None:
            metrics = run.metrics
            chosen = {
                "point": best.number,
                "settings": dict(best.settings),
                metric: best.figure(metric),
                "run": str(run.folder),
                "test_accuracy": metrics["accuracy"],
                "test_interval": metrics["interval"],
                "protocol": metrics["protocol"],
            }
        return {
            "search": str(self.folder),
            "state": self.status.state,
            "metric": metric,
            "best": chosen or None,
            "n_points": self.search.count,
            "n_done": states.count("done"),
            "n_pruned": states.count("pruned"),
            "n_failed": states.count("failed"),
            "seconds": round(sum(standing.seconds or 0.0 for standing in self.board), 3),
        }


def _number(run: Run) -> int:
    """Number of the point that a run is, as its folder's name ends."""
    end = run.id.rsplit(".", 1)[-1]
    return int(end) if end.isdecimal() else 0


def _kept(rows: list[dict[str, Any]], training: Training) -> list[Epoch]:
    """The epoch of every model whose weights are kept."""
    return [
        epoch
        for epochs in epochs_of(rows).values()
        for epoch in epochs
        if epoch.epoch == kept_epoch(epochs, training) and epoch.is_finite
    ]


def _mean(values: list[float]) -> float | None:
    finite = [value for value in values if math.isfinite(value)]
    return sum(finite) / len(finite) if finite and len(finite) == len(values) else None


def create_search(search: Search, folder: Path, *, name: str = "", begun: bool = False) -> SearchRun:
    """Make the folder of a search that is yet to be made; see :func:`audioclf.experiments.runs.create_run`.

    ``name`` is for people; it is made of the experiment's and of what is varied where empty.
    """
    folder = Path(folder)
    about = name or " · ".join([search.experiment.name or search.experiment.model.kind, *short(search.grid).values()])
    make_folder(folder, SearchRun.recipe, search.to_toml(), about, search.experiment.note, SearchRun.what, begun=begun)
    return SearchRun(folder)


def open_search(folder: str | Path) -> SearchRun:
    """Open the folder of a search.

    Raises
    ------
    RunError
        When it is none.
    """
    return SearchRun(Path(folder))


def list_jobs(runs_folder: Path) -> list[JobFolder]:
    """All runs below a folder, and all searches below the folder beside it, as in a workspace."""
    return [*list_runs(runs_folder), *list_searches(runs_folder.parent / workspaces.SEARCHES)]


def list_searches(searches_folder: str | Path) -> list[SearchRun]:
    """All searches below a folder, newest first; what is no search is passed over."""
    return SearchRun.all_in(searches_folder)
