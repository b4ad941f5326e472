"""A folder per class: the way most people keep labelled sounds."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from audioclf.audio import AudioInfo
from audioclf.datasets import naming
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.index import FileIndex
from audioclf.datasets.source import Reader
from audioclf.errors import DatasetError

SOUNDS = frozenset(
    f".{suffix}"
    for suffix in (
        *("wav", "wave", "w64", "rf64", "flac", "aif", "aiff", "aifc", "au", "snd", "caf"),
        *("ogg", "oga", "opus", "mp3", "m4a", "aac", "mp4", "webm"),
    )
)
"""Suffixes that promise a sound: such a file is in the data set, or in its list of problems."""

OTHERS = frozenset(
    f".{suffix}"
    for suffix in (
        *("txt", "md", "rst", "csv", "tsv", "json", "yaml", "yml", "toml", "xml", "html", "htm", "pdf", "ini", "log"),
        *("png", "jpg", "jpeg", "gif", "svg", "bmp", "webp", "mid", "midi", "lab", "asd", "sfk", "reapeaks"),
        *("py", "ipynb", "npy", "npz", "h5", "pkl", "zip", "gz", "tar", "doc", "docx", "xls", "xlsx", "db"),
    )
)
"""Suffixes that are passed over unseen; a file with any other one is a clip if it turns out to be a sound."""


@dataclass(frozen=True)
class FolderReader(Reader):
    """A folder per class, with sounds in it or in folders below it.

    A leading number is taken off class names when all of them carry one. Names as ESC, FSDD, AudioMNIST and Speech
    Commands give them set ``group`` and ``fold``.
    """

    kind = "folder"
    title = "A folder per class"
    order: ClassVar[int] = 50
    description = "Every folder is a class, and the sounds in it (or in folders below it) are its clips."

    @classmethod
    def suits(cls, path: Path) -> bool:
        return path.is_dir()

    def read(self, path: Path, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        root = _root(path)
        folders, loose = class_folders(root)
        if not folders and not any(file.suffix.lower() in SOUNDS for file in loose):
            raise DatasetError(
                f"'{path.name}' holds no folder with sounds, a folder per class was expected;"
                " put the sounds of every class into a folder named after it."
            )
        labels = naming.without_numbers([folder.name for folder in folders])
        files = [(file, label) for folder, label in zip(folders, labels, strict=True) for file in sounds(folder)]
        found = FileIndex().lookup([file for file, _ in files], progress=progress, should_stop=should_stop)
        clips, problems = [], [_loose(file) for file in loose if file.suffix.lower() in SOUNDS]
        for (file, label), fact in zip(files, found, strict=True):
            if isinstance(fact, AudioInfo):
                clips.append(Clip(file, label, fact))
            elif file.suffix.lower() in SOUNDS:
                problems.append(replace(fact, file=file.relative_to(root).as_posix()))
        return Dataset(
            name=path.name or str(path), clips=tuple(with_scheme(clips)), problems=tuple(problems), source=str(path)
        )


def class_folders(root: Path) -> tuple[list[Path], list[Path]]:
    """Folders that hold a sound, and the files that lie beside them, both in natural order."""
    folders, loose = [], []
    for entry in _entries(root):
        if not entry.is_dir():
            loose.append(entry)
        elif next(sounds(entry), None) is not None:
            folders.append(entry)
    return folders, loose


def sounds(folder: Path, *, seen: frozenset[str] = frozenset()) -> Iterator[Path]:
    """Files at any depth that are, or may be, sounds; hidden ones and known other kinds are passed over."""
    real = os.path.realpath(folder)
    if real in seen:
        return
    for entry in _entries(folder):
        if entry.is_dir():
            yield from sounds(entry, seen=seen | {real})
        elif entry.suffix.lower() not in OTHERS:
            yield entry


def with_scheme(clips: Sequence[Clip]) -> list[Clip]:
    """Clips with group and fold read from their names, where all of them follow one known scheme."""
    scheme = naming.recognise([clip.path.stem for clip in clips])
    if scheme is None:
        return list(clips)
    told = [naming.read(scheme, clip.path.stem) for clip in clips]
    return [replace(clip, group=named.group, fold=named.fold) for clip, named in zip(clips, told, strict=True)]


def _entries(folder: Path) -> list[Path]:
    try:
        names = [name for name in os.listdir(folder) if not name.startswith((".", "__MACOSX")) and name != "Thumbs.db"]
    except OSError:
        return []
    return [folder / name for name in sorted(names, key=naming.natural)]


def _root(path: Path) -> Path:
    """Where the class folders are: a folder that holds nothing but one folder of folders is a wrapping."""
    for _ in range(4):
        entries = _entries(path)
        inner = [entry for entry in entries if entry.is_dir()]
        loose = [entry for entry in entries if not entry.is_dir()]
        if len(inner) != 1 or any(file.suffix.lower() in SOUNDS for file in loose):
            return path
        below = _entries(inner[0])
        if any(not entry.is_dir() and entry.suffix.lower() not in OTHERS for entry in below):
            return path
        if not any(entry.is_dir() for entry in below):
            return path
        path = inner[0]
    return path


def _loose(file: Path) -> Problem:
    return Problem(
        file.name, "It lies beside the class folders, so it has no class.", "Move it into the folder of its class."
    )
