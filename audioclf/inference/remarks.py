"""What a user should know of a sound beside the answer: silence, cancelling channels, clipping, another band."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioSettings
from audioclf.audio.level import SILENCE, LevelMeter, decibels, loudest
from audioclf.datasets import Clip
from audioclf.datasets.quality.findings import CLIPPED
from audioclf.features import Feature, FeatureMap
from audioclf.features.base import Array

QUIET = -50.0
"""Level of the loudest 20 ms below which a sound is very quiet, in dB of full scale."""

CANCELLED = 15.0
"""The channels cancel where their mean lies this far below them, in dB; unrelated channels lose 3 dB."""

OUTSIDE = 0.01
"""Share of the energy in the model's band below which a sound lies outside of it."""

NARROW = 0.9
"""Share of the trained sample rate below which a file's own counts as lower."""

_BLOCK = 2**15


@dataclass(frozen=True)
class Remark:
    """One thing to know of a sound beside the answer.

    Attributes
    ----------
    kind : str
        Short name: ``"silent"``, ``"unknown"``, ``"cancelling channels"``, ``"silent channel"``,
        ``"outside the band"``, ``"low sample rate"``, ``"clipped"``, ``"short"``, ``"quiet"``, ``"silent windows"`` or
        ``"mended"``.
    sentence : str
    """

    kind: str
    sentence: str


@dataclass(frozen=True)
class Trained:
    """What a run's models were trained on, as far as it is known.

    Attributes
    ----------
    duration : float
        Length of what the models are given, in seconds.
    shortest : float
        Length of the shortest clip in seconds, at most ``duration``.
    sr : float
        Lowest sample rate of the clips' files, at most the experiment's own, in Hz.
    """

    duration: float
    shortest: float
    sr: float

    @classmethod
    def on(cls, clips: Iterable[Clip], duration: float, sr: int) -> Trained:
        """What the clips have in common; without any, the models' own length and sample rate."""
        known = [(clip.seconds, clip.info.sr) for clip in clips]
        return cls(
            duration,
            min([duration, *(seconds for seconds, _ in known)]),
            min([sr, *(rate for _, rate in known)]),
        )


def remarks(
    y: Array,
    meter: LevelMeter,
    silent_windows: npt.NDArray[np.bool_],
    band: tuple[float, float],
    audio: AudioSettings,
    trained: Trained,
) -> tuple[Remark, ...]:
    """Remarks on one sound, the gravest first.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)]
        The whole sound as it was decoded, mixed and resampled.
    meter : LevelMeter
        What was measured meanwhile.
    silent_windows : np.ndarray [shape=(n_windows,)], bool
        Which of the windows that the models were given are silent.
    band : (float, float)
        Lowest and highest frequency the features look at, in Hz.
    audio : AudioSettings
    trained : Trained
    """
    heard, seconds = loudest(y, audio.sr), len(y) / audio.sr
    silent = heard < SILENCE
    found = []
    if silent:
        found.append(Remark("silent", f"There is next to nothing to hear: {_silence(heard)}. {_VAIN}"))
    found += _channels(meter, audio.mono)
    if meter.mixed >= SILENCE:
        share = 10 ** ((decibels(float(y.var(dtype=np.float64))) - meter.mixed) / 10) * in_band(y, audio.sr, band)
        if share < OUTSIDE:
            found.append(
                Remark(
                    "outside the band",
                    f"Only {share:.1%} of the sound's energy lies between {band[0]:,.0f} and {band[1]:,.0f} Hz, where"
                    " the model looks.",
                )
            )
    if not silent and meter.sr < NARROW * min(trained.sr, 2 * band[1]):
        found.append(
            Remark(
                "low sample rate",
                f"The file's sample rate of {meter.sr:,} Hz leaves nothing above {meter.sr / 2:,.0f} Hz; the model was"
                f" trained on sounds that go up to {min(trained.sr / 2, band[1]):,.0f} Hz.",
            )
        )
    if meter.clipped > CLIPPED:
        found.append(
            Remark("clipped", f"The sound is clipped: {meter.clipped:.1%} of its samples stand at full scale.")
        )
    if seconds < trained.duration / 2 and seconds < NARROW * trained.shortest:
        found.append(
            Remark(
                "short",
                f"The sound lasts only {seconds:.2g} s of the {trained.duration:.2g} s the model takes; the rest is"
                f" {'its repetition' if audio.pad == 'repeat' else 'silence'}.",
            )
        )
    if not silent and heard < QUIET:
        found.append(
            Remark(
                "quiet",
                f"The sound is very quiet: its loudest 20 ms are at {heard:.0f} dB of full scale, so that the noise of"
                " the recording may decide.",
            )
        )
    if not silent and silent_windows.any():
        nothing = int(silent_windows.sum())
        found.append(
            Remark(
                "silent windows",
                f"{nothing} of {len(silent_windows)} windows {'is' if nothing == 1 else 'are'} silent and left out of"
                " the answer.",
            )
        )
    if meter.remark:
        found.append(Remark("mended", meter.remark))
    return tuple(found)


