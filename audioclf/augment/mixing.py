"""Mixing: examples that are partly one clip and partly another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.augment.base import Array, Augmentation
from audioclf.core.params import param


@dataclass(frozen=True)
class Mixup(Augmentation):
    """Weighted means of two examples and of their labels [1]_.

    ``x = w x_i + (1 - w) x_j`` with ``w`` from Beta(alpha, alpha), drawn for every example.

    .. [1] Zhang, Cisse, Dauphin, Lopez-Paz: "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """

    kind = "mixup"
    heard = "curve"
    title = "Mixup"
    order = 30
    explanation = (
        "Lays two clips over each other and asks for both labels in the same proportion. "
        "The network learns softer boundaries and is less sure of itself between classes."
    )

    alpha: float = param(
        0.2, "How evenly two examples are mixed: near 0 hardly, 1 anything from one to the other.", above=0, high=10
    )
    probability: float = param(1.0, "Share of the examples that are mixed.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        n = len(x)
        weight = rng.beta(self.alpha, self.alpha, size=n)
        weight[rng.random(n) >= self.probability] = 1.0
        # The heavier example stays in its place, so that the batch keeps its mix of classes.
        share: Array = np.maximum(weight, 1 - weight).astype(np.float32)
        other = rng.permutation(n)
        return _mix(x, other, share), _mix(onehot, other, share)


def _mix(values: Array, other: npt.NDArray[np.int64], share: Array) -> Array:
    w = share.reshape(-1, *[1] * (values.ndim - 1))
    mixed: Array = w * values + (1 - w) * values[other]
    return mixed
