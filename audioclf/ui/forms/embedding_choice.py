"""Which embedding is suggested for the chosen data: found in the background, from training clips alone."""

from __future__ import annotations

import threading

from audioclf.datasets import Dataset
from audioclf.datasets.splits import Protocol
from audioclf.embeddings import EMBEDDINGS
from audioclf.similarity.choice import MOST_CLIPS, Candidate, Choice
from audioclf.ui.shell import similarity_task, tasks
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
    return similarity_task.task(
        _key(dataset),
        "Comparing embeddings",
        "choose_embedding",
        dataset,
        Choice,
        turn=_turn,
        split=split.to_dict(),
    )


def _key(dataset: Dataset) -> str:
    return f"choose {dataset.fingerprint}"
