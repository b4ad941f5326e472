"""The points of a search on the cluster that is set: one call makes one point, and the search's process follows."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Final

from audioclf.core import limits
from audioclf.core.errors import RunError, Stopped
from audioclf.core.pool import Pool
from audioclf.datasets import Dataset
from audioclf.experiments.runs import STOPPED
from audioclf.features.cache import FeatureStore
from audioclf.models import trust
from audioclf.tuning.folder import SearchRun
from audioclf.tuning.study import SharedStudy

_POLL: Final = 0.5


def make_on_cluster(
    made: SearchRun,
    study: SharedStudy,
    dataset: Dataset,
    make_point: Callable[..., int],
    *,
    tell: Callable[..., None],
    should_stop: Callable[[], bool],
    give_way: Callable[[], bool],
    measure: Callable[[], None],
) -> bool:
    """Have all points made by processes of the cluster.

    Parameters
    ----------
    made : SearchRun
    study : SharedStudy
    dataset : Dataset
        Its first clip stands for all when it is asked whether the workers see the same files.
    make_point : callable
        Called in a process of the cluster with the folder, the numbers of points that failed, and whether code is
        trusted; makes a point and returns its number where it failed, else 0.
    tell : callable
        Takes changes of the search's status, which is written often: workers that see it stand still stop.
    should_stop, give_way : callable
    measure : callable
        Called after every point.

    Returns
    -------
    bool
        Whether all points that can be made are finished; else the search gave way.

    Raises
    ------
    Stopped
    AudioclfError
        When the cluster cannot be used or was lost, or its workers do not see the files.
    """
    failed: set[int] = set()
    calls, yields = 0, False
    with Pool(1, memory_gb=limits.memory_cap()) as pool:
        _require_seen(pool, dataset)
        while True:
            if should_stop():
                raise Stopped(STOPPED)
            for outcome in pool.finished(timeout=_POLL):
                if outcome.error is not None:
                    raise outcome.error
                failed |= {outcome.value} - {0}
                measure()
                yields = yields or give_way()
            running = pool.running
            left = made.search.count - len(study.finished) - len(failed)
            if not running and (left <= 0 or yields):
                return left <= 0
            while not yields and pool.free and left > len(pool.running):
                calls += 1
                given: tuple[Any, ...] = (str(made.folder.resolve()), sorted(failed), trust.code_trusted())
                pool.start(calls, make_point, *given)
            _report(made, left, pool.running, tell)


def _require_seen(pool: Pool, dataset: Dataset) -> None:
    if pool.cluster is None:
        raise RunError("The cluster was unset while the search began; start it again.")
    store = FeatureStore()
    store.folder.mkdir(parents=True, exist_ok=True)
    pool.cluster.require_sees(store.folder.resolve(), [dataset.clips[0].path.resolve()])


def _report(made: SearchRun, left: int, running: tuple[Hashable, ...], tell: Callable[..., None]) -> None:
    count = made.search.count
    at_a_time = f", {len(running)} points at a time" if len(running) > 1 else ""
    tell(fit=count - left, message=f"{count - left} of {count} points{at_a_time}", fraction=1 - left / count)
