"""The words of the data: a clip, a data set, and a problem with a file."""

from __future__ import annotations

import dataclasses
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from audioclf.audio.io import AudioInfo
from audioclf.audio.sources import readable
from audioclf.core.errors import DatasetError, Stopped


class ByteCount(int):
    """A number of bytes, where progress is counted in bytes."""


SPLITS = ("train", "validation", "test")
"""Parts of an official split."""

SPLIT_FOLDS = {"test": 0, "train": 1, "validation": 2}
"""Number of the fold that a part of an official split has where there are no folds beside it."""

Progress = Callable[[int, int], None]
"""Summary how many of how many files are done (bytes as :class:`ByteCount`); called from the thread that called."""

ShouldStop = Callable[[], bool]
"""Asked now and then whether to end early, which raises :class:`~audioclf.core.errors.Stopped`."""


def stop_if(should_stop: ShouldStop | None, sentence: str) -> None:
    """Raise :class:`~audioclf.core.errors.Stopped` with the sentence, where it is time to end."""
    if should_stop is not None and should_stop():
        raise Stopped(sentence)


@dataclass(frozen=True)
class Problem:
    """One file or row that was left out of a data set, by its owner's name; why, and what to do: a sentence each."""

    file: str
    reason: str
    remedy: str


@dataclass(frozen=True)
class Clip:
    """One labelled sound: a file, or a stretch of one. Holds no samples.

    Attributes
    ----------
    path : Path
        The audio file.
    label : str
        Name of the class.
    info : AudioInfo
        Header facts and content hash of the whole file.
    start : float
        Where the clip starts in the file, in seconds.
    duration : float or None
        Length in seconds; ``None`` means to the end of the file.
    group : str or None
        What must not straddle a split: speaker, source recording, artist, pitch.
    fold : int or None
        Official fold, numbered as its publisher does; where there is only an official split, test is 0, training 1
        and validation 2.
    file : str
        Name its owner knows the file by, where that is not its path (in an archive it came out of).
    split : str
        Part of the official split it belongs to: one of :data:`SPLITS`; empty where there is none.
    """

    path: Path
    label: str
    info: AudioInfo
    start: float = 0.0
    duration: float | None = None
    group: str | None = None
    fold: int | None = None
    file: str = ""
    split: str = ""

    @property
    def seconds(self) -> float:
        """Length of the clip in seconds."""
        rest = max(self.info.seconds - self.start, 0.0)
        return rest if self.duration is None else min(self.duration, rest)

    @property
    def name(self) -> str:
        """Name for people: the folder and file, and where in the file it starts."""
        name = "/".join(self.file.split("/")[-2:]) or readable(f"{self.path.parent.name}/{self.path.name}")
        return name if self.start == 0 and self.duration is None else f"{name} @ {self.start:g} s"

    @cached_property
    def key(self) -> str:
        """Content key: the file's content hash together with the stretch that is used."""
        if self.start == 0 and self.duration is None:
            return self.info.content
        text = f"{self.info.content}:{self.start!r}:{self.duration!r}"
        return hashlib.blake2b(text.encode(), digest_size=16).hexdigest()


