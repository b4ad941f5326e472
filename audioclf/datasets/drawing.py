"""Draw one side of a split out of clips: stratified by class, with groups kept whole where that is asked for."""

from __future__ import annotations

import warnings
from collections import Counter, defaultdict
from collections.abc import Sequence
from fractions import Fraction
from itertools import islice

import numpy as np

from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset

_PARTS = 20
"""Groups are dealt into so many parts at most, some of which are one side of a split."""


def take(
    dataset: Dataset, clips: Sequence[int], share: float, rng: np.random.Generator, *, by_group: bool, least: int
) -> list[int]:
    """Clips for the smaller side: ``share`` of every class, or whole groups up to that share.

    Unlike ``train_test_split`` this works down to two clips a class: at least ``least`` is taken and
    one is left.
    """
    grouped = by_group and any(dataset.clips[clip].group is not None for clip in clips)
    if grouped:
        return _take_groups(dataset, clips, share, rng, least)
    taken: list[int] = []
    for number in range(len(dataset.classes)):
        members = np.array([clip for clip in clips if dataset.labels[clip] == number], dtype=int)
        count = min(max(round(share * len(members)), least), len(members) - 1)
        if count > 0:
            taken += rng.permutation(members)[:count].tolist()
    return sorted(taken)


def _take_groups(
    dataset: Dataset, clips: Sequence[int], share: float, rng: np.random.Generator, least: int
) -> list[int]:
    from sklearn.model_selection import StratifiedGroupKFold

    names = [dataset.clips[clip].group or f"clip {clip}" for clip in clips]
    labels = [dataset.labels[clip] for clip in clips]
    most = min(_PARTS, len(set(names)), max(Counter(labels).values()))
    # 0.2 is one part of five, 0.3 three of ten; of few groups or clips the nearest that they allow
    nearest = Fraction(share).limit_denominator(most)
    parts = nearest.denominator if 0 < nearest < 1 else most
    wanted = min(max(nearest.numerator if 0 < nearest < 1 else round(share * parts), 1), parts - 1)
    if parts < 2:
        if least == 0:
            return []
        raise DatasetError(f"{dataset.name} has a single group, so nothing can be kept apart; split without groups.")
    folds = StratifiedGroupKFold(n_splits=parts, shuffle=True, random_state=int(rng.integers(2**31)))
    with warnings.catch_warnings():  # a class with fewer clips than parts is fine here: one part is wanted
        warnings.simplefilter("ignore", UserWarning)
        dealt = [part.tolist() for _, part in islice(folds.split(clips, labels, names), wanted)]
    return sorted(clips[index] for part in dealt for index in part)


def leave_every_class(dataset: Dataset, train: Sequence[int], validation: Sequence[int]) -> list[int]:
    """Validation clips without the groups that hold the last training clips of a class."""
    kept = set(validation)
    for label in dict.fromkeys(dataset.labels[clip] for clip in validation):
        if any(dataset.labels[clip] == label for clip in train if clip not in kept):
            continue
        groups: dict[str, list[int]] = defaultdict(list)
        for clip in kept:
            groups[dataset.clips[clip].group or f"clip {clip}"].append(clip)
        holding = [members for members in groups.values() if any(dataset.labels[clip] == label for clip in members)]
        smallest = min(holding, key=lambda members: (len(members), min(members)))
        kept -= set(smallest)
    return sorted(kept)
