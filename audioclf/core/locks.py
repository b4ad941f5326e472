"""A lock that a file stands for, between all processes that see it; the system takes it back when its holder ends."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import BinaryIO


def try_lock(file: BinaryIO) -> bool:
    """Whether the lock on an open file could be had; it is held until the file is closed or the process ends."""
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


class FileLock:
    """A lock to wait for, or to try for.

    Parameters
    ----------
    path : Path
        File that stands for the lock; made where it is not there, and never deleted.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: BinaryIO | None = None

    def try_acquire(self) -> bool:
        """Take the lock unless somebody, in this process or another, holds it."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        file = self.path.open("ab")
        if not try_lock(file):
            file.close()
            return False
        self._file = file
        return True

    def acquire(self) -> None:
        """Wait for the lock and take it."""
        while not self.try_acquire():
            time.sleep(0.01)

    def release(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def __enter__(self) -> None:
        self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()
