"""Tasks on a data set for a process of their own; see :func:`audioclf.jobs.background.run_task`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from audioclf.core import workspaces
from audioclf.datasets import Dataset
from audioclf.datasets.splits import PROTOCOLS
from audioclf.inference.messages import Frame, packed, unpacked
from audioclf.similarity import atlas, choice, learning_curve, review

Progress = Callable[[int, int], None]


def choose_embedding(request: dict[str, Any], progress: Progress) -> Frame:
    """The embedding that suits a data set best: :func:`audioclf.similarity.choice.choose`."""
    split = PROTOCOLS.make(request["split"])
    return packed(choice.choose(_dataset(request), split, n_jobs=_n_jobs(), progress=progress))


def make_atlas(request: dict[str, Any], progress: Progress) -> Frame:
    """The map of a data set: :func:`audioclf.similarity.atlas.make`."""
    run = Path(request["run"]) if request.get("run") else None
    about = request["space"], request["method"]
    return packed(atlas.make(_dataset(request).clips, *about, run=run, n_jobs=_n_jobs(), progress=progress))


def review_labels(request: dict[str, Any], progress: Progress) -> Frame:
    """Labels that are likely wrong: :func:`audioclf.similarity.review.review`."""
    return packed(review.review(_dataset(request), request["space"], n_jobs=_n_jobs(), progress=progress))


def make_curve(request: dict[str, Any], progress: Progress) -> Frame:
    """Accuracy over clips a class: :func:`audioclf.similarity.learning_curve.learning_curve`."""
    split, ways = PROTOCOLS.make(request["split"]), request["ways"]
    return packed(learning_curve.learning_curve(_dataset(request), split, ways, n_jobs=_n_jobs(), progress=progress))


def _dataset(request: dict[str, Any]) -> Dataset:
    return unpacked(Dataset, request["dataset"])


def _n_jobs() -> int:
    """Processes that compute features: one where others work on the same computer."""
    return 1 if workspaces.shared() else -1
