"""One feature of many clips: from the store where it can be, over all cores where it pays."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import BrokenExecutor
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from audioclf.audio.io import AudioSettings, fix_length, load_audio
from audioclf.core import cluster, limits, settings
from audioclf.core.errors import DatasetError, ParameterError, Stopped
from audioclf.core.pool import deaf_to_ctrl_c
from audioclf.datasets.base import Clip
from audioclf.features.base import Array, Feature
from audioclf.features.cache import FeatureStore, store_key

START_UP: Final = 1.5
"""Seconds that starting processes must at least save."""

_LONGEST: Final = 600.0
_CHUNK: Final = 0.5


class Change(Protocol):
    """What may be done to a clip's samples before any feature is computed."""

    @property
    def key(self) -> str:
        """Name of the change: the same name, the same samples."""

    def __call__(self, y: Array, sr: int, n_samples: int, clip: str) -> Array:
        """Changed samples of the clip with this content key, before they are brought to ``n_samples``."""


def load_clip(clip: Clip, audio: AudioSettings, n_samples: int | None = None, change: Change | None = None) -> Array:
    """Samples of a clip as features get them: the stretch decoded, mixed down, resampled, cut or padded.

    Parameters
    ----------
    n_samples : int or None
        Length of the result; None takes ``audio.duration``, and where that is None too the clip's own.
    change : Change or None
        Applied to the resampled clip at its own length.

    Returns
    -------
    np.ndarray [shape=(n_samples,)], float32

    Raises
    ------
    AudioError
        When the clip cannot be read; the sentence names it.
    """
    if n_samples is None and audio.duration is not None:
        n_samples = round(audio.duration * audio.sr)
    y, _ = load_audio(clip.path, sr=audio.sr, mono=audio.mono, offset=clip.start, duration=clip.duration)
    if change is not None:
        y = change(y, audio.sr, n_samples or len(y), clip.key or clip.name)
    return y if n_samples is None else fix_length(y, n_samples, audio.pad)


def common_duration(clips: Sequence[Clip], audio: AudioSettings) -> float:
    """Length all clips are brought to, in seconds: the one that is set, or that of the longest clip.

    Raises
    ------
    DatasetError, ParameterError
        When there is no clip, or the longest is too long to bring all others to its length.
    """
    if not clips:
        raise DatasetError("Features need at least one clip, got none; choose other clips.")
    if audio.duration is not None:
        return audio.duration
    longest = max(clips, key=lambda clip: clip.seconds)
    if longest.seconds > _LONGEST:
        raise ParameterError(
            f"duration must be set where a clip is longer than {_LONGEST:g} s, got {longest.seconds:.0f} s"
            f" ({longest.name}); set duration to what the others last.",
            "duration",
        )
    return longest.seconds


