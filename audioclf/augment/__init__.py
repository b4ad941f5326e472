"""Augmentation of the training clips, always after the split; the folder is the registry."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from audioclf.augment.base import Array, Augmentation, SampleAugmentation
from audioclf.augment.copies import Copies
from audioclf.core.registry import Registry

AUGMENTATIONS: Registry[Augmentation] = Registry(Augmentation, "audioclf.augment", "augmentation")
"""All augmentations by ``kind``."""

__all__ = ["AUGMENTATIONS", "Augmentation", "Copies", "SampleAugmentation", "on_batches"]


def on_batches(
    augmentations: Sequence[Augmentation],
) -> Callable[[Array, Array, np.random.Generator], tuple[Array, Array]] | None:
    """One function for :func:`audioclf.training.fit` that applies those of stage ``"map"`` in turn; None for none."""
    maps = [augmentation for augmentation in augmentations if augmentation.stage == "map"]
    if not maps:
        return None

    def augment(x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        for augmentation in maps:
            x, onehot = augmentation.apply(x, onehot, rng)
        return x, onehot

    return augment
