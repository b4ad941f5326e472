"""Make the points of a search, in one process or in several that share its folder."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from audioclf.core import cluster, limits
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.core.files import write_atomic
from audioclf.core.pool import Pool
from audioclf.datasets import Dataset, load_dataset
from audioclf.experiments.parallel import require_cluster
from audioclf.experiments.progress import Watched
from audioclf.experiments.runner import execute
from audioclf.experiments.runs import STOPPED, Run, Status, Watcher, create_run, write_json
from audioclf.experiments.runs.writer import StatusWriter
from audioclf.features.cache import FeatureStore
from audioclf.models import trust
from audioclf.training import epochs_of
from audioclf.tuning.clock import Clock, cost
from audioclf.tuning.config import METRICS, Point, Search
from audioclf.tuning.folder import IMPORTANCE, SETTINGS, SearchRun, create_search
from audioclf.tuning.shared_cache import SharedStore
from audioclf.tuning.study import SharedStudy, Trial

_POLL: Final = 0.5
_SELDOM: Final = 20
"""So many times as long as it took passes before importance is computed again."""
_PRUNED: Final = "Stopped after epoch {} of {}: its validation loss was behind that of the other points."
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
        Called with the search's :class:`~audioclf.experiments.runs.Status` whenever it changes.
    should_stop : callable, optional
        Called at every batch; when it returns true, the search stops and can be resumed.

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
    join: bool = False,
    trust_code: bool = False,
) -> SearchRun:
    """Make, or go on making, a search whose folder exists.

    Points that are done stay; the one under way goes on after its last epoch. A point that fails, or whose process
    ended twice in the same epoch, is passed over and keeps the reason; on resuming it is tried again. After every
    point ``give_way`` is asked; when it says yes, the search goes back into the queue.

    Parameters
    ----------
    made : SearchRun
    watch, should_stop : callable, optional
        As for :func:`run_search`.
    give_way : callable, optional
    join : bool
        Whether another process is making the search and this one takes some of its points. It returns when there
        are none left to take; the search's status is the other's.
    trust_code : bool
        Allows the import of code that the points' models name: the folder may be a stranger's.

    Raises
    ------
    RunError
        When another process is making it at this moment, and ``join`` is not set; when its journal is damaged.
    ParameterError
        When a point's model names code that is not trusted.
    """
    trusted = trust_code or trust.code_trusted()
    if join:
        with trust.trusting_code(trusted):
            _Maker(made, StatusWriter(made, watch, should_stop), join=True).work()
        return made
    made.require_mine()
    writer = StatusWriter(made, watch, should_stop)
    with trust.trusting_code(trusted), writer.ending():
        for point in made.search.preview:
            trust.require_trusted(point.experiment.model)
        _Maker(made, writer, give_way).make()
    return made


class _Maker:
    """One process that makes points: the one that keeps the search's status, or one that joined it."""

    def __init__(
        self,
        made: SearchRun,
        writer: StatusWriter,
        give_way: Callable[[], bool] | None = None,
        *,
        join: bool = False,
    ) -> None:
        self.made = made
        self.search = made.search
        self.writer = writer
        self.give_way = give_way or (lambda: False)
        self.should_stop = writer.should_stop
        self.join = join
        self.store = SharedStore()
        self._measure_after = 0.0

    def tell(self, **changes: Any) -> None:
        if not self.join:
            self.writer.status(**changes)

    def make(self) -> None:
        """All points; a search that gave way goes back into the queue.

        Raises
        ------
        AudioclfError
            When no point came to its end.
        """
        self.tell(state="running", stage="data", message="Reading the data set", fraction=0.0)
        require_cluster(self.made)
        choice = self.search.experiment.dataset
        # all of it: every point takes its share by itself
        dataset = load_dataset(choice.name, **dict(choice.options), should_stop=self.should_stop)
        plans = self.search.examine(dataset)
        self.tell(stage="training", n_fits=self.search.count)
        costs = {point.number: cost(point, plan) for point, plan in zip(self.search.preview, plans, strict=True)}
        if self.search.sampler != "grid":
            costs = dict.fromkeys(range(1, self.search.count + 1), 1.0)
        if not (self.follow(dataset) if cluster.is_set() else self.work(Clock(costs))):
            self.tell(state="queued", message="Gave way to others; goes on when it is its turn.", seconds_left=None)
            return
        best = self.made.best
        if best is None:
            raise AudioclfError(_why_none(self.made))
        self.tell(
            state="done",
            message=f"Best by {self.search.metric}: {best.title} ({best.figure(self.search.metric):.4g})",
            fit=self.search.count,
            fraction=1.0,
            seconds_left=None,
        )

    def follow(self, dataset: Dataset) -> bool:
        """Let processes of the cluster take the points; returns whether all are made, and it did not give way.

        The status is written often: workers that see it stand still stop.
        """
        study = SharedStudy(self.search, self.made.folder)
        count = self.search.count
        failed: set[int] = set()
        calls, yields = 0, False
        with Pool(1, memory_gb=limits.memory_cap()) as pool:
            if pool.cluster is None:
                raise RunError("The cluster was unset while the search began; start it again.")
            store = FeatureStore()
            store.folder.mkdir(parents=True, exist_ok=True)
            pool.cluster.require_sees(store.folder.resolve(), [dataset.clips[0].path.resolve()])
            while True:
                if self.should_stop():
                    raise Stopped(STOPPED)
                for outcome in pool.finished(timeout=_POLL):
                    if outcome.error is not None:
                        raise outcome.error
                    failed |= {outcome.value} - {0}
                    self._measure(study)
                    yields = yields or self.give_way()
                left = count - len(study.finished) - len(failed)
                if not pool.running and (left <= 0 or yields):
                    break
                while not yields and pool.free and left > len(pool.running):
                    calls += 1
                    folder = str(self.made.folder.resolve())
                    pool.start(calls, make_point, folder, sorted(failed), trust.code_trusted())
                n = len(pool.running)
                message = f"{count - left} of {count} points" + (f", {n} points at a time" if n > 1 else "")
                self.tell(fit=count - left, message=message, fraction=1 - left / count)
        if left <= 0:
            self._measure(study, last=True)
        return left <= 0

    def once(self, skip: set[int]) -> int:
        """Take a single point; returns its number where it failed, else 0."""
        trial = SharedStudy(self.search, self.made.folder).take(skip=skip)
        if trial is None:
            return 0
        try:
            return 0 if self._make(trial, None) else trial.number
        finally:
            trial.release()

    def work(self, clock: Clock | None = None) -> bool:
        """Take points one at a time until none is left; returns whether it came so far, and did not give way."""
        study = SharedStudy(self.search, self.made.folder)
        failed: set[int] = set()
        while True:
            if self.should_stop():
                raise Stopped(STOPPED)
            trial = study.take(skip=failed)
            if trial is None:
                if self.join:
                    return True
                if study.open <= failed:
                    self._measure(study, last=True)
                    return True
                time.sleep(_POLL)  # others are at work on the last points; where they are killed, they are taken over
                continue
            try:
                clock_now = clock and clock.without(study.finished | failed)
                if not self._make(trial, clock_now):
                    failed.add(trial.number)
            finally:
                trial.release()
            if not self.join:
                self._measure(study)
            if (study.open > failed or len(study.finished) + len(failed) < self.search.count) and self.give_way():
                return False

    def _measure(self, study: SharedStudy, *, last: bool = False) -> None:
        """Keep how much each parameter matters, as far as is known; seldom while points take less time than this."""
        began = time.monotonic()
        if not last and began < self._measure_after:
            return
        found = study.importances()
        if found:
            write_json(self.made.folder / IMPORTANCE, found)
        ended = time.monotonic()
        self._measure_after = ended + _SELDOM * (ended - began)

    def _make(self, trial: Trial, clock: Clock | None) -> bool:
        """One point, to its end or until it is pruned; returns whether it is finished."""
        number, point = trial.number, trial.point
        run = self.made.run(number) or self._new(point)
        if not run.has_metrics and not self._train(run, trial, clock):
            return False
        if run.has_metrics:
            figure = self.made.standing(number).figure(self.search.metric)
            if figure is None:
                return False
            # pruning compares losses, so the lower is the better here whatever chooses
            trial.finish(figure if METRICS[self.search.metric] == "lowest" else 1 - figure)
        return True

    def _train(self, run: Run, trial: Trial, clock: Clock | None) -> bool:
        """Train a point; returns whether it is done or pruned."""
        point, planned = trial.point, trial.point.experiment.training.epochs
        prunes = self.search.pruner != "none" and point.experiment.model.family == "network"
        (run.folder / "stop").unlink(missing_ok=True)
        attempt = run.folder / "attempt"
        if not _try(attempt, len(run.history)):
            StatusWriter(run).status(state="failed", message=_CRASHES)
            return False
        place = 1 if clock is None else self.search.count - clock.n_left + 1
        self.tell(fit=place, epoch=0, epochs=planned, message=f"Point {point.title}")
        seen = [0]
        pruned = [prunes and trial.report(first_losses(run), planned)]

        def watch(status: Status) -> None:
            if prunes and status.epoch != seen[0]:
                seen[0] = status.epoch
                pruned[0] = pruned[0] or trial.report(first_losses(run), planned)
            if clock is None:
                return
            share = status.fraction if status.stage == "training" else float(status.stage == "testing")
            self.tell(
                epoch=status.epoch,
                epochs=status.epochs or self.writer.current.epochs,
                message=f"{point.title}: {status.message}",
                fraction=clock.fraction(point.number, share),
                seconds_left=clock.seconds_left(point.number, share),
            )

        try:
            execute(run, watch=watch, should_stop=lambda: pruned[0] or self.should_stop(), store=self.store)
        except Stopped:
            if not pruned[0]:
                raise
            StatusWriter(run).status(state="pruned", message=_PRUNED.format(max(first_losses(run)), planned))
            trial.prune()
        except AudioclfError:
            return False  # the point's own status has the reason, and the others may do better
        finally:
            attempt.unlink()  # whoever comes this far did not crash
        return True

    def _new(self, point: Point) -> Run:
        folder = self.made.point_folder(point.number)
        if folder.exists():  # its process was killed before the folder was whole
            shutil.rmtree(folder)
        run = create_run(point.experiment, folder, name=f"{self.made.name}: {point.title}")
        write_json(folder / SETTINGS, dict(point.settings))
        return run