def extract(
    clips: Sequence[Clip],
    feature: Feature,
    audio: AudioSettings,
    *,
    changes: Sequence[Change | None] | None = None,
    store: FeatureStore | None = None,
    n_jobs: int = -1,
    progress: Callable[[int, int], None] | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Array:
    """One feature of every clip, all of one shape [shape=(n_clips, ...)], float32.

    Parameters
    ----------
    audio : AudioSettings
        Without a ``duration`` all clips are brought to the length of the longest.
    changes : sequence of Change or None
        One per clip, None for those that stay as they are.
    store : FeatureStore or None
        Where values are looked up and kept; None computes all and keeps nothing.
    n_jobs : int
        Processes to use, joblib's way: -1 is one per core. They are started only when that saves time.
    progress : callable or None
        Called with the number of clips done and of all clips, in the calling thread.
    should_stop : callable or None
        Asked after every clip.

    Raises
    ------
    AudioError, DatasetError
        As of :func:`load_clip` and :func:`common_duration`.
    ParameterError
        When the feature cannot work on these clips, or all of it would not fit in a job's memory.
    Stopped
        When ``should_stop`` returned True; what was done by then is in the store.
    """
    n_samples = max(1, round(common_duration(clips, audio) * audio.sr))
    weights = feature.weights_id if store is not None else ""
    work = [
        _Work(clip, feature, audio, n_samples, store, change, weights)
        for clip, change in zip(clips, changes or [None] * len(clips), strict=True)
    ]
    values: Array | None = None
    todo: list[int] = []
    done = 0

    def keep(number: int, found: Array) -> None:
        nonlocal values, done
        if values is None:
            check_memory(len(work), found.size)
            values = np.empty((len(work), *found.shape), np.float32)
        values[number] = found
        done += 1

    for number, item in enumerate(work):
        kept = item.look_up()
        if kept is None:
            todo.append(number)
        else:
            keep(number, kept)
    _tell(progress, should_stop, done, len(work))
    for number, found in _computed(work, todo, n_jobs):
        keep(number, found)
        _tell(progress, should_stop, done, len(work))
    if store is not None and todo:
        store.trim()
    assert values is not None
    return values


@dataclass(frozen=True)
class _Work:
    """What there is to do for one clip; goes to another process as it is."""

    clip: Clip
    feature: Feature
    audio: AudioSettings
    n_samples: int
    store: FeatureStore | None
    change: Change | None = None
    weights: str = ""

    @property
    def key(self) -> str:
        change = "" if self.change is None else self.change.key
        return store_key(self.clip.key, self.audio, self.n_samples, self.feature, change, self.weights)

    def look_up(self) -> Array | None:
        # A clip whose bytes were never hashed has no name to be kept under.
        return self.store.get(self.key) if self.store is not None and self.clip.info.content else None

    def compute(self) -> Array:
        samples = load_clip(self.clip, self.audio, self.n_samples, self.change)
        found = self.feature.compute(samples, self.audio.sr).values
        if self.store is not None and self.clip.info.content:
            self.store.put(self.key, found)
        return found


def _computed(work: Sequence[_Work], todo: Sequence[int], n_jobs: int) -> Iterator[tuple[int, Array]]:
    """Compute here, until the time per clip shows that processes would be quicker."""
    begun = time.perf_counter()
    for count, number in enumerate(todo):
        if count == 1:
            begun = time.perf_counter()  # the first clip pays for imports and filters
        elif count > 2 and n_jobs != 1:
            each = (time.perf_counter() - begun) / (count - 1)
            expected = each * (len(todo) - count)
            if expected > START_UP and expected * (1 - 1 / _n_processes(n_jobs)) > START_UP:
                yield from _in_processes(work, todo[count:], _n_processes(n_jobs), each)
                return
        yield number, work[number].compute()


def _in_processes(
    work: Sequence[_Work], todo: Sequence[int], n_processes: int, each: float
) -> Iterator[tuple[int, Array]]:
    """Compute in processes, in chunks short enough that progress moves and a stop is noticed."""
    import joblib

    chunk = n_processes * max(1, min(64, round(_CHUNK / max(each, 1e-3))))
    with cluster.joblib_backend(), joblib.Parallel(n_jobs=n_processes, max_nbytes=None) as pool:
        for start in range(0, len(todo), chunk):
            numbers = todo[start : start + chunk]
            try:
                if not start:
                    with deaf_to_ctrl_c():
                        pool(joblib.delayed(int)() for _ in range(n_processes))
                found = pool(joblib.delayed(_Work.compute)(work[number]) for number in numbers)
            except BrokenExecutor:
                # The system ended a process, mostly for lack of memory: one alone needs the least of it.
                for number in todo[start:]:
                    yield number, work[number].compute()
                return
            yield from zip(numbers, found, strict=True)


def _n_processes(n_jobs: int) -> int:
    import joblib

    return 1 if limits.in_worker() else int(joblib.effective_n_jobs(n_jobs))


def check_memory(n_clips: int, n_values: int, remedy: str = "", field: str = "duration") -> None:
    """Raise a ParameterError when the values of all clips would not fit in a job's memory, with what to lower."""
    size, most = n_clips * n_values * 4e-9, settings.number("job_memory_gb")
    if size > most:
        raise ParameterError(
            f"The features of {n_clips:,} clips would take {size:.1f} GB, and a job has {most:g} GB; "
            + (remedy or "lower duration or the sample rate, take a feature with fewer values, or fewer clips."),
            field,
        )


def _tell(
    progress: Callable[[int, int], None] | None, should_stop: Callable[[], bool] | None, done: int, total: int
) -> None:
    if progress is not None:
        progress(done, total)
    if should_stop is not None and should_stop():
        raise Stopped(f"Stopped after the features of {done} of {total} clips, as asked.")
