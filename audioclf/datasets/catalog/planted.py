"""Planted cues: sounds whose class hangs on one tone or burst at a known place, to see whether explanations find it."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioInfo, wav_bytes
from audioclf.core import settings
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError
from audioclf.core.files import write_atomic
from audioclf.core.params import param
from audioclf.datasets.base import Clip, Dataset, Progress, ShouldStop, stop_if
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.source import Source

Box = tuple[float, float, float, float]
"""Start and end in seconds, lowest and highest frequency in Hz."""

VERSION = 1
BOXES = "boxes.json"

SR = 22050
SECONDS = 1.5
CUE_SECONDS = (0.2, 0.35)

CUES: dict[str, tuple[float, float]] = {
    "tone at 600 Hz": (600.0, 600.0),
    "tone at 1500 Hz": (1500.0, 1500.0),
    "tone at 3500 Hz": (3500.0, 3500.0),
    "burst at 6 to 8 kHz": (6000.0, 8000.0),
}
"""Lowest and highest frequency of what makes each class; a burst of noise where they differ."""

DISTRACTORS = ((150.0, 330.0), (950.0, 1100.0), (2200.0, 2600.0), (4600.0, 5200.0))
"""Bands in which other tones and bursts sound, of every class alike."""


@dataclass(frozen=True)
class Planted(Source):
    """Sounds among distractors, each with one cue that makes its class, at a place that is known.

    Cue and distractors have the same lengths; most distractors are louder. :func:`true_box` tells where the cue is.
    """

    kind = "planted"
    title = "Planted cues"
    description = (
        "Made in seconds to test explanations: one tone or burst makes the class, louder ones around it mean"
        " nothing, and Explain shows whether the model and its explanation found the right one."
    )
    licence = "Made on this machine; yours."
    citation = "audioclf."

    n_clips: int = param(60, "Clips of each class.", low=4, high=2000)
    n_distractors: int = param(4, "Tones and bursts without a meaning in every clip.", low=0, high=12)
    level: float = param(-6.0, "Level of the cue against the loudest distractor.", low=-30, high=20, unit="dB")
    random_state: int = param(0, "Seed: the same seed makes the same sounds.", low=0, high=2**31 - 1, advanced=True)

    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set; clips that are not on disk yet are made.

        Raises
        ------
        DatasetError
            When they cannot be written.
        Stopped
        """
        name = f"v{VERSION}-{self.n_clips}-{self.n_distractors}-{self.level:g}dB-{self.random_state}"
        folder = settings.datasets_folder() / self.kind / name
        labels = [(label, number) for label in CUES for number in range(self.n_clips)]
        paths = [folder / f"{list(CUES).index(label)}-{number:04d}.wav" for label, number in labels]
        try:
            if not all(path.is_file() for path in (folder / BOXES, *paths)):
                folder.mkdir(parents=True, exist_ok=True)
                boxes: dict[str, Box] = {}
                for done, ((label, number), path) in enumerate(zip(labels, paths, strict=True), start=1):
                    y, boxes[path.name] = self.make(label, number)
                    write_atomic(path, wav_bytes(y, SR))
                    if progress is not None:
                        progress(done, len(paths))
                    stop_if(should_stop, "Making the sounds was stopped; start it again.")
                write_atomic(folder / BOXES, json.dumps(boxes))
        except OSError as error:
            raise DatasetError(
                f"The sounds cannot be written to {settings.datasets_folder()} ({error.strerror or error});"
                " free some space, or set AUDIOCLF_HOME to another folder."
            ) from None
        facts = FileIndex().lookup(paths, should_stop=should_stop)
        return self._dataset(
            Clip(path, label, fact)
            for (label, _), path, fact in zip(labels, paths, facts, strict=True)
            if isinstance(fact, AudioInfo)
        )

    def make(self, label: str, number: int) -> tuple[npt.NDArray[np.float32], Box]:
        """Samples [shape=(n,)] of one clip of a class of :data:`CUES`, and where its cue is."""
        rng = np.random.default_rng((self.random_state, list(CUES).index(label), number))
        y = 0.002 * rng.standard_normal(round(SECONDS * SR))
        for _ in range(self.n_distractors):
            low, high = DISTRACTORS[int(rng.integers(len(DISTRACTORS)))]
            narrow = rng.random() < 0.5
            tone = float(rng.uniform(low, high))
            sound, begin = _event(rng, (tone, tone) if narrow else (low, high))
            y[begin : begin + len(sound)] += 0.3 * 10 ** (rng.uniform(-6, 0) / 20) * sound
        sound, begin = _event(rng, CUES[label])
        y[begin : begin + len(sound)] += 0.3 * 10 ** (self.level / 20) * sound
        low, high = CUES[label]
        return y.astype(np.float32), (begin / SR, (begin + len(sound)) / SR, low, high)


def _event(rng: np.random.Generator, band: tuple[float, float]) -> tuple[npt.NDArray[np.float64], int]:
    """A tone, or a burst of noise in a band, with a level of 1 and soft ends; and its first sample in the clip."""
    n = round(float(rng.uniform(*CUE_SECONDS)) * SR)
    t = np.arange(n) / SR
    low, high = band
    if low == high:
        sound = np.sqrt(2) * np.sin(2 * np.pi * (low * t + rng.random()))
    else:
        spectrum = np.fft.rfft(rng.standard_normal(n))
        frequencies = np.fft.rfftfreq(n, 1 / SR)
        spectrum[(frequencies < low) | (frequencies > high)] = 0
        sound = np.fft.irfft(spectrum, n)
        sound /= np.sqrt(np.mean(sound**2))
    ramp = np.minimum(1, np.minimum(t, t[::-1]) / 0.01)
    return sound * ramp, int(rng.integers(0, round(SECONDS * SR) - n + 1))


def true_box(clip: Clip) -> Box | None:
    """Where what makes a clip's class is; None for a clip of any other data set."""
    path = clip.path.parent / BOXES
    if clip.path.parent.parent.name != Planted.kind or not path.is_file():
        return None
    try:
        found = read_json(path)[clip.path.name]
        start, end, low, high = (float(value) for value in found)
        return start, end, low, high
    except (OSError, KeyError, TypeError, ValueError):
        return None
