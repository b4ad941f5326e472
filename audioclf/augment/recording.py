"""Another recording of the same sound: noise behind it, another level, another moment."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from audioclf.augment.base import Array, SampleAugmentation
from audioclf.core.params import param


@dataclass(frozen=True)
class GaussianNoise(SampleAugmentation):
    """White noise at a signal-to-noise ratio drawn from a range.

    The noise has the power of the clip (mean square over its own length) divided by
    ``10 ** (snr / 10)``; nothing is added to silence.
    """

    kind = "gaussian-noise"
    title = "Gaussian noise"
    order = 1
    explanation = (
        "Lays hiss under the sound, at a chosen distance in dB below it. The network learns to look past the hiss of"
        " a recorder that it has never met."
    )

    min_snr: float = param(10.0, "Strongest noise: lowest signal-to-noise ratio.", low=-60, high=120, unit="dB")
    max_snr: float = param(40.0, "Weakest noise: highest signal-to-noise ratio.", low=-60, high=120, unit="dB")
    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        snr = rng.uniform(self.min_snr, self.max_snr)
        noise = rng.standard_normal(y.size, dtype=np.float32)
        if rng.random() >= self.probability:
            return y
        deviation = np.sqrt(np.mean(np.square(y, dtype=np.float64))) * 10 ** (-snr / 20)
        return y + np.float32(deviation) * noise


@dataclass(frozen=True)
class Gain(SampleAugmentation):
    """All samples times one factor, drawn evenly in dB. Nothing is clipped."""

    kind = "gain"
    title = "Gain"
    order = 2
    explanation = "Makes the clip louder or softer as a whole, as another distance to the microphone would."

    min_gain: float = param(-6.0, "Softest.", low=-120, high=60, unit="dB")
    max_gain: float = param(6.0, "Loudest.", low=-120, high=60, unit="dB")
    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        gain = rng.uniform(self.min_gain, self.max_gain)
        return y if rng.random() >= self.probability else y * np.float32(10 ** (gain / 20))


@dataclass(frozen=True)
class Shift(SampleAugmentation):
    """Shift along time: what leaves at one end is lost, and silence comes in at the other."""

    kind = "shift"
    title = "Time shift"
    order = 3
    explanation = (
        "Lets the sound begin a little earlier or later; silence fills the gap. Unlike a roll, nothing comes in again"
        " at the other end."
    )

    max_shift: float = param(0.2, "Farthest shift either way, as a share of the clip.", above=0, high=1)
    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        shift = round(rng.uniform(-self.max_shift, self.max_shift) * y.size)
        if rng.random() >= self.probability:
            return y
        moved = np.zeros_like(y)
        moved[max(shift, 0) : y.size + min(shift, 0)] = y[max(-shift, 0) : y.size - max(shift, 0)]
        return moved


@dataclass(frozen=True)
class RandomPad(SampleAugmentation):
    """The clip at a random place in the common length, with silence on both sides.

    Of a clip longer than that a random stretch is taken.
    """

    kind = "random-pad"
    title = "Random pad"
    order = 4
    explanation = (
        "Puts the clip, at its own length, somewhere in the length all clips are brought to. The network cannot count"
        " on every sound beginning at zero."
    )

    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        place = int(rng.integers(abs(n_samples - y.size) + 1))
        if rng.random() >= self.probability:
            return y
        if y.size >= n_samples:
            return y[place : place + n_samples]
        return np.pad(y, (place, n_samples - y.size - place))
