"""Where a map points, where the true place is known."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audioclf.features.base import FeatureMap

Mask = npt.NDArray[np.bool_]
Box = tuple[float, float, float, float]
"""Start and end in seconds, low and high in Hz."""


def points_into(heat: npt.NDArray[np.floating], truth: Mask, *, margin: int = 1) -> bool:
    """The pointing game [1]_: whether the hottest place lies in the true one.

    Parameters
    ----------
    heat : np.ndarray [shape=(rows, frames)]
    truth : np.ndarray of bool [shape=(rows, frames)]
        True where the evidence is known to be.
    margin : int
        Rows and frames beside the true place that count too: a window of analysis smears a sound so far.

    Returns
    -------
    bool
        False for an empty map. Of several hottest places the middle one counts.

    References
    ----------
    .. [1] Zhang, Bargal, Lin, Brandt, Shen, Sclaroff: "Top-down Neural Attention by Excitation Backprop", IJCV 2018.
    """
    peak = heat.max()
    if peak <= 0:
        return False
    places = np.argwhere(heat >= peak * (1 - 1e-6))
    middle = places.mean(axis=0)
    row, frame = places[np.abs(places - middle).sum(axis=1).argmin()]
    rows, frames = np.nonzero(truth)
    return bool(
        rows.min() - margin <= row <= rows.max() + margin and frames.min() - margin <= frame <= frames.max() + margin
    )


def iou(heat: npt.NDArray[np.floating], truth: Mask) -> float:
    """Intersection over union of the true place and the hottest places of the same area, in [0, 1]."""
    n = int(truth.sum())
    flat = heat.ravel()
    marked = np.zeros(flat.size, dtype=bool)
    marked[np.argsort(-flat, kind="stable")[:n]] = True
    marked &= flat > 0
    both = int((marked & truth.ravel()).sum())
    return both / int((marked | truth.ravel()).sum())


def box_mask(times: npt.NDArray[np.float64], frequencies: npt.NDArray[np.float64], box: Box) -> Mask:
    """Places of a map within a box of time and frequency [shape=(rows, frames)]; the nearest where none is inside.

    Parameters
    ----------
    times : np.ndarray [shape=(frames,)] [s]
    frequencies : np.ndarray [shape=(rows,)] [Hz]
    box : (float, float, float, float)
    """
    start, end, low, high = box

    def inside(axis: npt.NDArray[np.float64], first: float, last: float) -> Mask:
        found = (axis >= first) & (axis <= last)
        if not found.any():
            found[np.abs(axis - (first + last) / 2).argmin()] = True
        return found

    truth: Mask = np.outer(inside(frequencies, low, high), inside(times, start, end))
    return truth


def truth_of(shown: FeatureMap, box: Box | None) -> Mask | None:
    """A known place on a feature map [shape of ``shown.values``]; None without one, or on a map without both axes."""
    axes = {axis.unit: axis.values for axis in shown.axes}
    if box is None or not shown.is_picture or {"Hz", "s"} - set(axes):
        return None
    return box_mask(axes["s"], axes["Hz"], box)
