"""Events in a long recording: neighbouring windows above a class's threshold, merged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param

Array = npt.NDArray[np.float32]

_SLACK = 1e-9


@dataclass(frozen=True)
class EventSettings(Parameters):
    """From which probabilities on a class counts as heard, and how windows become events."""

    title = "Events"

    threshold: float = param(
        0.5, "Probability from which a class counts as heard, where it has no threshold of its own.", low=0, high=1
    )
    smoothing: int = param(1, "Windows whose mean a window is given; 1 leaves the probabilities alone.", low=1, high=99)
    min_length: float = param(0.0, "Shorter events are left out.", low=0, high=3600, unit="s")
    max_gap: float = param(0.2, "Events of one class that are no farther apart become one.", low=0, high=3600, unit="s")
    skip_unknown: bool = param(
        True, "Leave out windows that sound like none of the classes, where the model can tell them."
    )


@dataclass(frozen=True)
class Event:
    """A class that is heard for some time.

    Attributes
    ----------
    file : int
        Number of the recording.
    start, end : float
        Seconds from the beginning of the recording.
    label : int
        Number of the class.
    score : float
        Highest probability in it, after smoothing.
    """

    file: int
    start: float
    end: float
    label: int
    score: float


def moving_mean(rows: npt.ArrayLike, n: int) -> Array:
    """Mean of every row with its neighbours, ``n`` in all; at the ends of those that are there.

    Parameters
    ----------
    rows : np.ndarray [shape=(n_windows, n_classes)]
    n : int > 0
        An even number takes one more from before than from after.

    Returns
    -------
    np.ndarray [shape=(n_windows, n_classes)], float32
    """
    values = np.asarray(rows, dtype=np.float64)
    sums = np.concatenate([np.zeros((1, values.shape[1])), np.cumsum(values, axis=0)])
    at = np.arange(len(values))
    low, high = np.maximum(at - n // 2, 0), np.minimum(at + (n + 1) // 2, len(values))
    return np.asarray((sums[high] - sums[low]) / (high - low)[:, None], np.float32)


def find_events(
    rows: npt.ArrayLike,
    edges: npt.NDArray[np.float64],
    thresholds: Sequence[float],
    settings: EventSettings,
    *,
    file: int = 0,
    usable: npt.NDArray[np.bool_] | None = None,
) -> list[Event]:
    """Events of one recording, by start.

    Windows at or above the threshold are joined where they touch or are no more than ``max_gap`` apart; what is still
    shorter than ``min_length`` is left out then.

    Parameters
    ----------
    rows : np.ndarray [shape=(n_windows, n_classes)]
        Probabilities.
    edges : np.ndarray [shape=(n_windows + 1,)]
        See :func:`cells`.
    thresholds : sequence of float
        One for every class.
    settings : EventSettings
    file : int
    usable : np.ndarray [shape=(n_windows,)], optional
        Windows that may be part of an event; all where left out.

    Raises
    ------
    ParameterError
        When the shapes do not fit.
    """
    values = np.asarray(rows, dtype=np.float32)
    if values.ndim != 2 or values.shape[1] != len(thresholds) or len(edges) != len(values) + 1:
        raise ParameterError(
            f"{len(edges) - 1} windows and {len(thresholds)} classes need probabilities of that shape, got"
            f" {values.shape}.",
            "rows",
        )
    if not len(values):
        return []
    smoothed = moving_mean(values, settings.smoothing)
    active = smoothed >= np.asarray(thresholds, np.float32)
    if usable is not None:
        active &= usable[:, None]
    found = [
        Event(file, float(edges[first]), float(edges[last]), label, float(smoothed[first:last, label].max()))
        for label in range(values.shape[1])
        for first, last in _merged(active[:, label], edges, settings.max_gap)
        if edges[last] - edges[first] >= settings.min_length - _SLACK
    ]
    return sorted(found, key=lambda event: (event.start, event.label))


def _merged(active: npt.NDArray[np.bool_], edges: npt.NDArray[np.float64], max_gap: float) -> list[tuple[int, int]]:
    """First and one past the last window of every run, those with a small gap between them as one."""
    changes = np.flatnonzero(np.diff(np.concatenate(([False], active, [False])).astype(np.int8)))
    spans: list[tuple[int, int]] = []
    for first, last in zip(changes[0::2].tolist(), changes[1::2].tolist(), strict=True):
        if spans and edges[first] - edges[spans[-1][1]] <= max_gap + _SLACK:
            spans[-1] = spans[-1][0], last
        else:
            spans.append((first, last))
    return spans
