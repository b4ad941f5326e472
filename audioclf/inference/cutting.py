"""Where a recording is cut: a window at every hop, and one wherever a sound begins after a pause.

A model that learned from clips knows a sound from its beginning on (or amid silence, where shorter clips were padded on
both sides), and a window that begins anywhere else may be strange to it. So each sound that stands out from what is
before it has a window of its own, placed as its clip would have been.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import fix_length
from audioclf.audio.level import SILENCE
from audioclf.core.errors import AudioError
from audioclf.features.base import Array

FRAME = 0.005
"""Length of the frames in which a beginning is looked for, in seconds."""

PAUSE = 0.1
"""Length of what is compared before and after a beginning, in seconds."""

RISE = 15.0
"""How far the sound rises above the pause, in dB."""

FIRST = 6.0
"""How far the first frame of the sound stands above the pause, in dB."""

FALL = 40.0
"""How far below its loudest frame a sound has ended, in dB."""


@dataclass(frozen=True, eq=False)
class Cut:
    """One window.

    Attributes
    ----------
    start : int
        Its first sample, counted from the beginning of the recording; below 0 where silence was put before it.
    y : np.ndarray [shape=(n,)]
    even : bool
        Whether it is one of those at every hop.
    """

    start: int
    y: Array
    even: bool


def cut(
    blocks: Iterable[Array],
    n: int,
    hop: float,
    sr: int,
    pad: str = "end",
    *,
    begun: int = 0,
    first: int = 0,
) -> Iterator[Cut]:
    """Cut a stream of samples into windows; as of ``Predictor.windows``, a rest shorter than half of one is left out.

    Parameters
    ----------
    blocks : iterable of np.ndarray [shape=(n,)]
    n : int
        Samples of a window.
    hop : float
        Samples from one to the next, at most ``n``; where it is no whole number, windows begin at the nearest sample.
    sr : int
        Sample rate in Hz.
    pad : str
        See :func:`audioclf.audio.io.fix_length`.
    begun : int
        Even windows that were there before; they are not given again.
    first : int
        Number of the first sample of the blocks; see :func:`lead` for how much of what is before it takes.

    Yields
    ------
    Cut
        Even windows by start, each before those of the sounds that begin within its hop.

    Raises
    ------
    AudioError
        When the stream broke off; all windows before have been given by then.
    """
    stream = _Stream(blocks, first)
    before = max(_samples(PAUSE, sr), n // 2 if pad == "center" else 0)
    number = begun
    while True:
        start, following = round(number * hop), round((number + 1) * hop)
        stream.fill(following + n)
        left = stream.end - start
        if left <= n // 2 and (number or left <= 0):
            break
        yield Cut(start, fix_length(stream.between(start, start + n), n, pad), True)
        last = stream.complete and stream.end - following <= n // 2
        until = stream.end if last else following
        for begin in beginnings(stream, start, until, sr):
            at = begin if pad != "center" else _centred(stream, begin, n, sr)
            if abs(at - start) > FRAME * sr:
                yield Cut(at, _padded(stream, at, n), False)
        if last:
            break
        number += 1
        stream.forget(following - before)
    if stream.error is not None:
        raise stream.error


def lead(n: int, hop: float, sr: int) -> int:
    """Even windows before the one to go on from, whose samples :func:`cut` takes to see what is before a sound."""
    return math.ceil(max(_samples(PAUSE, sr), n // 2) / hop) + 1


class _Stream:
    """The samples between what is not needed any more and what has not been decoded yet."""

    def __init__(self, blocks: Iterable[Array], first: int) -> None:
        self._blocks = iter(blocks)
        self._y = np.zeros(0, np.float32)
        self.begin, self.complete = first, False
        self.error: AudioError | None = None

    @property
    def end(self) -> int:
        return self.begin + len(self._y)

    def fill(self, until: int) -> None:
        waiting, n = [self._y], len(self._y)
        while self.begin + n < until and not self.complete:
            try:
                block = next(self._blocks, None)
            except AudioError as error:  # what is before the damage comes first
                block, self.error = None, error
            if block is None:
                self.complete = True
            else:
                waiting.append(block)
                n += len(block)
        if len(waiting) > 1:
            self._y = np.concatenate(waiting)

    def between(self, start: int, end: int) -> Array:
        return self._y[max(start - self.begin, 0) : max(end - self.begin, 0)]

    def forget(self, until: int) -> None:
        kept = max(until - self.begin, 0)
        self._y, self.begin = self._y[kept:], self.begin + min(kept, len(self._y))


def beginnings(stream: _Stream, start: int, end: int, sr: int) -> list[int]:
    """First samples of the sounds that begin in a stretch."""
    size, around = _samples(FRAME, sr), round(PAUSE / FRAME)
    ahead = stream.between(start, end + around * size)
    k = -(-(min(end, stream.end) - start) // size)
    behind = stream.between(start - around * size, start)
    level = np.full(2 * around + k, -120.0)
    level[around - len(behind) // size : around] = levels(behind[len(behind) % size :], size)
    heard = levels(ahead, size)[: around + k]
    level[around : around + len(heard)] = heard
    highest = np.lib.stride_tricks.sliding_window_view(level, around).max(axis=1)
    before, after, here = highest[:k], highest[around : around + k], level[around : around + k]
    rises = (after - before >= RISE) & (here >= before + FIRST) & (here >= SILENCE)
    found: list[int] = []
    last = -around
    for at in np.flatnonzero(rises).tolist():
        if at - last >= around:
            found.append(start + at * size)
        last = at
    return found


def levels(y: Array, size: int) -> npt.NDArray[np.float64]:
    """Level of every frame of so many samples without its mean, in dB of full scale; at least -120."""
    frames = y[: len(y) // size * size].reshape(-1, size)
    return np.asarray(10 * np.log10(np.maximum(frames.var(axis=1, dtype=np.float64), 1e-12)))


def _centred(stream: _Stream, begin: int, n: int, sr: int) -> int:
    """Where a window begins that has the sound in its middle; where one begins that is longer than a window."""
    size, around = _samples(FRAME, sr), round(PAUSE / FRAME)
    level = levels(stream.between(begin, begin + n), size)
    if len(level) <= around:
        return begin
    ahead = np.lib.stride_tricks.sliding_window_view(level, around).max(axis=1)
    floor = np.maximum(np.maximum.accumulate(level)[: len(ahead)] - FALL, SILENCE)
    ends = np.flatnonzero(ahead < floor)
    return begin + int(ends[0]) * size // 2 - n // 2 if len(ends) else begin


def _padded(stream: _Stream, start: int, n: int) -> Array:
    y = stream.between(start, start + n)
    missing = max(stream.begin - start, 0)
    return np.pad(y, (missing, n - missing - len(y)))


def _samples(seconds: float, sr: int) -> int:
    return max(1, round(seconds * sr))
