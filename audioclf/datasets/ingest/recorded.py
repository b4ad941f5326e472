"""Examples that someone recorded for a class: a recording cut into what sounds in it, and kept as a data set."""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import Array, load_audio, wav_bytes
from audioclf.audio.level import LevelMeter, loudest
from audioclf.core import workspaces
from audioclf.core.errors import AudioError
from audioclf.datasets import segmentation
from audioclf.datasets.base import Progress, ShouldStop
from audioclf.datasets.csv_table import write_table
from audioclf.datasets.ingest import staging
from audioclf.datasets.segmentation import Cut

LONGEST: Final = 60.0
"""Seconds of a recording that are used."""

SILENT: Final = -70.0
"""Level of the loudest frame below which a recording holds nothing, in dB of full scale."""

QUIET: Final = -45.0
"""Level of the loudest 20 ms of an example below which it is called quiet."""

CLIPPED: Final = 0.001
"""Share of samples at full scale above which an example is called clipped."""

_BELOW: Final = 25.0
_SILENCE: Final = 0.5
_SHORTEST: Final = 0.08
_ONE: Final = 4.0
_PIECE: Final = 2.0


@dataclass(frozen=True)
class Example:
    """One example of a class.

    Attributes
    ----------
    sound : bytes
        A WAV file.
    level, clipped : float
        Level of its loudest 20 ms, in dB of full scale, and share of samples at full scale.
    recording : str
        The recording it was cut from; examples of one are alike and are never tested on each other.
    start : float
        Where in the recording it begins, in seconds.
    """

    sound: bytes
    seconds: float
    level: float
    clipped: float = 0.0
    recording: str = ""
    start: float = 0.0

    @property
    def remark(self) -> str:
        """What is wrong with its level, in a word or two; empty where nothing is."""
        if self.clipped > CLIPPED:
            return "too loud"
        return "very quiet" if self.level < QUIET else ""


def sounding(level: npt.NDArray[Any]) -> list[Cut]:
    """What sounds in a recording: stretches between pauses of half a second; a long one in pieces of two seconds.

    ``level`` is that of :func:`~audioclf.datasets.segmentation.loudness`.
    """
    if not len(level) or level.max() < SILENT:
        return []
    found: list[Cut] = []
    for cut in segmentation.between_silences(level, below=_BELOW, silence=_SILENCE, shortest=_SHORTEST):
        if cut.duration <= _ONE:
            found.append(cut)
            continue
        n = math.floor(cut.duration / _PIECE)
        found += [Cut(cut.start + number * cut.duration / n, cut.duration / n) for number in range(n)]
    return found


def examples(data: bytes, recording: str) -> list[Example]:
    """The examples that a recording holds: the bytes of a sound file, and what stands for it.

    Raises
    ------
    AudioError
        When it is no sound, or silent.
    """
    y, sr = load_audio(data, sr=None, duration=LONGEST)
    found = sounding(segmentation.loudness(y, sr))
    if not found:
        raise AudioError("The recording is silent; check which microphone the browser uses, and record again.")
    return cut_out(y, sr, found, recording)


def cut_out(y: Array, sr: int, cuts: Sequence[Cut], recording: str = "") -> list[Example]:
    """Stretches of a recording [shape=(n,)] as examples; of no recording, they are no group."""
    made = []
    for cut in cuts:
        piece = y[round(cut.start * sr) : round(cut.end * sr)]
        meter = LevelMeter()
        meter.add(piece[:, np.newaxis], piece)
        level = loudest(piece, sr)
        made.append(Example(wav_bytes(piece, sr), len(piece) / sr, level, meter.clipped, recording, cut.start))
    return made


def keep(
    labelled: Sequence[tuple[str, Example]],
    workspace: str,
    name: str = "Recorded sounds",
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """Store examples as a folder that :func:`audioclf.load_dataset` takes; every recording is a group.

    A table names the classes, since they may be called anything, and there is a WAV file for each example.

    Raises
    ------
    WorkspaceError
        When there is no room.
    Stopped
    """
    rows = [("file_name", "label", "group")]
    files = []
    for number, (label, example) in enumerate(labelled):
        file = f"{number:04d}-{hashlib.blake2b(example.sound, digest_size=4).hexdigest()}.wav"
        rows.append((file, label, example.recording))
        files.append((file, io.BytesIO(example.sound)))
    files.append(("recordings.csv", io.BytesIO(write_table(rows).encode("utf-8"))))
    parent = workspaces.datasets_folder(workspace)
    return staging.keep(files, parent, name, progress=progress, should_stop=should_stop)
