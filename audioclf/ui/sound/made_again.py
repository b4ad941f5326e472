"""Sound made again of a feature, to hear what the feature keeps; made by the warm process for sounds."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from audioclf.audio.io import Array, AudioSettings
from audioclf.datasets import Clip
from audioclf.features import STFT, Feature, FeatureMap
from audioclf.inference.messages import packed
from audioclf.ui.shell import tasks
from audioclf.ui.sound import cache, sound_worker

LONGEST: Final = 10.0
"""Seconds of a sound that are made again."""


@dataclass(frozen=True, eq=False)
class MadeAgain:
    """A sound made of a feature, ready to be shown.

    Attributes
    ----------
    wav : bytes
    seconds : float
    distance : float [dB]
        Between the levels of it and of the original.
    before, after : FeatureMap
        STFT of the original and of what is left, in one scale.
    """

    wav: bytes
    seconds: float
    distance: float
    before: FeatureMap
    after: FeatureMap


def make(clip: Clip, feature: Feature, audio: AudioSettings, phase: str, n_samples: int) -> tasks.Task:
    """Task whose result is the :class:`MadeAgain` of the first samples of a clip.

    Parameters
    ----------
    clip : Clip
    feature : Feature
        One of :data:`audioclf.features.inversion.INVERTIBLE`.
    audio : AudioSettings
    phase : str
        One of :data:`audioclf.features.inversion.PHASES`.
    n_samples : int
    """
    about = [clip.key, feature.to_dict(), audio.to_dict(), phase, n_samples]
    key = f"resynthesis {json.dumps(about, sort_keys=True)}"
    request = {
        "do": "resynthesize",
        "clip": packed(clip)[0],
        "feature": feature.to_dict(),
        "audio": audio.to_dict(),
        "phase": phase,
        "n_samples": n_samples,
    }

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> MadeAgain:
        values, arrays = sound_worker.ask(request, should_stop=should_stop)
        return _ready(values, arrays["y"], arrays["original"])

    return tasks.find(key) or tasks.start(key, f"Making sound of the {feature.title}", work)


def _ready(values: dict[str, Any], made: Array, original: Array) -> MadeAgain:
    sr = int(values["sr"])
    shown = STFT(ref="one")
    # both pictures in one scale: what lies below the original's floor is not drawn in either
    before, after = shown.compute(original, sr), shown.compute(made, sr)
    return MadeAgain(cache.playable(made, sr), len(made) / sr, float(values["distance"]), before, after)
