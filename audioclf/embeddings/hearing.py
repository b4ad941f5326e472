"""What a pretrained network makes of a sound without any training: scores of its own classes over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import Source, load_audio
from audioclf.core.errors import ParameterError
from audioclf.embeddings import EMBEDDINGS
from audioclf.embeddings.base import Array

LISTENER: Final = "yamnet"

LOW_RATE: Final = 15_000
"""Sample rate in Hz below which part of the band that YAMNet listens to (up to 7,500 Hz) is empty."""


@dataclass(frozen=True, eq=False)
class Heard:
    """Scores over time.

    Attributes
    ----------
    classes : tuple of str
    times : np.ndarray [shape=(n_windows,)]
        Middle of every window, in seconds.
    scores : np.ndarray [shape=(n_windows, n_classes)], float32 in 0 to 1
        Each class by itself: several may be heard at once.
    seconds : float
        Length of the sound.
    remark : str
        What to know of it; empty where there is nothing.
    """

    classes: tuple[str, ...]
    times: npt.NDArray[np.float64]
    scores: Array
    seconds: float
    remark: str = ""

    def top(self, most: int = 8, least: float = 0.0) -> list[tuple[str, float]]:
        """Classes with the highest mean score, and that score.

        Parameters
        ----------
        most : int
        least : float
            Score that a class must reach in some window.
        """
        mean = self.scores.mean(axis=0)
        order = np.argsort(-mean, kind="stable")
        loud = self.scores.max(axis=0) >= least
        return [(self.classes[n], float(mean[n])) for n in order if loud[n]][:most]

    def to_dict(self, most: int = 8) -> dict[str, Any]:
        """Plain values: the top classes with their mean scores and their scores over time."""
        top = self.top(most)
        return {
            "seconds": self.seconds,
            "times": [round(float(t), 3) for t in self.times],
            "classes": {
                name: {
                    "mean": round(score, 4),
                    "scores": [round(float(s), 4) for s in self.scores[:, self.classes.index(name)]],
                }
                for name, score in top
            },
            "remark": self.remark,
        }


def hear(sound: Source, *, offset: float = 0.0, duration: float | None = None) -> Heard:
    """What YAMNet hears in a sound: scores of 521 classes for every 0.48 s.

    Parameters
    ----------
    sound : path, bytes or file
    offset, duration : float
        The stretch that is listened to, in seconds.

    Raises
    ------
    AudioError
        When it cannot be read.
    AudioclfError
        When the weights cannot be had.
    """
    y, sr = load_audio(sound, sr=None, offset=offset, duration=duration)
    model = EMBEDDINGS[LISTENER]()
    found = model.embed(y, sr)
    if found.scores is None:
        raise ParameterError(f"{model.title} has no classes of its own.")
    remarks = []
    if len(y) < model.window * sr:
        remarks.append(f"The sound is shorter than the {model.window:g} s of a window; silence follows it.")
    if sr < LOW_RATE:
        remarks.append(
            f"At {sr:,} Hz there is nothing above {sr / 2:,.0f} Hz, and {model.title} listens up to 7,500 Hz."
        )
    return Heard(model.classes, found.times, found.scores, len(y) / sr, " ".join(remarks))
