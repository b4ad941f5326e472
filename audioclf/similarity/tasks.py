"""The tasks that a process of its own does on a data set; see :mod:`audioclf.jobs.background`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from audioclf.datasets.splits import PROTOCOLS
from audioclf.inference.model_server import Arrays
from audioclf.similarity import choice, transfer

Progress = Callable[[int, int], None]
Task = Callable[[dict[str, Any], Progress], tuple[dict[str, Any], Arrays]]


def _choose(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    dataset = transfer.unpacked(request["dataset"])
    split = PROTOCOLS.make(request["split"])
    found = choice.choose(dataset, split, n_jobs=int(request.get("n_jobs", -1)), progress=progress)
    return found.to_dict(), {}


TASKS: dict[str, Task] = {"choose": _choose}
"""Every task by its name: plain values and what is called with its progress -> plain values and arrays."""
