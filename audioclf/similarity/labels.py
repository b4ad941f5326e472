"""Labels that are likely wrong, by confident learning [1]_ on a linear head that has never met the clip.

Every clip gets class probabilities by cross-validation. A class is believed where its probability is at least what
clips of that class get on average; a clip of which another class is believed, and which looks more like that one than
like its own, is listed.

References
----------
.. [1] Northcutt, Jiang, Chuang: "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 2021.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.features.base import Array
from audioclf.similarity.heads import Labels


@dataclass(frozen=True)
class Suspect:
    """A clip whose label is likely wrong.

    Attributes
    ----------
    clip : int
        Its number.
    suggested : int
        The class it looks like.
    given, other : float
        Probability of the class it has, and of the one it looks like.
    """

    clip: int
    suggested: int
    given: float
    other: float


def suspects(probabilities: Array, labels: Labels) -> list[Suspect]:
    """Clips whose labels are likely wrong, the likeliest first.

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Of every clip, by a model that has not learned from it.
    labels : np.ndarray [shape=(n,)], int
    """
    n, n_classes = probabilities.shape
    own = probabilities[np.arange(n), labels]
    believed = np.full(n_classes, np.inf)
    for label in np.unique(labels):
        believed[label] = own[labels == label].mean()
    likely = np.where(probabilities >= believed, probabilities, 0.0)
    likely[np.arange(n), labels] = 0
    other = likely.argmax(axis=1)
    best = likely[np.arange(n), other]
    found = [
        Suspect(int(clip), int(other[clip]), float(own[clip]), float(best[clip])) for clip in np.flatnonzero(best > own)
    ]
    return sorted(found, key=lambda one: one.given - one.other)
