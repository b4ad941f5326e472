"""Masking and noise: parts of the map that the network has to do without."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augment.base import Array, Augmentation, require_pictures
from audioclf.core.params import param


@dataclass(frozen=True)
class Mask(Augmentation):
    """Blocks of rows and of frames covered with the example's mean [1]_.

    .. [1] Park et al.: "SpecAugment: A Simple Data Augmentation Method for Automatic Speech
       Recognition", Interspeech 2019 (without time warping).
    """

    kind = "mask"
    heard = "mask"
    title = "Time and frequency masking"
    order = 20
    explanation = (
        "Covers a few bands and a few moments of the picture with its mean. "
        "The network cannot lean on one tell-tale spot and learns several."
    )

    n_freq_masks: int = param(1, "Number of covered bands.", low=0, high=20)
    freq_share: float = param(0.15, "Widest band, as a share of the rows.", low=0, high=1)
    n_time_masks: int = param(1, "Number of covered stretches of time.", low=0, high=20)
    time_share: float = param(0.15, "Longest stretch, as a share of the frames.", low=0, high=1)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        require_pictures(x, self.title)
        covered = np.zeros(x.shape[:3], dtype=bool)
        for axis, number, share in ((1, self.n_freq_masks, self.freq_share), (2, self.n_time_masks, self.time_share)):
            size = x.shape[axis]
            for _ in range(number):
                width = rng.integers(0, int(share * size) + 1, size=len(x))
                start = rng.integers(0, size - width + 1)
                place = np.arange(size)[None, :]
                block = (place >= start[:, None]) & (place < (start + width)[:, None])
                covered |= block[:, :, None] if axis == 1 else block[:, None, :]
        mean = x.mean(axis=(1, 2), keepdims=True)
        if x.ndim == 4:
            covered = covered[..., None]
        return np.where(covered, mean, x), onehot


@dataclass(frozen=True)
class MapNoise(Augmentation):
    """Gaussian noise added to the values of the map (or curve)."""

    kind = "noise"
    heard = "gain"
    title = "Noise on the map"
    order = 25
    explanation = "Adds a little random grain to every value, so that no single value is to be relied on."

    scale: float = param(0.1, "Standard deviation, as a share of the example's own.", above=0, high=10)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        spread = x.std(axis=tuple(range(1, x.ndim)), keepdims=True)
        return x + self.scale * spread * rng.standard_normal(x.shape, dtype=np.float32), onehot


@dataclass(frozen=True)
class Level(Augmentation):
    """A constant added to the whole map: on a map in dB, a louder or softer recording."""

    kind = "level"
    heard = "gain"
    title = "Level shift"
    order = 26
    explanation = "Makes a picture in dB brighter or darker as a whole, as another distance to the microphone would."

    scale: float = param(0.2, "Standard deviation of the shift, as a share of the example's own.", above=0, high=10)

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        spread = x.std(axis=tuple(range(1, x.ndim)), keepdims=True)
        shift = rng.standard_normal((len(x), *[1] * (x.ndim - 1)), dtype=np.float32)
        return x + self.scale * spread * shift, onehot
