"""What vectors say about a data set's labels and copies: clips to listen to before anything is trained on them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from audioclf.datasets import Dataset
from audioclf.inference import neighbours
from audioclf.similarity import heads, labels, vectors

Progress = Callable[[int, int], None]

ALIKE: Final = 0.985
"""Cosine of standardised vectors from which on two clips sound nearly the same."""

MOST: Final = 200


@dataclass(frozen=True)
class Pair:
    """Two clips that sound nearly the same."""

    one: int
    other: int
    similarity: float


@dataclass(frozen=True)
class Review:
    """What was found.

    Attributes
    ----------
    suspects : tuple of Suspect
        Clips whose labels are likely wrong, the likeliest first.
    pairs : tuple of Pair
        Clips that sound nearly the same and are not known to belong together, the most similar first.
    agreement : float
        Share of clips that a linear head puts into their own class without having met them.
    space : str
    """

    suspects: tuple[labels.Suspect, ...]
    pairs: tuple[Pair, ...]
    agreement: float
    space: str


def review(dataset: Dataset, space: str = "yamnet", *, n_jobs: int = -1, progress: Progress | None = None) -> Review:
    """Look for wrong labels and near copies.

    Parameters
    ----------
    dataset : Dataset
    space : str
        Of :data:`audioclf.similarity.vectors.SPACES`.
    n_jobs : int
    progress : callable, optional

    Raises
    ------
    DatasetError
        When there are fewer than two classes or two clips of a class.
    AudioclfError
        When a clip cannot be read, or weights cannot be had.
    """
    dataset.require_trainable()
    x = vectors.of_clips(dataset.clips, space, n_jobs=n_jobs, progress=progress)
    y = np.asarray(dataset.labels)
    groups = heads.groups_of([clip.group for clip in dataset.clips])
    p = heads.out_of_fold(x, y, groups, len(dataset.classes))
    found = labels.suspects(p, y)
    units = neighbours.units(x)
    near, similarity = neighbours.nearest(units, units, 5, same=True)
    pairs = {
        (min(one, int(other)), max(one, int(other))): float(value)
        for one, row in enumerate(near)
        for other, value in zip(row, similarity[one], strict=True)
        if value >= ALIKE and groups[one] != groups[int(other)]
    }
    listed = sorted(pairs.items(), key=lambda item: -item[1])[:MOST]
    agreement = float((p.argmax(axis=1) == y).mean())
    return Review(tuple(found[:MOST]), tuple(Pair(*numbers, value) for numbers, value in listed), agreement, space)
