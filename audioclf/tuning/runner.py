"""Make the points of a search, one after the other in one process."""

from __future__ import annotations

import math
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from audioclf.core.errors import AudioclfError, Stopped
from audioclf.datasets import load_dataset
from audioclf.experiments.preflight import Outlook
from audioclf.experiments.runner import execute
from audioclf.experiments.runs import STOPPED, Run, Status, Watcher, create_run, write_text
from audioclf.experiments.runs.writer import StatusWriter
from audioclf.models import trust
from audioclf.tuning.config import Point, Search
from audioclf.tuning.folder import SearchRun, create_search
from audioclf.tuning.shared_cache import SharedStore

_CRASHES = (
    "The process ended twice in the same epoch of this point without a reason of its own; take a smaller model or batch"
    " if memory is short, or look into log.txt in the search's folder."
)


def run_search(
    search: Search,
    folder: str | Path,
    *,
    name: str = "",
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> SearchRun:
    """Make a search in this process, in a new folder.

    Parameters
    ----------
    search : Search
    folder : path
        Must not exist, or be empty; becomes the search.
    name : str
        Name for people.
    watch : callable, optional
        Told the search's :class:`~audioclf.experiments.runs.Status` whenever it changes.
    should_stop : callable, optional
        Looked at every batch; when it says yes, the search stops and can be resumed.

    Returns
    -------
    SearchRun

    Raises
    ------
    AudioclfError
        When no point could be made; :class:`~audioclf.core.errors.Stopped` after a stop.
    """
    made = create_search(search, Path(folder), name=name, begun=True)
    return execute_search(made, watch=watch, should_stop=should_stop, trust_code=True)


def execute_search(
    made: SearchRun,
    *,
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
    give_way: Callable[[], bool] | None = None,
    trust_code: bool = False,
) -> SearchRun:
    """Make, or go on making, a search whose folder exists.

    Points that are done stay; the one under way goes on after its last epoch. A point that fails, or whose process
    ended twice in the same epoch, is passed over and says why; on resuming it is tried again. After every point
    ``give_way`` is asked; when it says yes, the search goes back into the queue. ``trust_code`` allows the import of
    code that the points' models name: the folder may be a stranger's.

    Raises
    ------
    RunError
        When another process is making it at this moment.
    ParameterError
        When a point's model names code that is not trusted.
    """
    made.require_mine()
    maker = _Maker(made, watch, should_stop, give_way)
    with trust.trusting_code(trust_code or trust.code_trusted()), maker.writer.ending():
        for point in made.search.points:
            trust.require_trusted(point.experiment.model)
        maker.make()
    return made


class _Maker:
    def __init__(
        self,
        made: SearchRun,
        watch: Watcher | None,
        should_stop: Callable[[], bool] | None,
        give_way: Callable[[], bool] | None,
    ) -> None:
        self.made = made
        self.give_way = give_way or (lambda: False)
        self.writer = StatusWriter(made, watch, should_stop)
        self.tell = self.writer.status
        self.should_stop = self.writer.should_stop
        self.store = SharedStore()

    def make(self) -> None:
        self.tell(state="running", stage="data", message="Reading the data set", fraction=0.0)
        search = self.made.search
        choice = search.experiment.dataset
        # all of it: every point takes its share by itself
        dataset = load_dataset(choice.name, **dict(choice.options), should_stop=self.should_stop)
        outlooks = search.examine(dataset)
        points = in_order(search.points)
        left = {point.number: cost(point, outlooks[point.number - 1]) for point in points}
        self.tell(stage="training", n_parts=len(points))
        clock = _Clock(left)
        for place, point in enumerate(points, start=1):
            if self.should_stop():
                raise Stopped(STOPPED)
            if self._is_done(point):
                clock.skip(point.number)
                continue
            self.tell(part=place, epoch=0, epochs=point.experiment.training.epochs, message=f"Point {point.title}")
            self._point(point, clock)
            clock.end(point.number)
            if place < len(points) and self.give_way():
                self.tell(state="queued", message="Gave way to others; goes on when it is its turn.", seconds_left=None)
                return
        best = self.made.best
        if best is None:
            raise AudioclfError(_why_none(self.made))
        title = search.points[best.number - 1].title
        self.tell(
            state="done",
            message=f"Best by {search.metric}: {title} ({best.figure(search.metric):.4g})",
            part=len(points),
            fraction=1.0,
            seconds_left=None,
        )

    def _is_done(self, point: Point) -> bool:
        run = self.made.run(point.number)
        return run is not None and run.has_metrics

    def _point(self, point: Point, clock: _Clock) -> None:
        run = self.made.run(point.number) or self._new(point)
        (run.folder / "stop").unlink(missing_ok=True)
        attempt = run.folder / "attempt"
        if not _try(attempt, len(run.history)):
            StatusWriter(run).status(state="failed", message=_CRASHES)
            return

        def watch(status: Status) -> None:
            share = status.fraction if status.stage == "training" else float(status.stage == "testing")
            self.tell(
                epoch=status.epoch,
                epochs=status.epochs or self.writer.current.epochs,
                message=f"{point.title}: {status.message}",
                fraction=clock.fraction(point.number, share),
                seconds_left=clock.seconds_left(point.number, share),
            )

        try:
            execute(run, watch=watch, should_stop=self.should_stop, store=self.store)
        except Stopped:
            raise
        except AudioclfError:
            pass  # the point's own status says why, and the others may do better
        finally:
            attempt.unlink()  # whoever comes this far did not crash

    def _new(self, point: Point) -> Run:
        folder = self.made.point_folder(point.number)
        if folder.exists():  # its process was killed before the folder was whole
            shutil.rmtree(folder)
        return create_run(point.experiment, folder, name=f"{self.made.name}: {point.title}")


def _try(attempt: Path, epoch: int) -> bool:
    """Note that a point begins at this epoch; no where its process ended twice here already."""
    before = attempt.read_text(encoding="utf-8").split() if attempt.is_file() else []
    tries = 1 + (int(before[1]) if len(before) == 2 and before[0] == str(epoch) else 0)
    if tries > 2:
        attempt.unlink()
        return False
    write_text(attempt, f"{epoch} {tries}")
    return True


def in_order(points: Sequence[Point]) -> list[Point]:
    """The points so that those with equal sound and features follow each other and share them in memory."""
    first: dict[str, int] = {}
    keys = {}
    for point in points:
        key = repr((point.experiment.audio, point.experiment.features))
        keys[point.number] = first.setdefault(key, point.number)
    return sorted(points, key=lambda point: (keys[point.number], point.number))


def cost(point: Point, outlook: Outlook) -> float:
    """How much work a point is, in proportion to the others: values fed through all epochs of all models."""
    values = sum(math.prod(shape) for shape in outlook.input_shapes)
    clips = sum(len(split.train) for split in outlook.splits)
    return float(values * clips * point.experiment.training.epochs)


class _Clock:
    """How much of the search is done, and how long the rest will take at the pace of this process.

    The pace is measured from the first progress of a training, so that what is only done once does not count.
    """

    def __init__(self, costs: dict[int, float]) -> None:
        self._costs = costs
        self._total = sum(costs.values()) or 1.0
        self._left = self._total
        self._origin: tuple[float, float] | None = None

    def end(self, number: int) -> None:
        """A point is done, or was before."""
        self._left -= self._costs[number]

    def skip(self, number: int) -> None:
        """A point was done before: it says nothing of the pace."""
        self.end(number)
        self._origin = None

    def fraction(self, number: int, share: float) -> float:
        """Share of the whole search that is done, with ``share`` of this point."""
        return min(max(1 - self._rest(number, share) / self._total, 0.0), 1.0)

    def seconds_left(self, number: int, share: float) -> float | None:
        """None before there is anything to go by."""
        now, rest = time.monotonic(), self._rest(number, share)
        if self._origin is None:
            if share > 0:
                self._origin = now, rest
            return None
        began, then = self._origin
        return (now - began) / (then - rest) * rest if rest < then else None

    def _rest(self, number: int, share: float) -> float:
        return self._left - share * self._costs[number]


def _why_none(made: SearchRun) -> str:
    messages = [standing.message for standing in made.board if standing.message]
    if messages:
        return f"No point came to its end; the first said: {messages[0]}"
    return "No point has a validation figure; lower the learning rate, or look at the points' curves."
