"""Files that came from outside, kept under names that are made here.

A stored folder holds numbered files and ``stored.json``, which says what their owner called them. It appears whole
under its final name or not at all: an interrupted upload and a full disk leave nothing behind.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from audioclf.audio.sources import readable
from audioclf.core import workspaces
from audioclf.core.documents import read_json
from audioclf.core.errors import DatasetError
from audioclf.datasets import naming, segmentation
from audioclf.datasets.base import Problem, Progress, ShouldStop, stop_if
from audioclf.datasets.ingest import split_lists
from audioclf.datasets.ingest.file_tree import OTHERS, SOUNDS, Entry, Tree

INDEX = "stored.json"
WAITING = "waiting"
"""A file of this name in a stored folder says that nobody has loaded it yet."""

MOST_BYTES = 2 * 2**30
"""Largest single file that is kept."""

ARCHIVES = frozenset(f".{suffix}" for suffix in ("zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar", "zst"))
TABLES = frozenset((".csv", ".tsv"))
TRACKS = frozenset((".txt",))

_STORED = re.compile(r"\d{6}\.[a-z0-9]{1,5}")
_CHUNK = 2**20
_ROOM = 16 * _CHUNK
"""Room is asked for in pieces of this many bytes."""

_DAY = 86400.0


def set_waiting(folder: Path) -> None:
    """Note that a stored folder was just brought in and may never be loaded; it is swept away a day later then."""
    with contextlib.suppress(OSError):
        (folder / WAITING).touch()


def is_waiting(folder: Path) -> bool:
    """Whether a stored folder was brought in and never loaded."""
    return (folder / WAITING).is_file()


def kept_until(folder: Path) -> float | None:
    """Unix time after which a stored folder that is never loaded may be deleted; None where it is to stay."""
    try:
        return (folder / WAITING).stat().st_mtime + _DAY
    except OSError:
        return None


def settle(folder: Path) -> None:
    """Note that a stored folder is in use, and is to stay."""
    with contextlib.suppress(OSError):
        (folder / WAITING).unlink(missing_ok=True)


def discard(folder: Path) -> None:
    """Delete a stored folder, if nobody has loaded it yet."""
    if is_waiting(folder) and is_stored(folder):
        shutil.rmtree(folder, ignore_errors=True)


class TooLargeError(Exception):
    """More bytes came than there is room for in one file; the text is a sentence."""


class Keeper:
    """Takes files one by one into a stored folder that appears when :meth:`finish` is called.

    It goes into the folder ``parent``, whose workspace's quota is kept to; ``name`` is for people.
    """

    def __init__(self, parent: Path, name: str, *, should_stop: ShouldStop | None = None) -> None:
        self.parent = parent
        self.name = name
        self.problems: list[Problem] = []
        self._should_stop = should_stop
        self._files: list[tuple[str, str]] = []
        self._names: set[str] = set()
        self._promised = 0
        self._part = parent / f".{secrets.token_hex(8)}.part"

    def __enter__(self) -> Self:
        with _disk(self.parent):
            self.parent.mkdir(parents=True, exist_ok=True)
            _sweep(self.parent)
            self._part.mkdir()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        shutil.rmtree(self._part, ignore_errors=True)

    def refuse(self, name: str, reason: str, remedy: str) -> None:
        """Note a file that is not kept."""
        self.problems.append(Problem(readable(name), reason, remedy))

    def wants(self, name: str) -> str | None:
        """The cleaned name of a file that is to be kept; None for one that is refused or passed over.

        Hidden files and files that are neither sounds nor tables are passed over (texts are looked at, since a label
        track is one); a name that leads outside, a second file of one name and an archive are refused.
        """
        name = readable(name)
        clean = "/".join(part for part in name.replace("\\", "/").split("/") if part not in ("", "."))
        parts = clean.split("/")
        suffix = Entry(clean, self._part).suffix
        if not clean:
            self.refuse(name, "It has no name.", "Give it a name and pack again.")
        elif ".." in parts or name.replace("\\", "/").startswith("/") or re.match(r"[A-Za-z]:", name):
            self.refuse(
                name, "Its name leads outside the data set.", "Pack again from inside the folder, with plain names."
            )
        elif any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1] == "Thumbs.db":
            pass
        elif suffix in ARCHIVES:
            self.refuse(name, "It is an archive inside the data set.", "Unpack it, and pack again without it.")
        elif suffix in OTHERS and suffix not in TABLES | TRACKS:
            pass
        elif clean in self._names:
            self.refuse(name, "A file of this name is there already.", "Rename one of the two.")
        else:
            return clean
        return None

    def add(self, name: str, source: BinaryIO, *, at_most: int = MOST_BYTES) -> int:
        """Keep a file under a cleaned name that :meth:`wants` gave; returns its size in bytes.

        A text that is no label track and no list of sounds is passed over.

        Raises
        ------
        TooLargeError
            When more than ``at_most`` bytes come; nothing of the file is kept then.
        WorkspaceError, DatasetError
            When there is no room.
        Stopped
        """
        suffix = Entry(name, self._part).suffix
        if suffix in TRACKS:
            text = source.read(min(split_lists.LARGEST, at_most))
            is_track = len(text) <= segmentation.LARGEST_TRACK and segmentation.holds_labels(text)
            if source.read(1) or not (is_track or split_lists.names_sounds(text)):
                return len(text)
            source = io.BytesIO(text)
        stored = f"{len(self._files):06d}{suffix if suffix in SOUNDS | TABLES | TRACKS else '.bin'}"
        path = self._part / stored
        size = 0
        with _disk(self.parent):
            target = path.open("xb")
        try:
            # Reading is outside: damage in the source is the caller's to name.
            while chunk := source.read(_CHUNK):
                size += len(chunk)
                if size > at_most:
                    raise TooLargeError(f"It is larger than the {at_most / 1e6:,.0f} MB there is room for.")
                self._promise(len(chunk))
                with _disk(self.parent):
                    target.write(chunk)
                stop_if(self._should_stop, "Storing the files was stopped; nothing of them was kept.")
            with _disk(self.parent):
                target.close()
        except BaseException:
            with contextlib.suppress(OSError):
                target.close()
            path.unlink(missing_ok=True)
            raise
        self._names.add(name)
        self._files.append((stored, name))
        return size

    def finish(self, identity: str = "") -> Path:
        """Let the folder appear; returns its path.

        Its name is ``identity``, made from the content, so that a folder of that name is kept; or else a random one.
        """
        target = self.parent / (identity or secrets.token_hex(8))
        text = json.dumps(
            {
                "version": 1,
                "name": self.name,
                "files": self._files,
                "problems": [asdict(problem) for problem in self.problems],
            },
            ensure_ascii=True,
        )
        with _disk(self.parent):
            (self._part / INDEX).write_text(text, encoding="utf-8")
            if target.exists() and not is_stored(target):
                shutil.rmtree(target)
            try:
                os.replace(self._part, target)
            except OSError:
                # Another process was faster with the same content.
                if not is_stored(target):
                    raise
        return target

    def _promise(self, size: int) -> None:
        self._promised -= size
        if self._promised < 0:
            workspaces.require_space(_ROOM, self.parent)
            self._promised += _ROOM


def keep(
    files: Iterable[tuple[str, BinaryIO]],
    parent: Path,
    name: str,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
) -> Path:
    """Store files with the names their owner gave them, such as an uploaded folder's ("/" separates folders).

    Returns the stored folder inside ``parent``, which :func:`audioclf.load_dataset` takes.
    """
    waiting = list(files)
    with Keeper(parent, name, should_stop=should_stop) as keeper:
        for number, (file_name, source) in enumerate(waiting, start=1):
            wanted = keeper.wants(file_name)
            if wanted is not None:
                try:
                    keeper.add(wanted, source)
                except TooLargeError as error:
                    keeper.refuse(file_name, str(error), "Cut it into shorter files.")
            if progress is not None:
                progress(number, len(waiting))
        return keeper.finish()


def is_stored(folder: Path) -> bool:
    """Whether a folder was made here."""
    return (folder / INDEX).is_file()


def stored_tree(folder: Path) -> Tree:
    """The tree of a stored folder, with the names its owner gave.

    Raises
    ------
    DatasetError
        When ``stored.json`` cannot be read.
    """
    try:
        known = read_json(folder / INDEX)
        files = [(str(stored), str(name)) for stored, name in known["files"] if _STORED.fullmatch(str(stored))]
        files.sort(key=lambda file: [naming.natural(part) for part in file[1].split("/")])
        entries = tuple(Entry(name, folder / stored) for stored, name in files)
        problems = tuple(Problem(**{key: str(value) for key, value in row.items()}) for row in known["problems"])
        return Tree(str(known["name"]), folder, entries, problems)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DatasetError(
            f"The stored data set {folder.name} is damaged ({error}); add its files or archive again."
        ) from None


@contextlib.contextmanager
def _disk(parent: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DatasetError(
                f"The disk of {parent} is full; nothing was kept. Delete what is no longer needed and try again."
            ) from None
        raise DatasetError(
            f"The data set cannot be stored in {parent} ({error.strerror or error}); check its permissions, or set"
            " AUDIOCLF_HOME to another folder."
        ) from None


def _sweep(parent: Path) -> None:
    """Remove what a killed process left behind, and what was brought in and never loaded, a day ago or longer."""
    for left in (*parent.glob(".*.part"), *parent.glob(f"*/{WAITING}")):
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > _DAY:
                if left.name == WAITING:
                    discard(left.parent)
                else:
                    shutil.rmtree(left, ignore_errors=True)
