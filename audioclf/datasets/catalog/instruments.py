"""Sets of rendered notes, made on this machine on first use; Instruments, the data set that is always there."""

from __future__ import annotations

import importlib.util
import os
from abc import abstractmethod
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioInfo, wav_bytes
from audioclf.core import settings
from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.files import write_atomic
from audioclf.core.params import param
from audioclf.datasets.base import Clip, Dataset, Progress, ShouldStop, stop_if
from audioclf.datasets.catalog import synthesis
from audioclf.datasets.catalog.soundfont import SoundFont
from audioclf.datasets.general_midi import FIRST_KEY, PERCUSSION, PROGRAMS
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.source import Source

RENDERED = ("instruments", "orchestra")
"""Kinds of the sets that are rendered here."""

_SOUNDFONT = "TimGM6mb.sf2"


@dataclass(frozen=True)
class Note:
    """One file to render."""

    path: Path
    label: str
    group: str
    program: int
    key: int
    velocity: int = 100
    percussion: bool = False
    take: int = 0


class Rendered(Source):
    """Base of the sets whose notes a SoundFont plays: a subclass lists its notes and plays one."""

    licence = "Rendered here from TimGM6mb.sf2 (Tim Brechbill, GPL-2.0), which comes with the package pretty_midi."
    citation = "MIDI Association: General MIDI System Level 1. SoundFont: TimGM6mb by Tim Brechbill."

    sr: int

    @abstractmethod
    def listed(self) -> Iterable[Note]:
        """Every note, and the file that it is kept in."""

    @abstractmethod
    def play(self, font: SoundFont, note: Note) -> npt.NDArray[np.float32]:
        """Samples of one note [shape=(n,)], at :attr:`sr`; the same ones in every process."""

    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set; notes that are not on disk yet are rendered.

        Raises
        ------
        DatasetError
            When the SoundFont is not there or the notes cannot be written.
        Stopped
        """
        notes = list(self.listed())
        self._render([note for note in notes if not note.path.exists()], progress, should_stop)
        paths = [note.path for note in notes]
        facts = FileIndex().lookup(paths, should_stop=should_stop)
        damaged = [note for note, fact in zip(notes, facts, strict=True) if not isinstance(fact, AudioInfo)]
        if damaged:
            self._render(damaged, progress, should_stop)
            facts = FileIndex().lookup(paths, should_stop=should_stop)
        if progress is not None:
            progress(len(notes), len(notes))
        return self._dataset(
            Clip(note.path, note.label, fact, group=note.group)
            for note, fact in zip(notes, facts, strict=True)
            if isinstance(fact, AudioInfo)
        )

    def _render(self, notes: Sequence[Note], progress: Progress | None, should_stop: ShouldStop | None) -> None:
        if not notes:
            return
        font = SoundFont(soundfont())

        def write(note: Note) -> None:
            sound = wav_bytes(self.play(font, note), self.sr)
            note.path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(note.path, sound)  # another process may render the same note at the same time

        pool = ThreadPoolExecutor(os.cpu_count())
        try:
            for done, _ in enumerate(pool.map(write, notes), start=1):
                if progress is not None:
                    progress(done, len(notes))
                stop_if(should_stop, "Rendering the instruments was stopped; start it again to go on where it ended.")
        except OSError as error:
            raise DatasetError(
                f"The notes cannot be written to {settings.datasets_folder()} ({error.strerror or error});"
                " free some space, or set AUDIOCLF_HOME to another folder."
            ) from None
        finally:
            pool.shutdown(cancel_futures=True)


@dataclass(frozen=True)
class Instruments(Rendered):
    """Notes of General MIDI programs and percussion keys, one class per program or key.

    The group of a clip is its note number (of a percussion sound: its velocity), so that a split by group tests on
    pitches that were never trained on.
    """

    kind = "instruments"
    title = "Instruments"
    description = "Notes of instruments, made on this computer (General MIDI): 50 notes of each of ten."

    programs: tuple[int, ...] = param(
        tuple(range(0, 100, 10)), "General MIDI programs, numbered from 0; each is a class.", low=0, high=127
    )
    percussion: tuple[int, ...] = param(
        (), "General MIDI percussion keys, each a class; struck at as many velocities as there are notes.",
        low=FIRST_KEY, high=FIRST_KEY + len(PERCUSSION) - 1,
    )  # fmt: skip
    notes: tuple[int, ...] = param(tuple(range(36, 86)), "MIDI notes of every program; 60 is C4.", low=0, high=127)
    seconds: float = param(2.0, "Length of a clip; the key is held for four fifths of it.", low=0.1, high=10, unit="s")
    sr: int = param(44100, "Sample rate.", low=8000, high=96000, unit="Hz", step=50, advanced=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.programs and not self.percussion:
            raise ParameterError(
                "programs and percussion are both empty; name one program or key at least.", "programs"
            )
        if not self.notes:
            raise ParameterError("notes is empty; name one MIDI note at least.", "notes")

    def listed(self) -> Iterable[Note]:
        folder = settings.datasets_folder() / self.kind / f"v{synthesis.VERSION}-{self.sr}hz-{self.seconds:g}s"
        for program in dict.fromkeys(self.programs):
            for key in dict.fromkeys(self.notes):
                path = folder / f"program-{program:03d}" / f"note-{key:03d}.wav"
                yield Note(path, PROGRAMS[program], str(key), program, key)
        for key in dict.fromkeys(self.percussion):
            for velocity in _velocities(len(dict.fromkeys(self.notes))):
                path = folder / f"percussion-{key:03d}" / f"velocity-{velocity:03d}.wav"
                yield Note(path, PERCUSSION[key - FIRST_KEY], f"velocity {velocity}", 0, key, velocity, True)

    def play(self, font: SoundFont, note: Note) -> npt.NDArray[np.float32]:
        return synthesis.note(
            font,
            note.program,
            note.key,
            velocity=note.velocity,
            seconds=self.seconds,
            sr=self.sr,
            percussion=note.percussion,
        )


def _velocities(count: int) -> list[int]:
    """Evenly spaced from soft to as loud as it goes; no two the same up to 108 of them."""
    return sorted(set(np.linspace(127, 20 if count > 50 else 29, count).round().astype(int).tolist()))


def soundfont() -> Path:
    """The SoundFont inside the installed package pretty_midi, which is not imported.

    Raises
    ------
    DatasetError
    """
    found = importlib.util.find_spec("pretty_midi")
    path = Path(found.origin).parent / _SOUNDFONT if found is not None and found.origin else None
    if path is None or not path.is_file():
        raise DatasetError(f"The SoundFont {_SOUNDFONT} is not here; install the package that carries it: pretty_midi.")
    return path
