"""Where to cut a long recording into clips: rules that give starts and lengths."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import Array, load_audio
from audioclf.core import settings
from audioclf.core.errors import ParameterError
from audioclf.datasets.base import Progress, ShouldStop, stop_if
from audioclf.datasets.csv_table import decode, read_file

MOST_CUTS = 100_000
"""More clips than this out of one recording are a mistyped length."""

LARGEST_TRACK = 2**20
"""Bytes of a label track that are looked at to know it for one."""

FRAME = 0.01
"""Length of a frame whose level is measured, in seconds."""

_RATE = 8000
_WINDOW = 60.0


@dataclass(frozen=True)
class Cut:
    """One clip of a recording: start and length in seconds, its class (empty where the rule gives none) and group."""

    start: float
    duration: float
    label: str = ""
    group: str | None = None

    @property
    def end(self) -> float:
        """Where it ends, in seconds."""
        return self.start + self.duration


def every(total: float, seconds: float, step: float = 0.0, offset: float = 0.0) -> list[Cut]:
    """A clip every so many seconds.

    Parameters
    ----------
    total : float
        Length of the recording.
    seconds : float
        Length of a clip; what is left at the end and shorter is dropped, unless it is all there is.
    step : float
        From the start of one clip to the start of the next; 0 takes ``seconds``.
    offset : float
        Where the first clip starts.
    """
    step = step or seconds
    count = math.floor((total - offset - seconds) / step + 1e-6) + 1
    if count > MOST_CUTS:
        raise ParameterError(
            f"{count:,} clips of {seconds:g} s would come out of {total:g} s, at most {MOST_CUTS:,} were expected;"
            " take longer clips.",
            "seconds",
        )
    if count < 1:
        return [Cut(offset, total - offset)] if offset < total else []
    return [Cut(offset + number * step, seconds) for number in range(count)]


def grid(
    total: float,
    classes: Sequence[str],
    per_class: int,
    seconds: float,
    step: float = 0.0,
    offset: float = 0.0,
    only: Sequence[int] = (),
) -> list[Cut]:
    """Class after class, each with the same number of clips one after the other.

    Clip ``note`` of class ``number`` starts at ``offset + number * per_class * step + note * step``, as in reference
    A, where ``step`` is 2 s and ``per_class`` 50. Its group is ``note``.

    A class beyond ``classes`` is called "class 7"; ``only`` are the numbers of those wanted, from 0, empty takes all.
    """
    found = []
    for place, cut in enumerate(every(total, seconds, step, offset)):
        number, note = divmod(place, per_class)
        if not only or number in only:
            label = classes[number] if number < len(classes) else f"class {number}"
            found.append(Cut(cut.start, cut.duration, label, str(note)))
    return found


def audacity(text: str, total: float, seconds: float) -> tuple[list[Cut], list[tuple[int, str]]]:
    """The labels of an Audacity label track, exported as text.

    Parameters
    ----------
    text : str
        Lines of start, end and label, separated by tabs; times in seconds.
    total : float
        Length of the recording.
    seconds : float
        Length of a clip at a label that marks a point; it ends at the next label at the latest.

    Returns
    -------
    cuts : list of Cut
    refused : list of (int, str)
        Numbers of lines that could not be used, and why.
    """
    marks: list[tuple[int, float, float, str]] = []
    refused: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        # A line that begins with a backslash holds the frequencies of a spectral selection.
        if not line.strip() or line.startswith("\\"):
            continue
        cells = line.split("\t") if "\t" in line else line.split(None, 2)
        try:
            start, end = (float(cell.strip().replace(",", ".")) for cell in cells[:2])
        except ValueError:
            refused.append((number, "It does not begin with two times in seconds."))
            continue
        label = cells[2].strip() if len(cells) > 2 else ""
        if not label:
            refused.append((number, "It has no label."))
        elif not (math.isfinite(start) and math.isfinite(end) and 0 <= start <= end):
            refused.append((number, f"Its times {start:g} s and {end:g} s are no stretch."))
        elif start >= total:
            refused.append((number, f"It starts at {start:g} s, and the recording ends at {total:g} s."))
        else:
            marks.append((number, start, end, label))
    marks.sort(key=lambda mark: mark[1])
    cuts = []
    for place, (_, start, end, label) in enumerate(marks):
        if end == start:
            later = (mark[1] for mark in marks[place + 1 :] if mark[1] > start)
            end = min(start + seconds, next(later, total), total)
        cuts.append(Cut(start, min(end, total) - start, label))
    return cuts, refused


def is_label_track(path: Path) -> bool:
    """Whether a file is a label track: a text in which most lines are labels."""
    try:
        return holds_labels(read_file(path, LARGEST_TRACK))
    except OSError:
        return False


def holds_labels(data: bytes) -> bool:
    """Whether the bytes of a text are those of a label track."""
    found, refused = audacity(decode(data), math.inf, 1.0)
    return bool(found) and len(refused) <= len(found)


def loudness(y: Array, sr: int) -> npt.NDArray[Any]:
    """Root mean square of every :data:`FRAME`, in dB of full scale; -120 at least [shape=(n_frames,)].

    What is left at the end is passed over; samples that fill no frame are one with zeros.
    """
    size = max(1, round(FRAME * sr))
    frames = y[: max(len(y) // size, 1) * size]
    frames = np.pad(frames, (0, -len(frames) % size)).reshape(-1, size)
    power = np.square(frames, dtype=np.float64).mean(axis=1)
    return np.asarray(10 * np.log10(np.maximum(power, 1e-12)))


def levels(
    path: Path, total: float, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> npt.NDArray[Any]:
    """:func:`loudness` of a recording, read in stretches of a minute so that memory stays flat."""
    window = min(_WINDOW, settings.number("max_clip_seconds"))
    size = round(FRAME * _RATE)
    found: list[npt.NDArray[Any]] = []
    count = max(1, math.ceil(total / window - 1e-9))
    for number in range(count):
        stop_if(should_stop, "Looking for silence was stopped.")
        y, sr = load_audio(path, sr=_RATE, offset=number * window, duration=window)
        found.append(loudness(y[: len(y) // size * size], sr))
        if progress is not None:
            progress(number + 1, count)
    return np.concatenate(found)


def between_silences(
    level: npt.NDArray[Any],
    below: float = 40.0,
    silence: float = 0.3,
    shortest: float = 0.1,
    margin: float = 0.05,
) -> list[Cut]:
    """Clips of what sounds between silences.

    Parameters
    ----------
    level : ndarray, shape (n_frames,)
        As :func:`levels` gives it.
    below : float
        A frame so many dB below the loudest one is silent.
    silence : float
        A silence shorter than this divides nothing, in seconds.
    shortest : float
        What sounds for a shorter time is left out, in seconds.
    margin : float
        What is kept before and behind each sound, in seconds, up to half the silence.
    """
    if not len(level) or level.max() <= -100:
        return []
    sounding = level > level.max() - below
    edges = np.flatnonzero(np.diff(np.concatenate(([False], sounding, [False])).astype(np.int8)))
    spans: list[list[float]] = []
    for begin, end in zip(edges[0::2] * FRAME, edges[1::2] * FRAME, strict=True):
        if spans and begin - spans[-1][1] < silence:
            spans[-1][1] = float(end)
        else:
            spans.append([float(begin), float(end)])
    spans = [span for span in spans if span[1] - span[0] >= shortest - 1e-9]
    margin = min(margin, silence / 2)
    total = len(level) * FRAME
    return [
        Cut(start, min(end + margin, total) - start)
        for start, end in ((round(max(0.0, begin - margin), 3), stop) for begin, stop in spans)
    ]
