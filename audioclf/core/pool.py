"""Calls in other processes: of this machine (joblib's loky), or of the Dask cluster that ``AUDIOCLF_SCHEDULER`` names.

joblib's ``Parallel`` gives control back when a call has ended, and loses all calls when one process dies. Here the
caller polls progress and the stop file meanwhile, so calls go through the executors below it: one process each, whose
death costs the call in it and no other.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Any, Final

from audioclf.core import cluster, limits
from audioclf.core.errors import RunError

MOST_DEATHS: Final = 2
"""A call in which so many processes died is given up."""

_GLANCE: Final = 0.05
_QUIET: Final = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "TF_CPP_MIN_LOG_LEVEL": "2"}


@dataclass(frozen=True)
class Outcome:
    """What became of one call.

    Attributes
    ----------
    name : hashable
        As given to :meth:`Pool.start`.
    value : object
        What the function returned; None where it raised.
    error : BaseException or None
        What it raised; a :class:`~audioclf.core.errors.RunError` where its process died.
    """

    name: Hashable
    value: Any = None
    error: BaseException | None = None


def run_calls(
    function: Callable[..., Any],
    arguments: Sequence[tuple[Any, ...]],
    *,
    workers: int,
    poll: Callable[[], None] = lambda: None,
    memory_gb: float | None = None,
) -> list[Outcome]:
    """Call a function with each of several arguments, so many at a time, in other processes.

    Parameters
    ----------
    function : callable
        Of a module, so that another process can import it; like its arguments and what it returns, it is pickled.
        Its progress belongs in files, and it has to look at a stop file itself.
    arguments : sequence of tuple
    workers : int
        Processes of this machine; where a cluster is set, it has as many as it has. One call, and calls that have one
        worker, are made in this process.
    poll : callable
        Called several times a second by this thread; what it raises ends all calls and is passed on.
    memory_gb : float, optional
        Memory that each process may take, where the system can bound it.

    Returns
    -------
    list of Outcome
        In the order of the arguments, named by their place. A call that raised, or whose process died twice,
        does not keep the others from ending.

    Raises
    ------
    AudioclfError
        When the cluster cannot be used.
    """
    if len(arguments) < 2 or (workers < 2 and not cluster.is_set()) or limits.in_worker():
        return [_called_here(number, function, given, poll) for number, given in enumerate(arguments)]
    found: dict[Hashable, Outcome] = {}
    waiting = deque(enumerate(arguments))
    with Pool(min(workers, len(arguments)), memory_gb=memory_gb) as pool:
        while waiting or pool.running:
            while waiting and pool.free:
                number, given = waiting.popleft()
                pool.start(number, function, *given)
            found |= {outcome.name: outcome for outcome in pool.finished(timeout=0.3)}
            poll()
    return [found[number] for number in range(len(arguments))]


def _called_here(
    name: Hashable, function: Callable[..., Any], given: tuple[Any, ...], poll: Callable[[], None]
) -> Outcome:
    poll()
    try:
        return Outcome(name, function(*given))
    except Exception as error:
        return Outcome(name, error=error)


@dataclass
class _Call:
    name: Hashable
    function: Callable[..., Any]
    given: tuple[Any, ...]
    future: Any
    executor: Any = None


class Pool:
    """Processes that calls are given to, one call each at a time; used in a ``with`` statement, at whose end they end.

    Parameters
    ----------
    workers : int
        Processes of this machine, started when they are first needed; a cluster has as many as it has.
    memory_gb : float, optional
        Memory that each process may take while it works, where the system can bound it.

    Raises
    ------
    AudioclfError
        When the cluster that is set cannot be used.
    """

    def __init__(self, workers: int, *, memory_gb: float | None = None) -> None:
        self._workers = workers
        self._memory_gb = memory_gb
        self.cluster = cluster.connect() if cluster.is_set() else None
        self._calls: dict[Hashable, _Call] = {}
        self._idle: list[Any] = []
        self._deaths: Counter[Hashable] = Counter()

    def __enter__(self) -> Pool:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    @property
    def workers(self) -> int:
        """Processes there are."""
        return self._workers if self.cluster is None else self.cluster.workers

    @property
    def running(self) -> tuple[Hashable, ...]:
        """Names of the calls that have been started and not come back."""
        return tuple(self._calls)

    @property
    def free(self) -> int:
        """How many calls can be started at once."""
        return max(0, self.workers - len(self._calls))

    def start(self, name: Hashable, function: Callable[..., Any], *given: Any) -> None:
        """Begin a call; :meth:`finished` reports when it has ended."""
        if self.cluster is not None:
            future = self.cluster.submit(_there, function, given, self._memory_gb)
            self._calls[name] = _Call(name, function, given, future)
            return
        executor = self._idle.pop() if self._idle else self._executor()
        with deaf_to_ctrl_c():
            future = executor.submit(function, *given)
        self._calls[name] = _Call(name, function, given, future, executor)

    def finished(self, timeout: float = 0.0) -> list[Outcome]:
        """Calls that have ended since this was last asked; waits so many seconds for the first."""
        end = time.monotonic() + timeout
        while True:
            found = [self._outcome(call) for call in list(self._calls.values()) if call.future.done()]
            known = [outcome for outcome in found if outcome is not None]
            if known or not self._calls or time.monotonic() >= end:
                return known
            time.sleep(_GLANCE)

    def _outcome(self, call: _Call) -> Outcome | None:
        """What became of a call; None where it begins once more."""
        del self._calls[call.name]
        value = error = None
        try:
            value = call.future.result()
        except BrokenExecutor:
            return self._died(call)
        except Exception as raised:
            error = raised if self.cluster is None else self.cluster.explained(raised)
        if call.executor is not None:
            self._idle.append(call.executor)
        return Outcome(call.name, value, error)

    def _died(self, call: _Call) -> Outcome | None:
        call.executor.shutdown(wait=False, kill_workers=True)
        self._deaths[call.name] += 1
        if self._deaths[call.name] < MOST_DEATHS:
            self.start(call.name, call.function, *call.given)
            return None
        return Outcome(
            call.name,
            error=RunError(
                f"Its process died {MOST_DEATHS} times without a reason of its own; if memory is short, take a smaller"
                " model, feature or batch, or fewer at a time."
            ),
        )

    def close(self) -> None:
        """End the processes, whatever they do; calls on a cluster are cancelled and end by their files."""
        for executor in (*self._idle, *(call.executor for call in self._calls.values() if call.executor is not None)):
            executor.shutdown(wait=True, kill_workers=True)
        if self.cluster is not None:
            for call in self._calls.values():
                call.future.cancel()
            self.cluster.close()
        self._idle.clear()
        self._calls.clear()

    def _executor(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        environment = _QUIET | {limits.WORKER: "1"}
        given = (os.getpid(), self._memory_gb)
        return ProcessPoolExecutor(1, timeout=3600, initializer=_begin, initargs=given, env=environment)


def _begin(parent: int, memory_gb: float | None) -> None:
    """What a process of this machine does first: it prints to the log alone and does not outlive its parent."""
    os.dup2(2, 1)
    limits.be_quiet()
    if memory_gb is not None:
        limits.cap_memory(memory_gb)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    import psutil

    try:
        process = psutil.Process(parent)
        while os.getppid() == parent and process.is_running():
            time.sleep(0.2)
    finally:
        os._exit(1)


_one_at_a_time = threading.Lock()


def _there(function: Callable[..., Any], given: tuple[Any, ...], memory_gb: float | None) -> Any:
    """A call in a process of a cluster: one at a time, since seeds and threads are of the process.

    Its priority is what whoever started it chose, and its memory is bounded only while it works for us.
    """
    with _one_at_a_time:
        os.environ |= {limits.WORKER: "1"}
        limits.be_quiet()
        with limits.capped(memory_gb):
            return function(*given)


@contextlib.contextmanager
def deaf_to_ctrl_c() -> Iterator[None]:
    """Let processes begin that never hear Ctrl-C: it is for the one that began them, which hears it afterwards."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    from multiprocessing import resource_tracker

    resource_tracker.ensure_running()  # its start would end the mask
    heard: list[int] = []
    here = threading.current_thread() is threading.main_thread()
    # other threads of this process may hear what the mask keeps from this one
    handler = signal.signal(signal.SIGINT, lambda number, frame: heard.append(number)) if here else None
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if handler is not None:
            signal.signal(signal.SIGINT, handler)
        if heard:
            signal.raise_signal(signal.SIGINT)
