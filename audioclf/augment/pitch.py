"""Pitch and tempo, one without the other, by a phase vocoder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from audioclf.augment.base import Array, SampleAugmentation
from audioclf.core.params import param


@dataclass(frozen=True)
class TimeStretch(SampleAugmentation):
    """Faster or slower at the same pitch; the length changes with the rate, drawn evenly on a logarithmic scale."""

    kind = "time-stretch"
    title = "Time stretch"
    order = 6
    explanation = (
        "Plays the sound faster or slower and leaves its pitch where it is, as another speaker or player would."
    )

    min_rate: float = param(0.8, "Slowest: below 1 the clip gets longer.", low=0.25, high=4, step=0.05)
    max_rate: float = param(1.25, "Fastest: above 1 the clip gets shorter.", low=0.25, high=4, step=0.05)
    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        rate = math.exp(rng.uniform(math.log(self.min_rate), math.log(self.max_rate)))
        return y if rng.random() >= self.probability else stretched(y, rate, sr)


@dataclass(frozen=True)
class PitchShift(SampleAugmentation):
    """Higher or lower at the same length: stretched by the phase vocoder, then resampled back."""

    kind = "pitch-shift"
    title = "Pitch shift"
    order = 5
    explanation = (
        "Moves the sound up or down by a few semitones and keeps its length. Right where the class does not hang on"
        " the pitch, as with words; wrong where it does, as with notes."
    )

    min_semitones: float = param(-2.0, "Lowest.", low=-24, high=24, unit="semitones", step=0.5)
    max_semitones: float = param(2.0, "Highest.", low=-24, high=24, unit="semitones", step=0.5)
    probability: float = param(1.0, "Share of the clips that are changed.", low=0, high=1)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        semitones = rng.uniform(self.min_semitones, self.max_semitones)
        return y if rng.random() >= self.probability else pitch_shifted(y, semitones, sr)


def pitch_shifted(y: Array, semitones: float, sr: int) -> Array:
    """Samples of the same number [shape=(n,)], float32, ``semitones`` higher."""
    import soxr

    if semitones == 0:
        return y
    rate = 2.0 ** (-semitones / 12)
    longer = stretched(y, rate, sr)
    # Read at sr / rate and written at sr: as many samples as before, at the other pitch.
    moved = soxr.resample(longer, sr / rate, sr, quality="HQ")[: y.size]
    return np.pad(moved, (0, y.size - moved.size)).astype(np.float32)


def stretched(y: Array, rate: float, sr: int) -> Array:
    """Samples at the same pitch, faster where ``rate`` is above 1 [shape=(max(round(n / rate), 1),)], float32 [1]_.

    The short-time spectra (Hann window of about 93 ms, a quarter of it apart) are read at steps of
    ``rate`` frames: magnitudes from a straight line between two frames, phases turned on by what
    they turn between these two. The numbers are those of ``librosa.effects.time_stretch``, at
    22050 Hz with its defaults, without its loop over frames.

    .. [1] Flanagan and Golden: "Phase Vocoder", Bell System Technical Journal 45, 1966; as written
       down by Ellis: "A Phase Vocoder in Matlab", 2002.
    """
    import scipy.fft

    n_out = max(round(y.size / rate), 1)
    if rate == 1:
        return y
    n_fft = max(2 ** round(math.log2(2048 / 22050 * sr)), 16)
    hop = n_fft // 4
    window = np.hanning(n_fft + 1)[:-1].astype(np.float32)
    padded = np.pad(y, (n_fft // 2, n_fft // 2))
    frames = np.lib.stride_tricks.sliding_window_view(padded, n_fft)[::hop]
    spectra = scipy.fft.rfft(frames * window, axis=1)
    # two silent frames: what the last steps read beyond the end
    magnitudes = np.pad(np.abs(spectra), ((0, 2), (0, 0)))
    phases = np.pad(np.angle(spectra), ((0, 2), (0, 0)))
    steps = np.arange(0, len(spectra), rate)
    before = steps.astype(int)
    share = (steps - before).astype(np.float32)[:, None]
    new_magnitudes = (1 - share) * magnitudes[before] + share * magnitudes[before + 1]
    advance = np.linspace(0, np.pi * hop, n_fft // 2 + 1, dtype=np.float32)
    turned = phases[before + 1] - phases[before] - advance
    turned += advance - 2 * np.pi * np.round(turned / (2 * np.pi))
    # a sum of thousands of turns needs more digits than one of them
    angles = phases[:1] + np.concatenate(
        [np.zeros((1, turned.shape[1])), np.cumsum(turned[:-1], axis=0, dtype=np.float64)]
    )
    angles = np.remainder(angles, 2 * np.pi).astype(np.float32)
    made = scipy.fft.irfft(new_magnitudes * np.exp(1j * angles), n=n_fft, axis=1) * window
    return _overlapped(made.astype(np.float32), window, hop, n_out)


def _overlapped(frames: Array, window: Array, hop: int, n_out: int) -> Array:
    """Sum of overlapping windowed frames, divided by the sum of the squared windows."""
    n_frames, n_fft = frames.shape
    summed = np.zeros((n_frames + n_fft // hop - 1, hop), np.float32)
    weight = np.zeros_like(summed)
    for number in range(n_fft // hop):
        part = slice(number * hop, (number + 1) * hop)
        summed[number : number + n_frames] += frames[:, part]
        weight[number : number + n_frames] += np.square(window[part])
    y = (summed / np.where(weight > 1e-8, weight, 1)).reshape(-1)[n_fft // 2 :][:n_out]
    return np.pad(y, (0, n_out - y.size))
