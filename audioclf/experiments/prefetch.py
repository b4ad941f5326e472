"""Training examples made anew for every epoch, while the epoch before is being trained."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from threading import Lock
from typing import Final

import numpy as np

from audioclf.audio.io import AudioSettings, fix_length
from audioclf.core import settings
from audioclf.core.errors import Stopped
from audioclf.datasets import Clip
from audioclf.features.base import Array
from audioclf.features.extraction import Change, load_clip

CHUNK: Final = 16
"""Examples in one piece of work: short enough that nobody notices the wait when a training ends."""

_SHARE: Final = 0.2
_GLANCE: Final = 0.5
_STOPPED: Final = "Training was stopped while the examples of an epoch were made; it can go on from there."


class Prefetch:
    """Examples of every epoch, each a function of epoch and place alone.

    Called with an epoch it returns that epoch's examples and begins with the next one's, in
    threads of its own.

    Parameters
    ----------
    make : callable
        ``(epoch, number) -> np.ndarray``: one example; called from several threads.
    n : int
        Examples in an epoch.
    epochs : int
        Epochs in all; nothing is made beyond.
    n_jobs : int or None
        Threads; None takes one per core.
    """

    def __init__(self, make: Callable[[int, int], Array], n: int, epochs: int, n_jobs: int | None = None) -> None:
        self.n = n
        self.epochs = epochs
        self._make = make
        self._n_jobs = n_jobs
        self._pool: ThreadPoolExecutor | None = None
        self._under_way: dict[int, list[Future[Array]]] = {}
        self._closed = False

    def __call__(self, epoch: int, should_stop: Callable[[], bool] = lambda: False) -> Array:
        """Examples of one epoch, from 0 [shape=(n, ...)].

        Raises
        ------
        Stopped
            When it has been closed, or ``should_stop`` returned True while they were waited for.
        AudioclfError
            When a clip can no longer be read.
        """
        for other in set(self._under_way) - {epoch}:
            self._drop(other)
        self._begin(epoch)
        pieces = [self._awaited(future, should_stop) for future in self._under_way.pop(epoch)]
        if epoch + 1 < self.epochs:
            self._begin(epoch + 1)
        return np.concatenate(pieces)

    def _awaited(self, future: Future[Array], should_stop: Callable[[], bool]) -> Array:
        while not should_stop():
            if wait([future], timeout=_GLANCE).done:
                return future.result()
        self.close()
        raise Stopped(_STOPPED)

    def close(self) -> None:
        """Make nothing any more."""
        self._closed = True
        for epoch in list(self._under_way):
            self._drop(epoch)
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def _begin(self, epoch: int) -> None:
        if epoch in self._under_way:
            return
        if self._closed:
            raise Stopped(_STOPPED)
        if self._pool is None:
            import joblib

            self._pool = ThreadPoolExecutor(self._n_jobs or joblib.cpu_count(), thread_name_prefix="prefetch")
        chunks = [range(first, min(first + CHUNK, self.n)) for first in range(0, self.n, CHUNK)]
        self._under_way[epoch] = [self._pool.submit(self._chunk, epoch, numbers) for numbers in chunks]

    def _chunk(self, epoch: int, numbers: Iterable[int]) -> Array:
        made = []
        for number in numbers:
            if self._closed:
                raise Stopped(_STOPPED)
            made.append(self._make(epoch, number))
        return np.stack(made)

    def _drop(self, epoch: int) -> None:
        for future in self._under_way.pop(epoch):
            future.cancel()


class Samples:
    """Samples of clips at their own length, kept in memory as far as a share of a job's memory goes.

    Parameters
    ----------
    audio : AudioSettings
        With the duration all clips are brought to.
    """

    def __init__(self, audio: AudioSettings) -> None:
        self._audio = audio
        self._n_samples = max(1, round((audio.duration or 0) * audio.sr))
        self._own = audio.replace(duration=None)
        self._kept: dict[Clip, Array] = {}
        self._room = _SHARE * settings.number("job_memory_gb") * 1e9
        self._lock = Lock()

    def changed(self, clip: Clip, change: Change) -> Array:
        """Changed samples of a clip, brought to the common length.

        Raises
        ------
        AudioError
            When the clip cannot be read.
        """
        y = self._kept.get(clip)
        if y is None:
            y = load_clip(clip, self._own)
            with self._lock:
                if clip not in self._kept and y.nbytes <= self._room:
                    self._kept[clip] = y
                    self._room -= y.nbytes
        y = change(y, self._audio.sr, self._n_samples, clip.key or clip.name)
        return fix_length(y, self._n_samples, self._audio.pad)
