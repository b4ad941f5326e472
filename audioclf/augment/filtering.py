"""Filtering: the same sound through another microphone, in another room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augment.base import Array, Augmentation, require_pictures
from audioclf.core.params import param


@dataclass(frozen=True)
class Filter(Augmentation):
    """A random gain over frequency, straight between evenly spaced points; on a map in dB, a filter.

    FilterAugment [1]_ of the linear type, with points at fixed rows.

    .. [1] Nam, Kim, Park: "FilterAugment: An Acoustic Environmental Data Augmentation Method",
       ICASSP 2022.
    """

    kind = "filter"
    heard = "gain"
    title = "Random filter"
    order = 27
    explanation = (
        "Makes some frequencies louder and others softer, as another microphone or room would. The network cannot know"
        " sounds by how they were recorded."
    )

    scale: float = param(
        0.3, "Standard deviation of the gain at a point, as a share of the example's own.", above=0, high=10
    )
    n_points: int = param(5, "Points between which the gain is straight; 1 is the same for all rows.", low=1, high=100)
    probability: float = param(1.0, "Share of the examples that are filtered.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        gains = rng.standard_normal((len(x), self.n_points))
        gains[rng.random(len(x)) >= self.probability] = 0
        places = np.linspace(0, self.n_points - 1, x.shape[1])
        before = np.minimum(places.astype(int), max(self.n_points - 2, 0))
        share = places - before
        after = np.minimum(before + 1, self.n_points - 1)
        curves = ((1 - share) * gains[:, before] + share * gains[:, after]).astype(np.float32)
        spread = x.std(axis=tuple(range(1, x.ndim)), keepdims=True)
        return x + self.scale * spread * curves.reshape(*x.shape[:2], *[1] * (x.ndim - 2)), onehot
