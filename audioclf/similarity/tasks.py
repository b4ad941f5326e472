"""Tasks on a data set for a process of their own; see :func:`audioclf.jobs.background.run_task`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audioclf.datasets.splits import PROTOCOLS
from audioclf.inference.messages import Arrays
from audioclf.similarity import atlas, choice, learning_curve, review, transfer

Progress = Callable[[int, int], None]


def choose_embedding(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    """The embedding that suits a data set best: :func:`audioclf.similarity.choice.choose`."""
    dataset = transfer.unpacked(request["dataset"])
    split = PROTOCOLS.make(request["split"])
    found = choice.choose(dataset, split, n_jobs=int(request.get("n_jobs", -1)), progress=progress)
    return found.to_dict(), {}


def make_atlas(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    """The map of a data set: :func:`audioclf.similarity.atlas.make`."""
    dataset = transfer.unpacked(request["dataset"])
    run = Path(request["run"]) if request.get("run") else None
    n_jobs = int(request.get("n_jobs", -1))
    found = atlas.make(dataset.clips, request["space"], request["method"], run=run, n_jobs=n_jobs, progress=progress)
    return {}, {"places": found.places, "near": found.near, "similarity": found.similarity}


def review_labels(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    """Labels that are likely wrong: :func:`audioclf.similarity.review.review`."""
    dataset = transfer.unpacked(request["dataset"])
    n_jobs = int(request.get("n_jobs", -1))
    return review.review(dataset, request["space"], n_jobs=n_jobs, progress=progress).to_dict(), {}


def make_curve(request: dict[str, Any], progress: Progress) -> tuple[dict[str, Any], Arrays]:
    """Accuracy over clips a class: :func:`audioclf.similarity.learning_curve.learning_curve`."""
    dataset = transfer.unpacked(request["dataset"])
    split = PROTOCOLS.make(request["split"])
    n_jobs = int(request.get("n_jobs", -1))
    found = learning_curve.learning_curve(dataset, split, request["ways"], n_jobs=n_jobs, progress=progress)
    return found.to_dict(), {}
