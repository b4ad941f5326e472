"""The files of a data set by the names their owner gave them, wherever their bytes lie.

A folder, an unpacked archive and an uploaded folder look the same from here, so that every reader reads them all.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from audioclf.audio.io import AudioInfo
from audioclf.audio.sources import readable
from audioclf.core.errors import DatasetError
from audioclf.datasets import naming
from audioclf.datasets.base import Clip, Problem, Progress, ShouldStop, stop_if
from audioclf.datasets.ingest.file_index import FileIndex

T = TypeVar("T")

SOUNDS = frozenset(
    f".{suffix}"
    for suffix in (
        *("wav", "wave", "w64", "rf64", "flac", "aif", "aiff", "aifc", "au", "snd", "caf"),
        *("ogg", "oga", "opus", "spx", "mp2", "mp3", "mpga", "m4a", "m4b", "aac", "mp4", "3gp", "3ga", "3g2", "webm"),
        *("mka", "mkv", "mov", "ts", "ac3", "ape", "wv", "wma", "amr", "awb", "sph", "nist"),
    )
)
"""Suffixes that promise a sound: such a file is in the data set, or in its list of problems."""

OTHERS = frozenset(
    f".{suffix}"
    for suffix in (
        *("txt", "md", "rst", "csv", "tsv", "json", "yaml", "yml", "toml", "xml", "html", "htm", "pdf", "ini", "log"),
        *("png", "jpg", "jpeg", "gif", "svg", "bmp", "webp", "mid", "midi", "lab", "asd", "sfk", "reapeaks", "aup3"),
        *("py", "ipynb", "npy", "npz", "h5", "pkl", "zip", "gz", "tar", "doc", "docx", "xls", "xlsx", "db"),
    )
)
"""Suffixes that are passed over unseen; a file with any other one is a clip if it turns out to be a sound."""

PLAINLY_ELSE = "Leave it out."
"""What is advised for a file that is plainly no sound."""

MOST_FILES = 500_000
"""More files in one folder than this are a mistyped path rather than a data set."""


@dataclass(frozen=True)
class Entry:
    """One file: its path inside the tree, parts separated by "/", and where its bytes are."""

    name: str
    path: Path

    @property
    def folders(self) -> tuple[str, ...]:
        """The folders it lies in, outermost first."""
        return tuple(self.name.split("/")[:-1])

    @property
    def stem(self) -> str:
        """File name without its suffix."""
        return self._split[0]

    @property
    def suffix(self) -> str:
        """Suffix in small letters, with its dot."""
        return self._split[1].lower()

    @property
    def _split(self) -> tuple[str, str]:
        last = self.name.rsplit("/", 1)[-1]
        dot = last.rfind(".")
        return (last[:dot], last[dot:]) if dot > 0 else (last, "")

    @property
    def promises_sound(self) -> bool:
        """Whether the suffix is one of a sound format."""
        return self.suffix in SOUNDS

    @property
    def may_be_sound(self) -> bool:
        """Whether it is worth a look: no suffix of another kind of file."""
        return self.suffix not in OTHERS


@dataclass(frozen=True)
class Tree:
    """Files with the names their owner gave them, in natural order.

    Attributes
    ----------
    name : str
        Name for people.
    path : Path
        What :func:`audioclf.load_dataset` was given.
    entries : tuple of Entry
        Hidden files are not among them.
    problems : tuple of Problem
        What was refused on the way in (members of an archive).
    root : Path or None
        The folder on disk that names begin in, where :meth:`find` may look for files that are not listed.
    pointed : str
        Name of the entry that was pointed at, where it was a file and not the whole tree; the files around it are not
        listed then.
    """

    name: str
    path: Path
    entries: tuple[Entry, ...]
    problems: tuple[Problem, ...] = ()
    root: Path | None = None
    pointed: str = ""

    @cached_property
    def _memo(self) -> dict[str, Any]:
        return {}

    def once(self, what: str, find: Callable[[], T]) -> T:
        """What is found out about these files, looked for once."""
        if what not in self._memo:
            self._memo[what] = find()
        found: T = self._memo[what]
        return found

    @cached_property
    def by_name(self) -> dict[str, Entry]:
        """Every entry by its name."""
        return {entry.name: entry for entry in self.entries}

    def find(self, name: str) -> Entry | None:
        """The entry of a name, which must not lead out of the tree; None where there is none."""
        found = self.by_name.get(name)
        if found is None and self.root is not None and inside(name):
            path = self._folders.file(name)
            if path is not None:
                return Entry(name, path)
        return found

    @cached_property
    def _folders(self) -> _Folders:
        assert self.root is not None
        return _Folders(self.root)

    def below(self, folder: str) -> Tree:
        """The part in one folder, with names that begin there."""
        head = f"{folder}/"
        return replace(
            self,
            root=self._disk_folder(folder) if self.root else None,
            entries=tuple(
                Entry(entry.name[len(head) :], entry.path) for entry in self.entries if entry.name.startswith(head)
            ),
        )

    def _disk_folder(self, folder: str) -> Path:
        """The folder on disk, whose own name may be no text."""
        head = f"{folder}/"
        for entry in self.entries:
            if entry.name.startswith(head):
                return entry.path.parents[entry.name.count("/", len(head))]
        assert self.root is not None
        return self.root / folder

    def unwrapped(self, stays: Callable[[Entry], bool] = lambda entry: entry.promises_sound) -> Tree:
        """Without folders that hold nothing but one folder; an entry at the top that ``stays`` ends the unwrapping."""
        tree = self
        while True:
            tops = {entry.folders[0] for entry in tree.entries if entry.folders}
            if len(tops) != 1 or any(stays(entry) for entry in tree.entries if not entry.folders):
                return tree
            inner = tree.below(next(iter(tops)))
            if not any(entry.folders for entry in inner.entries) and not any(
                stays(entry) and not entry.promises_sound for entry in inner.entries
            ):
                return tree
            tree = inner


class _Folders:
    """Whether files are there, for tables that name ten thousands of them: a folder asked for often is listed once.

    What a link in such a folder leads to is left to whoever opens it.
    """

    _OFTEN = 64

    def __init__(self, root: Path) -> None:
        self._root = os.fspath(root)
        self._asked: Counter[str] = Counter()
        self._listed: dict[str, frozenset[str]] = {}

    def file(self, name: str) -> Path | None:
        """Path of a file below the root; None where there is none."""
        folder, _, last = name.rpartition("/")
        self._asked[folder] += 1
        path = f"{self._root}/{name}"
        if self._asked[folder] > self._OFTEN and folder not in self._listed:
            self._listed[folder] = _files(f"{self._root}/{folder}")
        # a file system may know a file by another spelling of its name
        there = last in self._listed.get(folder, ()) or os.path.isfile(path)
        return Path(path) if there else None


def _files(folder: str) -> frozenset[str]:
    try:
        with os.scandir(folder) as found:
            return frozenset(item.name for item in found if not item.is_dir(follow_symlinks=False))
    except OSError:
        return frozenset()


def inside(name: str) -> bool:
    """Whether a name stays inside the tree: no absolute path, no drive, no step upwards."""
    parts = name.replace("\\", "/").split("/")
    return ".." not in parts and "\0" not in name and parts[0] != "" and not parts[0].endswith(":")


@dataclass(frozen=True)
class Row:
    """A future clip: a file with what is known about it."""

    entry: Entry
    label: str
    start: float = 0.0
    duration: float | None = None
    group: str | None = None
    fold: int | None = None
    split: str = ""


def folder_tree(path: Path, *, should_stop: ShouldStop | None = None) -> Tree:
    """The tree of a folder on disk.

    Links are followed, loops of links are not.

    Raises
    ------
    DatasetError
        When there are more than :data:`MOST_FILES` files.
    """
    entries: list[Entry] = []
    for entry in _walk(path, "", frozenset()):
        entries.append(entry)
        if len(entries) % 1000 == 0:
            stop_if(should_stop, "Looking for files was stopped.")
        if len(entries) > MOST_FILES:
            raise DatasetError(
                f"'{path.name}' holds more than {MOST_FILES:,} files; point at the folder of the sounds."
            )
    return Tree(readable(path.name or str(path)), path, tuple(entries), root=path)


def file_tree(path: Path) -> Tree:
    """The tree of the folder around one file that was pointed at; only that file is listed."""
    name = readable(path.name)
    return Tree(readable(path.stem), path, (Entry(name, path),), root=path.parent, pointed=name)


def clips(
    rows: Sequence[Row], *, progress: Progress | None = None, should_stop: ShouldStop | None = None
) -> tuple[list[Clip], list[Problem]]:
    """Clips of the rows whose files are sounds, and problems for the others.

    A file whose suffix promises no sound is passed over where its content is plainly something else, such as a text or
    a picture. A stretch that lies outside its file is a problem.
    """
    found = FileIndex().lookup([row.entry.path for row in rows], progress=progress, should_stop=should_stop)
    good: list[Clip] = []
    bad: list[Problem] = []
    for row, fact in zip(rows, found, strict=True):
        if isinstance(fact, Problem):
            if row.entry.promises_sound or fact.remedy != PLAINLY_ELSE:
                bad.append(replace(fact, file=row.entry.name))
        elif row.start >= fact.seconds:
            bad.append(
                Problem(
                    row.entry.name,
                    f"The clip starts at {row.start:g} s, and the file ends at {fact.seconds:g} s.",
                    "Correct the start, or check that start and end are in seconds.",
                )
            )
        else:
            good.append(_clip(row, fact))
    return good, bad


def _clip(row: Row, info: AudioInfo) -> Clip:
    path, name = row.entry.path, row.entry.name
    file = "" if os.fspath(path).replace(os.sep, "/").endswith(f"/{name}") else name
    return Clip(path, row.label, info, row.start, row.duration, row.group, row.fold, file, row.split)


def _walk(folder: Path, head: str, above: frozenset[str]) -> Iterator[Entry]:
    real = os.path.realpath(folder)
    if real in above:
        return
    try:
        with os.scandir(folder) as found:
            items = sorted(found, key=lambda item: naming.natural(item.name))
    except OSError:
        return
    for item in items:
        if item.name.startswith((".", "__MACOSX")) or item.name == "Thumbs.db":
            continue
        try:
            is_folder = item.is_dir()
        except OSError:
            is_folder = False
        if is_folder:
            yield from _walk(Path(item.path), f"{head}{readable(item.name)}/", above | {real})
        else:
            yield Entry(head + readable(item.name), Path(item.path))
