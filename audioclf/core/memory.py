"""Why a process ended, and whether the system reported that memory ran out."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Final

_CGROUP: Final = Path("/sys/fs/cgroup")
_ALLOCATION_FAILED: Final = (b"std::bad_alloc", b"MemoryError", b"Cannot allocate memory", b"OOM when allocating")
"""What C++, Python, the system and TensorFlow write where an allocation met the bound of a process."""
_TAIL: Final = 16384


def oom_kills() -> int:
    """Processes of this process's control group, and of those below it, that the kernel has killed for their memory.

    0 where the system does not count them.
    """
    try:
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        own = next((line[3:].strip("/") for line in lines if line.startswith("0::")), "")
        found = next(path for path in (_CGROUP / own, _CGROUP) if (path / "memory.events").is_file())
        counts = dict(line.split() for line in (found / "memory.events").read_text(encoding="utf-8").splitlines())
        return int(counts.get("oom_kill", 0))
    except (OSError, ValueError, StopIteration):
        return 0


def log_size(log: Path) -> int:
    """Bytes of a log; 0 where there is none."""
    try:
        return log.stat().st_size
    except OSError:
        return 0


def ended_by(code: int) -> str:
    """How a process ended, by its exit code: the signal that killed it, or the code."""
    number = -code if code < 0 else code - 128 if code > 128 else 0
    try:
        return f"killed by {signal.Signals(number).name}"
    except ValueError:
        return f"exit code {code}"


def ran_out(code: int, kills: int, log: Path, begun: int = 0) -> bool:
    """Whether the system reported that a process ended for lack of memory.

    Parameters
    ----------
    code : int
        Its exit code.
    kills : int
        :func:`oom_kills` when it began.
    log : Path
        What it printed, where an allocation that failed at the process's own bound is named.
    begun : int
        :func:`log_size` when it began; what stands before is of an earlier process.
    """
    if code in (-9, 137):
        return oom_kills() > kills
    try:
        with log.open("rb") as file:
            end = file.seek(0, os.SEEK_END)
            file.seek(max(begun, end - _TAIL))
            printed = file.read(_TAIL)
    except OSError:
        return False
    return code != 0 and any(words in printed for words in _ALLOCATION_FAILED)
