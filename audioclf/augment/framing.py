"""Framing: the picture moved or enlarged as a whole, as photographs are augmented."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.augment.base import Array, Augmentation, require_pictures
from audioclf.core.params import param


@dataclass(frozen=True)
class HeightShift(Augmentation):
    """Shift along the rows by a share of the height, as Keras's ``height_shift_range`` with ``fill_mode="nearest"``."""

    kind = "height-shift"
    title = "Height shift"
    order = 16
    explanation = (
        "Moves the picture up or down, as photographs are augmented; the edge is repeated. On a spectrogram the rows"
        " are frequencies, so this is a change of pitch that photographs do not know."
    )

    height_shift_range: float = param(0.1, "Farthest shift either way, as a share of the height.", above=0, high=1)
    probability: float = param(1.0, "Share of the examples that are shifted.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        height, width = x.shape[1:3]
        shifts = rng.uniform(-self.height_shift_range, self.height_shift_range, size=(len(x), 1)) * height
        shifts[rng.random(len(x)) >= self.probability] = 0
        return moved(x, np.arange(height) + shifts, np.tile(np.arange(width), (len(x), 1))), onehot


@dataclass(frozen=True)
class Zoom(Augmentation):
    """Both sides stretched by factors of their own about the centre, as Keras's ``zoom_range`` with nearest fill."""

    kind = "zoom"
    title = "Zoom"
    order = 17
    explanation = (
        "Looks at the picture from a little nearer or farther, as photographs are augmented; the edge is repeated. On"
        " a spectrogram this is another tempo and another tuning at once."
    )

    zoom_range: float = param(0.1, "Farthest zoom either way: 0.1 shows 0.9 to 1.1 of each side.", above=0, high=0.9)
    probability: float = param(1.0, "Share of the examples that are zoomed.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        factors = rng.uniform(1 - self.zoom_range, 1 + self.zoom_range, size=(len(x), 2))
        factors[rng.random(len(x)) >= self.probability] = 1
        rows, columns = (
            (size - 1) / 2 + factor[:, np.newaxis] * (np.arange(size) - (size - 1) / 2)
            for size, factor in zip(x.shape[1:3], factors.T, strict=True)
        )
        return moved(x, rows, columns), onehot


def moved(x: Array, rows: npt.NDArray[Any], columns: npt.NDArray[Any]) -> Array:
    """Pictures of a batch, each at places of its own [shape=(n, height)] and [shape=(n, width)], by :func:`read_at`."""
    return np.stack([read_at(*values) for values in zip(x, rows, columns, strict=True)])


def read_at(picture: Array, rows: npt.NDArray[np.floating], columns: npt.NDArray[np.floating]) -> Array:
    """Picture at real coordinates, on straight lines between its values; beyond the edge is the edge."""
    for axis, places in ((0, rows), (1, columns)):
        size = picture.shape[axis]
        if len(places) == size and np.array_equal(places, np.arange(size)):
            continue
        held = np.clip(places, 0, size - 1)
        before = np.minimum(held.astype(int), max(size - 2, 0))
        share = (held - before).astype(np.float32)
        share = share.reshape([-1 if number == axis else 1 for number in range(picture.ndim)])
        after = np.minimum(before + 1, size - 1)
        picture = (1 - share) * picture.take(before, axis) + share * picture.take(after, axis)
    return picture
