"""Several fits of a run at a time: in the process that makes the run, and in others beside it.

The run's process trains, and starts others beside it once it has seen that it pays; where a cluster is set, all fits
go there, and the run's process follows. Whoever trains a fit writes into its folder alone: weights, checkpoint, and how
far it is. What is of the whole run is written by the run's process, which reads that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from audioclf.core import cluster, limits
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.core.pool import Outcome, Pool
from audioclf.experiments.fit import Fit, plan, train_fit
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.progress import Progress, Watched, is_done, revoke
from audioclf.experiments.runs import STOPPED, Run, open_run
from audioclf.experiments.runs.folder import JobFolder
from audioclf.features.cache import FeatureStore
from audioclf.models import trust

PAYS: Final = 30.0
"""Seconds of waiting work that are worth another process: its imports and its first step take about ten."""

_SMALLEST: Final = 1.5
"""Gigabytes below which a process that trains a network is not started."""


def require_cluster(job: JobFolder) -> None:
    """Raise an AudioclfError where a cluster is set that cannot make a run or a search, before anything is made."""
    if cluster.is_set():
        found = cluster.connect()
        try:
            found.require_sees(job.folder.resolve())
        finally:
            found.close()


class Fits:
    """Who trains what; used in a ``with`` statement, at whose end nothing trains any more."""

    def __init__(
        self, run: Run, inputs: Inputs, fits: Sequence[Fit], progress: Progress, store: FeatureStore | None
    ) -> None:
        self.run = run
        self.progress = progress
        self._fits = {fit.id: fit for fit in fits}
        self.waiting = deque(fit for fit in fits if fit.id not in progress.done)
        self.here: Fit | None = None
        self.failed: dict[str, str] = {}
        store = FeatureStore() if store is None else store
        about = (str(run.folder.resolve()), inputs.dataset.fingerprint, str(store.folder), store.max_bytes)
        self._given = (*about, trust.code_trusted())
        self._alone = run.experiment.model.only_here or len(self.waiting) < 2
        self._pool: Pool | None = None
        self._cap: float | None = None
        if cluster.is_set() and not self._alone:
            self._pool = Pool(1, memory_gb=limits.memory_cap())
            self._require_seen(inputs, store)
        elif self._may_grow:
            limits.one_thread()

    def _require_seen(self, inputs: Inputs, store: FeatureStore) -> None:
        store.folder.mkdir(parents=True, exist_ok=True)
        first = inputs.dataset.clips[0].path.resolve()
        try:
            self._reached.require_sees(self.run.folder.resolve(), [first])
            self._reached.require_sees(store.folder.resolve())
        except BaseException:
            self.close()
            raise

    @property
    def _reached(self) -> cluster.Cluster:
        assert self._pool is not None
        assert self._pool.cluster is not None
        return self._pool.cluster

    @property
    def _may_grow(self) -> bool:
        return not self._alone and limits.fit_processes() > 1 and self.progress.epochs > 1

    def __enter__(self) -> Fits:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """End what trains in other processes."""
        if self._pool is None:
            return
        away = self.away
        if self._pool.cluster is not None:
            for fit in away:
                revoke(self.run.fit_folder(fit.id))
        self._pool.close()
        self._pool = None
        for fit in away:
            self.progress.read(fit)
        if self._cap is not None:
            limits.cap_memory(self._cap)

    @property
    def away(self) -> list[Fit]:
        """Fits that train in other processes."""
        return [] if self._pool is None else [self._fits[str(name)] for name in self._pool.running]

    @property
    def running(self) -> list[Fit]:
        """Fits that train at this moment."""
        return [*([self.here] if self.here is not None else []), *self.away]

    def take(self) -> Fit | None:
        """The next fit for this process to train; None where others train all that is left."""
        self.follow()
        on_cluster = self._pool is not None and self._pool.cluster is not None
        self.here = self.waiting.popleft() if self.waiting and not on_cluster else None
        return self.here

    def end_here(self) -> None:
        """This process has trained the fit it took."""
        assert self.here is not None
        self.progress.end(self.here)
        self.here = None

    def follow(self) -> None:
        """Read how far the fits are, and hand out what waits; to be called now and then.

        Raises
        ------
        AudioclfError
            That a fit in another process met; one whose process died twice is left for :meth:`check`.
        """
        for fit in self.running:
            self.progress.read(fit)
        self._grow()
        if self._pool is None:
            return
        for outcome in self._pool.finished():
            self._take_back(outcome)
        while self.waiting and self._pool.free:
            fit = self.waiting.popleft()
            on_cluster = self._pool.cluster is not None
            self._pool.start(fit.id, train_elsewhere, fit.id, *self._given, on_cluster)

    def _take_back(self, outcome: Outcome) -> None:
        fit = self._fits[str(outcome.name)]
        if outcome.error is None:
            if not is_done(self.run.fit_folder(fit.id)):
                raise Stopped(STOPPED)
            self.progress.end(fit)
        elif isinstance(outcome.error, RunError):  # of this fit: its process died, or it cannot be trained
            self.progress.read(fit)
            self.failed[fit.id] = str(outcome.error)
        else:
            raise outcome.error

    def check(self) -> None:
        """Raise a RunError where fits could not be trained."""
        if self.failed:
            names, total = ", ".join(self.failed), len(self._fits)
            why = next(iter(self.failed.values()))
            raise RunError(f"{len(self.failed)} of {total} models could not be trained ({names}): {why}")

    def _grow(self) -> None:
        """Start other processes where that pays."""
        if self._pool is not None or not self._may_grow or self.progress.seconds_of(self.waiting) < PAYS:
            return
        number = min(limits.fit_processes() - 1, len(self.waiting))
        cap = limits.memory_cap()
        if cap is not None:
            # all together stay below what one would be given
            number = min(number, int(cap / max(_SMALLEST, 1.2 * limits.memory_used())) - 1)
        if number < 1:
            return
        if cap is not None:
            self._cap, cap = cap, cap / (number + 1)
            limits.cap_memory(cap)
        self._pool = Pool(number, memory_gb=cap)


_last: tuple[tuple[str, str], Inputs] | None = None
"""What this process trained last, so that the next fit of the same run finds its arrays; those of one run stay."""


def train_elsewhere(
    name: str, folder: str, fingerprint: str, store: str, max_bytes: int, trust_code: bool, on_cluster: bool
) -> None:
    """Train the fit ``name`` of a run in its folder; called in another process than the run's.

    Parameters
    ----------
    name, folder : str
    fingerprint : str
        Of the data set as the run's process read it.
    store, max_bytes : str, int
        The run's feature store.
    trust_code : bool
        Whether the run's process may import code that its model names.
    on_cluster : bool
        Whether this process goes on living when the run's has ended, and must look for itself.
    """
    run = open_run(Path(folder))
    gone: Callable[[], bool] = Watched(run) if on_cluster else lambda: False
    stop = run.folder / "stop"

    def should_stop() -> bool:
        return stop.exists() or gone()

    try:
        if not is_done(run.fit_folder(name)):
            if run.experiment.model.family == "network":
                limits.one_thread()
            inputs = _inputs(run, fingerprint, FeatureStore(Path(store), max_bytes), should_stop)
            fit = next(fit for fit in plan(inputs) if fit.id == name)
            with trust.trusting_code(trust_code):
                train_fit(fit, inputs, run.fit_folder(name), should_stop=should_stop)
    except Stopped:  # seen by the run's process too, or of no interest to it any more
        pass


def _inputs(run: Run, fingerprint: str, store: FeatureStore, should_stop: Callable[[], bool]) -> Inputs:
    global _last
    key = (str(run.folder), fingerprint)
    if _last is None or _last[0] != key:
        _last = None
        dataset = run.experiment.dataset.load()
        if dataset.fingerprint != fingerprint:
            raise AudioclfError("The data set has changed while its run was being made; run the experiment again.")
        inputs = Inputs(run.experiment, dataset, store=store)
        inputs.compute(should_stop=should_stop)
        _last = (key, inputs)
    return _last[1]
