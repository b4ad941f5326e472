"""Occlusion: cover a part of the input and see how far the class falls; works with any model."""

from __future__ import annotations

import itertools

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.explain.base import Array, Predict, require_class

PATCHES = 12
"""Patches along each axis when no size is given."""

BATCH = 128


def occlusion(
    predict: Predict,
    x: npt.ArrayLike,
    class_index: int,
    *,
    patch: tuple[int, ...] | None = None,
    stride: tuple[int, ...] | None = None,
    fill: float | npt.ArrayLike | None = None,
) -> Array:
    """How much of a class's probability is lost when a patch of the input is covered [1]_.

    Parameters
    ----------
    predict : callable
        Examples [shape=(n, ...)] in, probabilities [shape=(n, n_classes)] out.
    x : np.ndarray [shape=(rows, frames), (rows, frames, channels) or (m,)]
        One example, scaled as in training.
    class_index : int
    patch : tuple of int, optional
        Rows and frames (or values of a curve) that are covered at once; a twelfth of each axis, at
        least 2 where there are as many, when left out.
    stride : tuple of int, optional
        From one patch to the next; half a patch when left out.
    fill : float or np.ndarray [shape=x.shape], optional
        What stands in a covered patch; the example's mean when left out.

    Returns
    -------
    np.ndarray [shape=(rows, frames) or (m,)], float32
        In [0, 1]: the mean fall of the probability over all patches that cover the place; 0 where
        covering makes the class likelier.

    Raises
    ------
    ParameterError
        For a class, patch or stride that cannot be.

    References
    ----------
    .. [1] Zeiler, Fergus: "Visualizing and Understanding Convolutional Networks", ECCV 2014.
    """
    example = np.asarray(x, dtype=np.float32)
    shape = example.shape[:2]
    size = tuple(min(max(2, -(-n // PATCHES)), n) for n in shape) if patch is None else tuple(patch)
    step = tuple(max(1, n // 2) for n in size) if stride is None else tuple(stride)
    if len(size) != len(shape) or any(not 1 <= part <= n for part, n in zip(size, shape, strict=True)):
        raise ParameterError(f"patch must have sizes of at least 1 and at most {shape}, got {size}.", "patch")
    if len(step) != len(shape) or min(step) < 1:
        raise ParameterError(f"stride must have {len(shape)} values of at least 1, got {step}.", "stride")
    whole = predict(example[None])[0]
    require_class(class_index, len(whole))
    cover = np.broadcast_to(np.asarray(example.mean() if fill is None else fill, np.float32), example.shape)
    starts = [_starts(n, part, by) for n, part, by in zip(shape, size, step, strict=True)]
    places = [
        tuple(slice(first, first + part) for first, part in zip(corner, size, strict=True))
        for corner in itertools.product(*starts)
    ]
    falls, covers = np.zeros(shape), np.zeros(shape)
    for begin in range(0, len(places), BATCH):
        some = places[begin : begin + BATCH]
        covered = np.repeat(example[None], len(some), axis=0)
        for number, place in enumerate(some):
            covered[number][place] = cover[place]
        for place, fall in zip(some, whole[class_index] - predict(covered)[:, class_index], strict=True):
            falls[place] += fall
            covers[place] += 1
    return np.clip(falls / covers, 0, 1).astype(np.float32)


def _starts(n: int, size: int, step: int) -> list[int]:
    """Where patches begin, so that every place is covered, the last one included."""
    starts = list(range(0, n - size + 1, min(step, size)))
    return starts if starts[-1] == n - size else [*starts, n - size]
