"""Orchestra: instruments that are close to each other, in a room with noise. A set that models make mistakes on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.audio.noise import coloured
from audioclf.core import settings
from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.datasets.catalog import synthesis
from audioclf.datasets.catalog.instruments import Note, Rendered
from audioclf.datasets.catalog.soundfont import SoundFont
from audioclf.datasets.general_midi import PROGRAMS

VERSION = 1
"""Raise it when a note comes out differently: notes rendered before are then made anew."""

_SOFTEST, _HARDEST = 36, 112
_LATEST = 0.2
"""Latest beginning of a note, as a share of the clip."""


@dataclass(frozen=True)
class Orchestra(Rendered):
    """Notes of bowed strings and reeds: every program plays the same pitches, each several times and never alike.

    A take has a strength, a beginning, a length and a signal-to-noise ratio of its own, drawn from a seed that program,
    pitch and take settle. The group of a clip is its pitch, so that a split by group tests on pitches that were never
    trained on.
    """

    kind = "orchestra"
    title = "Orchestra"
    description = "Strings and reeds that are close to each other, soft and loud, in noise: models make mistakes here."

    programs: tuple[int, ...] = param(
        (40, 41, 42, 43, 110, 68, 69, 70, 71),
        "General MIDI programs, numbered from 0; each is a class.", low=0, high=127,
    )  # fmt: skip
    notes: tuple[int, ...] = param(tuple(range(48, 78)), "MIDI notes of every program; 60 is C4.", low=0, high=127)
    takes: int = param(4, "How often each note is played.", low=1, high=20)
    min_snr: float = param(
        10.0, "Strongest noise: lowest signal-to-noise ratio of a take.", low=-20, high=80, unit="dB"
    )
    max_snr: float = param(30.0, "Weakest noise: highest signal-to-noise ratio.", low=-20, high=80, unit="dB")
    seconds: float = param(1.0, "Length of a clip.", low=0.2, high=10, unit="s")
    sr: int = param(22050, "Sample rate.", low=8000, high=96000, unit="Hz", step=50, advanced=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("programs", "notes"):
            if not getattr(self, name):
                raise ParameterError(f"{name} is empty; name one at least.", name)
        if self.min_snr > self.max_snr:
            raise ParameterError(
                f"max_snr must be at least min_snr ({self.min_snr:g} dB), got {self.max_snr:g}.", "max_snr"
            )

    def listed(self) -> Iterable[Note]:
        about = f"v{synthesis.VERSION}.{VERSION}-{self.sr}hz-{self.seconds:g}s-{self.min_snr:g}to{self.max_snr:g}db"
        folder = settings.datasets_folder() / self.kind / about
        for program in dict.fromkeys(self.programs):
            for key in dict.fromkeys(self.notes):
                for take in range(self.takes):
                    path = folder / f"program-{program:03d}" / f"note-{key:03d}-take-{take + 1}.wav"
                    yield Note(path, PROGRAMS[program], str(key), program, key, take=take)

    def play(self, font: SoundFont, note: Note) -> npt.NDArray[np.float32]:
        rng = np.random.default_rng((VERSION, note.program, note.key, note.take))
        velocity = int(rng.integers(_SOFTEST, _HARDEST + 1))
        silent = round(rng.uniform(0, _LATEST) * self.seconds * self.sr)
        held = rng.uniform(0.3, 0.75) * self.seconds
        snr = rng.uniform(self.min_snr, self.max_snr)
        n = round(self.seconds * self.sr)
        y = synthesis.note(font, note.program, note.key, velocity=velocity, seconds=self.seconds, held=held, sr=self.sr)
        y = np.concatenate([np.zeros(silent, np.float32), y])[:n]
        noise = coloured(n, rng, "pink")
        loudness = float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))
        mixed = y + np.float32(loudness * 10 ** (-snr / 20)) * noise
        return np.asarray(mixed / max(1.0, float(np.abs(mixed).max())), np.float32)
