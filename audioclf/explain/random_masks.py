"""Random masks: remove random cells of time and frequency, and fit a linear model to what is left of the class."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audioclf.explain.base import Array, Predict, require_class

BATCH = 128
RIDGE = 1.0

SHARES = (0.5, 0.75, 0.9)
"""Chances of a cell to be kept that are tried in turn: many sounds lose their class with half of the cells."""

PILOT = 32
"""Masks by which a chance is tried."""

CLEAR = 0.05
"""Standard deviation of the probability over the masks with which a chance is taken at once."""

LEAST = 1e-4
"""Below this standard deviation the answers are alike, and the differences rounding."""


def random_masks(
    predict: Predict,
    x: npt.ArrayLike,
    class_index: int,
    *,
    floor: npt.ArrayLike,
    cells: tuple[int, ...] = (8, 12),
    n_masks: int = 600,
    shares: tuple[float, ...] = SHARES,
    grids: int = 2,
    random_state: int = 0,
) -> tuple[Array, float]:
    """What every cell of time and frequency adds to a class's probability, as a linear surrogate sees it.

    Masks as in RISE [1]_ keep every cell with the same chance; a ridge regression of the probability on the kept cells
    gives one weight a cell, as LIME does [2]_, which needs far fewer masks than the mean over them.

    Parameters
    ----------
    predict : callable
        Maps [shape=(n, \\*x.shape)] in, probabilities [shape=(n, n_classes)] out.
    x : np.ndarray [shape=(rows, frames) or (m,)]
    class_index : int
    floor : np.ndarray [shape=x.shape]
        What removed places become.
    cells : tuple of int
        Bands and stretches of time; of a curve the last one alone counts.
    n_masks : int
    shares : tuple of float
        Chances of a cell to be kept. The first one with which the probability clearly depends on the mask is taken, or
        else the one with which it does so most.
    grids : int
        Grids of cells, shifted against each other, that share the masks; their mean is finer than one of them.
    random_state : int

    Returns
    -------
    heat : np.ndarray [shape=x.shape], float32
        Signed weight of the cells that every place lies in, mean over the grids.
    r2 : float
        Share of the variance of the probability that the linear models account for, mean over the grids.

    Raises
    ------
    ParameterError
        For a class that does not exist.

    References
    ----------
    .. [1] Petsiuk, Das, Saenko: "RISE: Randomized Input Sampling for Explanation of Black-box Models", BMVC 2018.
    .. [2] Ribeiro, Singh, Guestrin: "Why Should I Trust You?", KDD 2016.
    """
    example, removed = np.asarray(x, dtype=np.float32), np.asarray(floor, dtype=np.float32)
    counts = tuple(min(n, size) for n, size in zip(cells[-example.ndim :], example.shape, strict=True))
    rng = np.random.default_rng(random_state)
    found = np.zeros(example.shape)
    accounted = 0.0
    share = 0.0
    for grid in range(grids):
        number, n_cells = _cells(example.shape, counts, grid / grids)

        def answers(kept: npt.NDArray[np.bool_], number: npt.NDArray[np.int64] = number) -> npt.NDArray[np.float64]:
            maps = (
                np.where(kept[begin : begin + BATCH][:, number], example, removed)
                for begin in range(0, len(kept), BATCH)
            )
            probabilities = np.concatenate([predict(one) for one in maps])
            require_class(class_index, probabilities.shape[1])
            return probabilities[:, class_index].astype(np.float64)

        draws = rng.random((-(-n_masks // grids), n_cells))
        share = share or _telling(answers, draws[:PILOT], shares)
        kept = draws < share
        y = answers(kept)
        if y.std() < LEAST:
            continue
        design = kept - kept.mean(axis=0)
        centred = y - y.mean()
        weights = np.linalg.solve(design.T @ design + RIDGE * np.eye(n_cells), design.T @ centred)
        spread = float((centred**2).sum())
        if spread > 1e-12:
            accounted += 1 - float(((centred - design @ weights) ** 2).sum()) / spread
        found += weights[number]
    return (found / grids).astype(np.float32), accounted / grids


def _telling(
    answers: Callable[[npt.NDArray[np.bool_]], npt.NDArray[np.float64]],
    draws: npt.NDArray[np.float64],
    shares: tuple[float, ...],
) -> float:
    """The first share with a clear spread of the answers, or else the one with the widest."""
    found: list[tuple[float, float]] = []
    for share in shares:
        found.append((float(answers(draws < share).std()), share))
        if found[-1][0] >= CLEAR:
            break
    return max(found)[1]


def _cells(shape: tuple[int, ...], counts: tuple[int, ...], shift: float) -> tuple[npt.NDArray[np.int64], int]:
    """Number of the cell that every place lies in, and how many cells there are; shifted by a share of a cell."""
    number = np.zeros(shape, dtype=np.int64)
    n_cells = 1
    for places, n, size in zip(np.indices(shape), counts, shape, strict=True):
        along = np.floor((places + 0.5) * n / size + shift).astype(np.int64)
        n_along = int(along.max()) + 1
        number = number * n_along + along
        n_cells *= n_along
    return number, n_cells