@dataclass(frozen=True)
class Dataset:
    """A named, immutable table of clips.

    Attributes
    ----------
    name : str
        Name for people.
    clips : tuple of Clip
    problems : tuple of Problem
        Files that were found and could not be used.
    description, licence, citation : str
        What it is, under which terms, and whom to cite; may be empty.
    source : str
        What :func:`audioclf.load_dataset` was given, so that a run can load it again.
    parent : str
        Fingerprint of the version this one was edited from; empty for an original.
    """

    name: str
    clips: tuple[Clip, ...]
    problems: tuple[Problem, ...] = ()
    description: str = ""
    licence: str = ""
    citation: str = ""
    source: str = ""
    parent: str = ""

    def __len__(self) -> int:
        return len(self.clips)

    @cached_property
    def classes(self) -> tuple[str, ...]:
        """Class names: in the order of first appearance, which the sources keep meaningful."""
        return tuple(dict.fromkeys(clip.label for clip in self.clips))

    @cached_property
    def labels(self) -> tuple[int, ...]:
        """Class number of every clip, an index into :attr:`classes`."""
        numbers = {label: number for number, label in enumerate(self.classes)}
        return tuple(numbers[clip.label] for clip in self.clips)

    @cached_property
    def counts(self) -> dict[str, int]:
        """Number of clips of each class, in the order of :attr:`classes`."""
        counted = Counter(clip.label for clip in self.clips)
        return {label: counted[label] for label in self.classes}

    @cached_property
    def fingerprint(self) -> str:
        """Hash of every clip's content, label, group, fold and part: the same data has the same one."""
        digest = hashlib.blake2b(digest_size=16)
        for clip in self.clips:
            digest.update(repr((clip.key, clip.label, clip.group, clip.fold)).encode())
            if clip.split and clip.fold != SPLIT_FOLDS[clip.split]:
                digest.update(clip.split.encode())
        return digest.hexdigest()

    def filter(self, keep: Callable[[Clip], bool]) -> Dataset:
        """Data set of the clips that ``keep`` says yes to."""
        return dataclasses.replace(self, clips=tuple(clip for clip in self.clips if keep(clip)))

    def at_most(self, per_class: int, random_state: int = 0) -> Dataset:
        """Data set of at most so many clips of each class, drawn at random and left in their order."""
        chosen: set[int] = set()
        rng = np.random.default_rng(random_state)
        for number in range(len(self.classes)):
            members = [clip for clip, label in enumerate(self.labels) if label == number]
            chosen.update(rng.permutation(members)[:per_class].tolist())
        return dataclasses.replace(self, clips=tuple(clip for n, clip in enumerate(self.clips) if n in chosen))

    def sample(self, share: float, random_state: int = 0) -> Dataset:
        """Data set of a share of the clips of each class and official fold, two of each class at least."""
        rng = np.random.default_rng(random_state)
        chosen: set[int] = set()
        for number in range(len(self.classes)):
            members = [clip for clip, label in enumerate(self.labels) if label == number]
            drawn: list[int] = []
            parts = {clip: (self.clips[clip].fold, self.clips[clip].split) for clip in members}
            for part in dict.fromkeys(parts.values()):
                of_fold = rng.permutation([clip for clip in members if parts[clip] == part]).tolist()
                drawn += of_fold[: max(round(share * len(of_fold)), 1)]
            rest = [clip for clip in members if clip not in drawn]
            chosen.update(drawn + rest[: max(2 - len(drawn), 0)])
        return dataclasses.replace(self, clips=tuple(clip for n, clip in enumerate(self.clips) if n in chosen))

    def of(self, label: str) -> tuple[Clip, ...]:
        """All clips of one class."""
        return tuple(clip for clip in self.clips if clip.label == label)

    def require_clips(self) -> None:
        """Raise where there is no clip.

        Raises
        ------
        DatasetError
        """
        if not self.clips:
            first = f" {self.problems[0].file}: {self.problems[0].reason}" if self.problems else ""
            raise DatasetError(
                f"{self.name} holds no usable clip; add sound files in one folder per class"
                f" ({len(self.problems)} files or rows could not be used).{first}"
            )

    def require_trainable(self) -> None:
        """Raise unless there are two classes with two clips each at least.

        Raises
        ------
        DatasetError
        """
        self.require_clips()
        if len(self.classes) < 2:
            raise DatasetError(
                f"{self.name} has one class ('{self.classes[0]}'), and a classifier needs at least two;"
                " add a folder of other sounds."
            )
        lonely = [label for label, count in self.counts.items() if count < 2]
        if lonely:
            raise DatasetError(
                f"{_some(lonely)} in {self.name} has a single clip, and one is needed for training and one for"
                " testing; add a clip or leave the class out."
            )


def _some(names: Iterable[str], most: int = 3) -> str:
    listed = [f"'{name}'" for name in names]
    return ", ".join(listed[:most]) + (f" and {len(listed) - most} more" if len(listed) > most else "")
