"""The tasks that a process of its own does on a data set; see :mod:`audioclf.jobs.background`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audioclf.datasets.splits import PROTOCOLS
from audioclf.inference.messages import Arrays
from audioclf.similarity import atlas, choice, learning_curve, review, transfer

Progress = Callable[[int, int], None]
Task = Callable[[dict[str, Any], Progress], tuple[dict[str, Any], Arrays]]


def _choose(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    dataset = transfer.unpacked(request["dataset"])
    split = PROTOCOLS.make(request["split"])
    found = choice.choose(dataset, split, n_jobs=int(request.get("n_jobs", -1)), progress=progress)
    return found.to_dict(), {}


def _atlas(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    dataset = transfer.unpacked(request["dataset"])
    run = Path(request["run"]) if request.get("run") else None
    n_jobs = int(request.get("n_jobs", -1))
    found = atlas.make(dataset.clips, request["space"], request["method"], run=run, n_jobs=n_jobs, progress=progress)
    return {}, {"places": found.places, "near": found.near, "similarity": found.similarity}


def _review(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    dataset = transfer.unpacked(request["dataset"])
    n_jobs = int(request.get("n_jobs", -1))
    return review.review(dataset, request["space"], n_jobs=n_jobs, progress=progress).to_dict(), {}


def _curve(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    dataset = transfer.unpacked(request["dataset"])
    split = PROTOCOLS.make(request["split"])
    n_jobs = int(request.get("n_jobs", -1))
    found = learning_curve.learning_curve(dataset, split, request["ways"], n_jobs=n_jobs, progress=progress)
    return found.to_dict(), {}


TASKS: dict[str, Task] = {"choose": _choose, "atlas": _atlas, "review": _review, "curve": _curve}
"""Every task by its name: plain values and what is called with its progress -> plain values and arrays."""
