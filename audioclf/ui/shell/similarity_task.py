"""A data set compared by sound (:mod:`audioclf.similarity.tasks`) in a process of its own, as a task of the pages."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from audioclf.datasets import Dataset
from audioclf.inference.messages import packed, unpacked
from audioclf.jobs import background
from audioclf.ui.shell import tasks


def task(
    key: str,
    title: str,
    function: str,
    dataset: Dataset,
    kind: type[Any],
    *,
    turn: threading.Semaphore | None = None,
    **request: Any,
) -> tasks.Task:
    """The task of this key, even one that failed; begun where there is none.

    A function of :mod:`audioclf.similarity.tasks` is given the data set and ``request``, in its ``turn`` where only one
    of its kind may run; the result is a dataclass of this ``kind``.
    """

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> Any:
        asked = request | {"dataset": packed(dataset)[0]}
        with background.turn(turn, should_stop) if turn is not None else nullcontext():
            return unpacked(
                kind,
                *background.run_task(f"similarity.tasks:{function}", asked, progress=progress, should_stop=should_stop),
            )

    return tasks.find(key) or tasks.start(key, title, work)
