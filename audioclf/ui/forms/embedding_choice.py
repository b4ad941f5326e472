"""Which embedding is suggested for the chosen data: found in the background, from training clips alone."""

from __future__ import annotations

import threading
from collections.abc import Callable

from audioclf.datasets import Dataset
from audioclf.datasets.splits import Protocol
from audioclf.embeddings import EMBEDDINGS
from audioclf.inference.messages import packed, unpacked
from audioclf.jobs import background
from audioclf.similarity.choice import MOST_CLIPS, Candidate, Choice
from audioclf.ui.shell import tasks
from audioclf.ui.shell.tasks import Task

FIRST = "yamnet"
"""What is suggested before any comparison: it knows sounds of every kind."""

_turn = threading.Semaphore(1)
"""One comparison at a time, however many people open the page."""


def fits(dataset: Dataset) -> bool:
    """Whether the data set is of a size for which an embedding is suggested."""
    return 0 < len(dataset) <= MOST_CLIPS


def missing() -> tuple[str, ...]:
    """Embeddings whose weights are not on this computer."""
    return tuple(kind for kind, model in EMBEDDINGS.items() if not model().at_hand)


def suggested(dataset: Dataset) -> Candidate | None:
    """The embedding to suggest now: the one that was found to suit, or the first; None where none is."""
    if not fits(dataset) or missing():
        return None
    choice = found(dataset)
    return Candidate(FIRST) if choice is None else choice.best


def found(dataset: Dataset) -> Choice | None:
    """What the comparison came to, where it has ended."""
    task = tasks.find(_key(dataset))
    result: Choice | None = task.result if task is not None and task.finished else None
    return result


def task(dataset: Dataset, split: Protocol) -> Task:
    """Task whose result is the :class:`~audioclf.similarity.choice.Choice`; begun where there is none."""
    key = _key(dataset)
    return tasks.find(key) or tasks.start(
        key, "Comparing embeddings", lambda progress, should_stop: _choose(dataset, split, progress, should_stop)
    )


def _key(dataset: Dataset) -> str:
    return f"choose {dataset.fingerprint}"


def _choose(dataset: Dataset, split: Protocol, progress: tasks.Progress, should_stop: Callable[[], bool]) -> Choice:
    request = {
        "dataset": packed(dataset)[0],
        "split": split.to_dict(),
    }
    with background.turn(_turn, should_stop):
        values, _ = background.run_task(
            "similarity.tasks:choose_embedding", request, progress=progress, should_stop=should_stop
        )
    return unpacked(Choice, values)