_maker: _Maker | None = None
"""What this process made a point with last: the next one of the same search finds its features in memory."""


def make_point(folder: str, skip: list[int], trust_code: bool) -> int:
    """Make one point of the search in a folder, in a process of the cluster; ``skip`` are points that failed.

    Returns
    -------
    int
        Number of the point where it failed; 0 where it did not, or none was left.
    """
    global _maker
    if _maker is None or str(_maker.made.folder) != folder:
        made = SearchRun(Path(folder))
        _maker = _Maker(made, StatusWriter(made), join=True)
    if _maker.search.experiment.model.family == "network":
        limits.one_thread()  # as many workers as cores, and one point in each
    stop, gone = _maker.writer.should_stop, Watched(_maker.made)
    _maker.should_stop = lambda: stop() or gone()
    with trust.trusting_code(trust_code):
        try:
            return _maker.once(set(skip))
        except Stopped:  # the search's process has seen it too, or is gone
            return 0


def first_losses(run: Run) -> dict[int, float]:
    """Validation loss by epoch of a run's first fit, by which it is pruned: further folds and members come later."""
    fits = epochs_of(run.history)
    return {epoch.epoch: epoch.val_loss for epoch in fits[min(fits)]} if fits else {}


def _try(attempt: Path, epoch: int) -> bool:
    """Note that a point begins at this epoch; no where its process ended twice here already."""
    before = attempt.read_text(encoding="utf-8").split() if attempt.is_file() else []
    tries = 1 + (int(before[1]) if len(before) == 2 and before[0] == str(epoch) else 0)
    if tries > 2:
        attempt.unlink()
        return False
    write_atomic(attempt, f"{epoch} {tries}")
    return True


def _why_none(made: SearchRun) -> str:
    messages = [standing.message for standing in made.board if standing.message]
    if messages:
        return f"No point came to its end; the first ended with: {messages[0]}"
    return "No point has a validation figure; lower the learning rate, or look at the points' curves."