def unknown(novelty: float, on_validation: bool) -> Remark:
    """Remark on a sound that lies farther from all classes than what the models know.

    Parameters
    ----------
    novelty : float
        See :attr:`audioclf.inference.predictor.Classification.novelty`.
    on_validation : bool
        Whether validation clips set the threshold, or training clips for want of them.
    """
    clips = "validation clips" if on_validation else "training clips (there were too few for validation)"
    return Remark(
        "unknown",
        f"This sounds like none of the model's classes: it lies {novelty:.1f} times as far from what the model has"
        f" learned as 95% of the {clips}.",
    )


_VAIN = "The answer means nothing."


def _silence(level: float) -> str:
    return "the sound is silent" if level <= -100 else f"even the loudest 20 ms are at {level:.0f} dB of full scale"


def _channels(meter: LevelMeter, mono: str) -> list[Remark]:
    """Channels that are lost when they become one."""
    if len(meter.channels) < 2:
        return []
    strongest = max(meter.channels)
    if strongest < SILENCE:
        return []
    if mono == "mean":
        mean = 10 * math.log10(np.mean([10 ** (level / 10) for level in meter.channels]))
        if meter.mixed > mean - CANCELLED - 10 * math.log10(len(meter.channels) / 2):
            return []
        text = (
            f"The channels cancel each other out: they are at {strongest:.0f} dB, their mean at {meter.mixed:.0f} dB."
        )
        return [Remark("cancelling channels", f"{text} Invert one of them, or use a single channel.")]
    if meter.mixed >= SILENCE:
        return []
    text = f"Only the {mono} channel is used, and it is silent; another is at {strongest:.0f} dB of full scale."
    return [Remark("silent channel", text)]


def in_band(y: Array, sr: int, band: tuple[float, float]) -> float:
    """Share of a sound's energy, its DC offset left out, that lies in a band of frequencies in Hz."""
    total = inside = 0.0
    for start in range(0, len(y), _BLOCK):
        block = y[start : start + _BLOCK]
        power = np.abs(np.fft.rfft((block - block.mean()) * np.hanning(len(block) + 2)[1:-1])) ** 2
        frequencies = np.fft.rfftfreq(len(block), 1 / sr)
        total += float(power.sum())
        inside += float(power[(frequencies >= band[0]) & (frequencies <= band[1])].sum())
    return inside / total if total else 0.0


def band_of(maps: Mapping[Feature, FeatureMap], sr: int) -> tuple[float, float]:
    """Lowest and highest frequency in Hz that any of the features looks at."""
    lows, highs = [], []
    for feature, shown in maps.items():
        axis = shown.axes[0]
        rows = axis.values if axis.unit == "Hz" and axis.scale == "log" else None  # a row a note: no filter beyond
        lows.append(float(getattr(feature, "fmin", None) or 0) if rows is None else float(rows[0]))
        highs.append(float(getattr(feature, "fmax", None) or sr / 2) if rows is None else float(rows[-1]))
    return min(lows), max(highs)
