"""Files that are written whole or not at all, and mappings that forget what was used longest ago."""

from __future__ import annotations

import glob
import os
import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO, Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Value = TypeVar("Value")

_ABANDONED = 3600.0


@contextmanager
def atomic(path: Path, *, durable: bool = False) -> Iterator[BinaryIO]:
    """Open a file to write; it replaces the one at ``path`` when the block ends, and disappears when it raises.

    Parameters
    ----------
    path : Path
        In a folder that exists. Whoever reads it sees the old file or the new one; of several writers the last wins.
    durable : bool
        Whether the bytes must be on the disk before the file is in its place, so that it outlives a power cut.

    Raises
    ------
    OSError
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")
    try:
        with part.open("wb") as file:
            yield file
            if durable:
                file.flush()
                os.fsync(file.fileno())
        os.replace(part, path)
        if durable:
            _sweep(path)
    finally:
        part.unlink(missing_ok=True)


def _sweep(path: Path) -> None:
    """Delete what writers of this file left that were killed."""
    for part in path.parent.glob(f".{glob.escape(path.name)}.*.part"):
        with suppress(OSError):
            if part.stat().st_mtime < time.time() - _ABANDONED:
                part.unlink()


def write_atomic(path: Path, data: str | bytes, *, durable: bool = False) -> None:
    """Write a file whole or not at all; see :func:`atomic`.

    Text is UTF-8 with the line ends it has; a file name that is no UTF-8 keeps its bytes."""
    with atomic(path, durable=durable) as file:
        file.write(data.encode("utf-8", "surrogateescape") if isinstance(data, str) else data)


class BoundedCache(Generic[Key, Value]):
    """Mapping that keeps what was used last; safe to share between threads.

    Parameters
    ----------
    most : float
        Total size it may reach. A value that is larger alone is not kept.
    size : callable, optional
        Size of a value; without it every value counts 1.
    """

    def __init__(self, most: float, size: Callable[[Value], float] = lambda _: 1) -> None:
        self._most, self._size = most, size
        self._kept: OrderedDict[Key, Value] = OrderedDict()
        self._total = 0.0
        self._turn = threading.Lock()

    def get(self, key: Key) -> Value | None:
        """The value kept under ``key``, or None."""
        with self._turn:
            if key in self._kept:
                self._kept.move_to_end(key)
            return self._kept.get(key)

    def put(self, key: Key, value: Value) -> None:
        """Keep ``value``, in place of the one that was kept under ``key``."""
        with self._turn:
            if key in self._kept:
                self._total -= self._size(self._kept.pop(key))
            self._kept[key] = value
            self._total += self._size(value)
            while self._total > self._most:
                self._total -= self._size(self._kept.popitem(last=False)[1])

    def clear(self) -> None:
        """Forget everything."""
        with self._turn:
            self._kept.clear()
            self._total = 0.0

    def __len__(self) -> int:
        return len(self._kept)
