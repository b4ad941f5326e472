"""The shortcut check: can the classes be recognized by how the files were made, without listening?

A tiny decision tree sees duration, level, silence, bandwidth, sample rate and bit depth, and nothing else. Where it
beats chance clearly, a network would learn the same, and its accuracy would say little about the sounds.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.datasets.base import Clip
from audioclf.datasets.quality.clip_statistics import SignalFacts

Array = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.intp]

COLUMNS = ("duration", "level", "silence", "bandwidth", "sample rate", "bit depth")

MARGIN = 3.0
"""Standard errors by which an accuracy must pass chance: one in 700 by luck, so that seven tries stay below 1 %."""

WORTH = 0.05
"""What an accuracy must have above chance to be worth a word, however sure it is."""

FOLDS = 5
FEWEST = 5
"""Clips (or groups) a class must have to take part."""


@dataclass(frozen=True)
class Shortcut:
    """How well one column, or all together, predict the class.

    Attributes
    ----------
    column : str
        One of :data:`COLUMNS`, or ``"all"``.
    accuracy : float
        Mean over the classes of the share of their clips that was named right, by trees that had not seen them.
    low : float
        Lower end of its confidence interval, three standard errors below.
    clear : bool
        Whether ``low`` lies above chance, and the accuracy above it by 0.05 at least.
    """

    column: str
    accuracy: float
    low: float
    clear: bool


@dataclass(frozen=True)
class ShortcutCheck:
    """Result of the check.

    Attributes
    ----------
    chance : float
        Accuracy of guessing: one over the number of classes.
    all : Shortcut
        All columns together.
    columns : tuple of Shortcut
        Each column that is not the same for all clips by itself, the most predictive first.
    n_clips, n_classes : int
        What took part; classes with fewer than five clips or groups do not.
    grouped : bool
        Whether groups were kept together.
    """

    chance: float
    all: Shortcut
    columns: tuple[Shortcut, ...]
    n_clips: int
    n_classes: int
    grouped: bool

    @property
    def clear(self) -> bool:
        """Whether the classes can be recognized without listening."""
        return self.all.clear or any(column.clear for column in self.columns)

    @property
    def sentence(self) -> str:
        """The result for people."""
        rate = f"{self.all.accuracy:.0%} where guessing gives {self.chance:.0%}"
        if not self.clear:
            return f"Duration, level, silence, bandwidth, sample rate, bit depth do not give the classes away: {rate}."
        best = [column for column in self.columns if column.clear]
        through = f", most of all through the {best[0].column} ({best[0].accuracy:.0%} alone)" if best else ""
        return f"Without listening, a tiny decision tree predicts the class correctly in {rate}{through}."


def bit_depth(subtype: str) -> int:
    """Bits of a sample as the header names it ("PCM_16" has 16); 0 for what is lossy."""
    known = {"FLOAT": 32, "DOUBLE": 64, "PCM_S8": 8, "PCM_U8": 8, "ULAW": 8, "ALAW": 8}
    digits = subtype.removeprefix("PCM_")
    return known.get(subtype, int(digits) if digits.isdecimal() and subtype.startswith("PCM_") else 0)


def check(clips: Sequence[Clip], facts: Sequence[SignalFacts]) -> ShortcutCheck | None:
    """Try to predict the classes from how the files were made.

    None where fewer than two classes have five clips (with groups: five clips, and two groups over all).
    """
    keep = _enough(clips)
    if keep is None:
        return None
    clips = [clips[number] for number in keep]
    table = _table(clips, [facts[number] for number in keep])
    names = sorted({clip.label for clip in clips})
    labels = np.array([names.index(clip.label) for clip in clips])
    grouped = any(clip.group is not None for clip in clips)
    # Copies of one file stay together too, or a tree would know them by heart.
    groups = np.unique([f"group {clip.group}" if clip.group is not None else clip.key for clip in clips],
                       return_inverse=True)[1]  # fmt: skip
    chance = 1 / len(names)
    varying = [number for number in range(table.shape[1]) if np.ptp(table[:, number]) > 0]
    folds = _folds(labels, groups) if varying else []
    single = [_try(table[:, [number]], labels, groups, folds, COLUMNS[number], chance) for number in varying]
    together = _try(table[:, varying], labels, groups, folds, "all", chance) if varying else None
    return ShortcutCheck(
        chance=chance,
        all=together or Shortcut("all", chance, 0.0, False),
        columns=tuple(sorted(single, key=lambda column: -column.accuracy)),
        n_clips=len(clips),
        n_classes=len(names),
        grouped=grouped,
    )


def _enough(clips: Sequence[Clip]) -> list[int] | None:
    """Numbers of the clips that can take part, or None."""
    counts = Counter(clip.label for clip in clips)
    keep = [number for number, clip in enumerate(clips) if counts[clip.label] >= FEWEST]
    groups = {clips[number].group or clips[number].key for number in keep}
    return keep if len({clips[number].label for number in keep}) >= 2 and len(groups) >= 2 else None


def _table(clips: Sequence[Clip], facts: Sequence[SignalFacts]) -> Array:
    rows = [
        (clip.seconds, fact.level, fact.silence, fact.bandwidth, clip.info.sr, bit_depth(clip.info.subtype))
        for clip, fact in zip(clips, facts, strict=True)
    ]
    # Lengths that differ by less than 10 ms, and levels by less than a hundredth of a decibel, are the same to anyone.
    return np.asarray(np.round(rows, 2), dtype=np.float64)


def _folds(labels: Numbers, groups: Numbers) -> list[tuple[Numbers, Numbers]]:
    from sklearn.model_selection import StratifiedGroupKFold

    folds = StratifiedGroupKFold(min(FOLDS, len(np.unique(groups))), shuffle=True, random_state=0)
    return [(train, test) for train, test in folds.split(labels, labels, groups) if len(train) and len(test)]


def _try(
    table: Array,
    labels: Numbers,
    groups: Numbers,
    folds: Sequence[tuple[Numbers, Numbers]],
    column: str,
    chance: float,
) -> Shortcut:
    hits = _hits(table, labels, folds)
    n_classes = int(labels.max()) + 1
    sizes = np.bincount(labels, minlength=n_classes)
    recalls = np.bincount(labels, weights=hits, minlength=n_classes) / sizes
    accuracy = float(recalls.mean())
    error = _standard_error(hits, recalls, labels, groups, sizes)
    low = max(0.0, accuracy - MARGIN * error)
    return Shortcut(column, accuracy, low, low > chance and accuracy - chance >= WORTH)


def _hits(table: Array, labels: Numbers, folds: Sequence[tuple[Numbers, Numbers]]) -> Array:
    """1 for every clip that a tree named right which had seen no clip of its group."""
    from sklearn.tree import DecisionTreeClassifier

    n_classes = int(labels.max()) + 1
    hits = np.zeros(len(labels))
    for train, test in folds:
        tree = DecisionTreeClassifier(
            max_leaf_nodes=2 * n_classes, min_samples_leaf=2, class_weight="balanced", random_state=0
        )
        tree.fit(table[train], labels[train])
        hits[test] = tree.predict(table[test]) == labels[test]
    return hits


def _standard_error(hits: Array, recalls: Array, labels: Numbers, groups: Numbers, sizes: Numbers) -> float:
    """Of the mean recall: by groups, since the clips of one speaker succeed and fail together.

    Linearised variance of a ratio under cluster sampling (W. G. Cochran, Sampling Techniques, 3rd ed., 1977, chapter
    9A), and no less than the binomial one with one hit and one miss added (Agresti and Coull 1998).
    """
    n_classes = len(sizes)
    residuals = (hits - recalls[labels]) / (n_classes * sizes[labels])
    sums = np.bincount(groups, weights=residuals)
    n_groups = len(sums)
    clustered = float((sums**2).sum()) * n_groups / max(n_groups - 1, 1)
    smooth = (recalls * sizes + 1) / (sizes + 2)
    binomial = float((smooth * (1 - smooth) / sizes).sum()) / n_classes**2
    return math.sqrt(max(clustered, binomial))
