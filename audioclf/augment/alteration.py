"""What if: one clip changed in a stated way, to see and hear where a model's answer breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from audioclf.audio.noise import COLOURS, coloured
from audioclf.augment.base import Array
from audioclf.augment.pitch import pitch_shifted, stretched
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param

Numbers = npt.NDArray[np.float64]

_SEED: Final = 0
_EDGE: Final = 1 / 6
"""Width of a filter's edge in octaves."""


@dataclass(frozen=True)
class Alteration(Parameters):
    """Changes of a clip's samples, made in the order of these parameters; each at its default changes nothing.

    Noise is laid under what the other changes have left, so that its signal-to-noise ratio is the one that is heard.
    Noise and reverberation come from a fixed seed: the same alteration of the same clip gives the same samples.
    """

    title = "What if"

    start: float = param(0.0, "Where the part that is kept begins.", low=0, high=3600, unit="s")
    end: float | None = param(None, "Where it ends; nothing is cut off where left out.", above=0, high=3600, unit="s")
    semitones: float = param(0.0, "Pitch: up, or down where negative.", low=-24, high=24, unit="semitones", step=0.5)
    rate: float = param(1.0, "Speed at the same pitch: 2 is twice as fast.", low=0.25, high=4, step=0.05)
    low_stop: float = param(0.0, "Nothing is left below this frequency.", low=0, high=48000, unit="Hz", step=50)
    high_stop: float | None = param(None, "Nothing is left above it.", above=0, high=48000, unit="Hz", step=50)
    band_from: float = param(0.0, "Lower end of the band that is removed.", low=0, high=48000, unit="Hz", step=50)
    band_to: float = param(0.0, "Upper end of the band that is removed.", low=0, high=48000, unit="Hz", step=50)
    reverb: float = param(0.0, "Reverberation: seconds in which it falls by 60 dB.", low=0, high=5, unit="s", step=0.1)
    gain: float = param(0.0, "Louder, or softer where negative; nothing is clipped.", low=-80, high=40, unit="dB")
    snr: float | None = param(None, "Noise: signal-to-noise ratio.", low=-40, high=80, unit="dB", step=1)
    noise: str = param("white", "Colour of the noise.", choices=tuple(COLOURS))

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end is not None and self.end <= self.start:
            raise ParameterError(f"end must lie after start ({self.start:g} s), got {self.end:g} s.", "end")
        if self.high_stop is not None and self.high_stop <= self.low_stop:
            raise ParameterError(
                f"high_stop must be above low_stop ({self.low_stop:g} Hz), or nothing is left; got"
                f" {self.high_stop:g} Hz.",
                "high_stop",
            )
        if self.band_to < self.band_from:
            raise ParameterError(
                f"band_to must be at least band_from ({self.band_from:g} Hz), got {self.band_to:g} Hz.", "band_to"
            )

    def __call__(self, y: Array, sr: int) -> Array:
        """Changed samples [shape=(n,)] -> [shape=(m,)], float32; silence stays silence.

        Raises
        ------
        ParameterError
            When nothing of the clip is left.
        """
        first, last = round(self.start * sr), None if self.end is None else round(self.end * sr)
        kept = np.asarray(y[first:last], np.float32)
        if not kept.size:
            raise ParameterError(
                f"The clip lasts {len(y) / sr:.2f} s, and the part that is kept begins at {self.start:g} s; begin"
                " earlier.",
                "start",
            )
        changed = stretched(pitch_shifted(kept, self.semitones, sr), self.rate, sr)
        changed = self._filtered(changed, sr)
        if self.reverb:
            changed = reverberated(changed, sr, self.reverb)
        changed = changed * np.float32(10 ** (self.gain / 20))
        if self.snr is not None:
            changed = with_noise(changed, self.snr, self.noise)
        return np.asarray(changed, np.float32)

    def _filtered(self, y: Array, sr: int) -> Array:
        high = self.high_stop
        if not self.low_stop and high is None and self.band_to <= self.band_from:
            return y
        spectrum = np.fft.rfft(y)
        frequencies: Numbers = np.asarray(np.fft.rfftfreq(y.size, 1 / sr), np.float64)
        gain: Numbers = np.ones(len(frequencies))
        if self.low_stop:
            gain *= _above(frequencies, self.low_stop)
        if high is not None:
            gain *= 1 - _above(frequencies, high)
        if self.band_to > self.band_from:
            gain *= 1 - _above(frequencies, self.band_from) * (1 - _above(frequencies, self.band_to))
        return np.asarray(np.fft.irfft(spectrum * gain, y.size), np.float32)


def _above(frequencies: Numbers, edge: float) -> Numbers:
    """1 above an edge and 0 below it, a raised cosine over a sixth of an octave between; all of it above 0 Hz."""
    if edge <= 0:
        return np.ones_like(frequencies)
    octaves = np.log2(np.maximum(frequencies, 1e-6) / edge)
    place = np.clip(octaves / _EDGE + 0.5, 0, 1)
    rise: Numbers = 0.5 - 0.5 * np.cos(np.pi * place)
    return rise


def reverberated(y: Array, sr: int, seconds: float) -> Array:
    """Samples in a room: convolved with noise that falls by 60 dB in so many seconds, at the same power and length.

    The direct sound comes first, 3 dB above all that follows it.
    """
    n = max(round(seconds * sr), 1)
    t = np.arange(n) / sr
    tail = np.random.default_rng(_SEED).standard_normal(n) * 10 ** (-3 * t / seconds)
    tail[0] = 0
    response = tail / max(float(np.sqrt(np.square(tail).sum())), 1e-12) * 10 ** (-3 / 20)
    response[0] = 1
    size = 1 << (y.size + n - 1).bit_length()
    wet = np.fft.irfft(np.fft.rfft(y, size) * np.fft.rfft(response, size), size)[: y.size]
    before, after = (float(np.sqrt(np.mean(np.square(one, dtype=np.float64)))) for one in (y, wet))
    return np.asarray(wet * (before / after if after > 0 else 0.0), np.float32)


def with_noise(y: Array, snr: float, colour: str) -> Array:
    """Samples with noise at a signal-to-noise ratio over their whole length; silence stays silence."""
    deviation = np.sqrt(np.mean(np.square(y, dtype=np.float64))) * 10 ** (-snr / 20)
    return y + np.float32(deviation) * coloured(y.size, np.random.default_rng(_SEED), colour)
