"""The windows of a scan as they are kept, and which of them speaks for a moment that several cover."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.audio.level import FLOOR, SILENCE, loudest
from audioclf.features.base import Array
from audioclf.inference.cutting import FALL

CELLS = 16
"""Parts of a window whose level is known each: as closely as this an event's ends are found."""


def described(y: Array, sr: int, start: int, even: bool) -> Array:
    """What is kept of a window beside what the models give of it.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
    sr : int
        Sample rate in Hz.
    start : int
        Its first sample.
    even : bool

    Returns
    -------
    np.ndarray [shape=(2 + 1 + CELLS,)]
        Level of the loudest 20 ms in dB, start in seconds, whether it is even, level of every part.
    """
    parts = [loudest(part, sr) for part in np.array_split(y, CELLS)]
    return np.array([loudest(y, sr), start / sr, float(even), *parts], np.float32)


@dataclass(frozen=True, eq=False)
class Windows:
    """Windows of a scan.

    Attributes
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
    novelty : np.ndarray [shape=(n,)]
        NaN where the models do not know it.
    level : np.ndarray [shape=(n,)]
        Of the loudest 20 ms, in dB of full scale.
    start : np.ndarray [shape=(n,)]
        In seconds from the beginning of the recording.
    even : np.ndarray [shape=(n,)], bool
        Whether it is one of those at every hop; the others begin with a sound.
    parts : np.ndarray [shape=(n, CELLS)]
        Level of the loudest 20 ms in every part.
    """

    probabilities: Array
    novelty: Array
    level: Array
    start: Array
    even: npt.NDArray[np.bool_]
    parts: Array

    @classmethod
    def of(cls, rows: Array, n_classes: int) -> Windows:
        """Columns by name."""
        novelty, level, start, even = rows[:, n_classes : n_classes + 4].T
        return cls(rows[:, :n_classes], novelty, level, start, even > 0, rows[:, n_classes + 4 :])


@dataclass(frozen=True, eq=False)
class Timeline:
    """What is heard in one recording, moment by moment.

    Attributes
    ----------
    edges : np.ndarray [shape=(n + 1,)]
        Times between the moments, in seconds.
    probabilities : np.ndarray [shape=(n, n_classes)]
        Of the window that speaks for the moment.
    novelty : np.ndarray [shape=(n,)]
        Of that window; NaN where the models do not know it.
    silent : np.ndarray [shape=(n,)], bool
    """

    edges: npt.NDArray[np.float64]
    probabilities: Array
    novelty: Array
    silent: npt.NDArray[np.bool_]


def timeline(windows: Windows, window: float, seconds: float) -> Timeline:
    """For every moment (a part of a window long) the answer of the window that knows it best.

    A window that begins anywhere in a sound, or holds two, is strange to models that have learned from clips. So the
    window that begins with a sound speaks for what it covers; elsewhere, and between two of these, the one to which its
    sound is least strange, and where the models do not know that, the one in whose middle the moment lies.

    Parameters
    ----------
    windows : Windows
        Of one recording.
    window : float
        Seconds of one.
    seconds : float
        Length of the recording.
    """
    step = window / CELLS
    n = max(1, int(np.ceil(round(seconds / step, 6))))
    edges = np.minimum(np.arange(n + 1) * step, seconds)
    first = np.rint(np.asarray(windows.start, np.float64) / step).astype(np.int64)
    at = first[:, None] + np.arange(CELLS)
    aside = np.abs((np.arange(CELLS) + 0.5) / CELLS - 0.5)
    strange = np.where(np.isnan(windows.novelty), 0, np.minimum(windows.novelty, 1e3)) + np.where(windows.even, 1e4, 0)
    cost = strange[:, None] + 1e-6 * aside
    inside = (at >= 0) & (at < n)
    cells, rows = at[inside], np.repeat(np.arange(len(at)), CELLS)[inside.ravel()]
    columns = np.tile(np.arange(CELLS), len(at))[inside.ravel()]
    order = np.argsort(-cost[inside], kind="stable")  # of several the last one stays
    speaks, part = np.full(n, -1), np.zeros(n, np.int64)
    speaks[cells[order]], part[cells[order]] = rows[order], columns[order]
    known = speaks >= 0
    level = np.where(known, windows.parts[speaks, part], FLOOR)
    silent = level < np.maximum(SILENCE, np.where(known, windows.level[speaks] - FALL, SILENCE))
    return Timeline(edges, np.asarray(windows.probabilities[speaks]), np.asarray(windows.novelty[speaks]), silent)
