"""Long work outside the page: one thread per piece of work, shared by everyone who asks for the same.

A page starts a task, shows its progress from a fragment and may ask it to stop; a refresh,
a second tab or another user finds the same task again by its key.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from audioclf.core.errors import AudioclfError, Stopped

Progress = Callable[[int, int], None]
Work = Callable[[Progress, Callable[[], bool]], Any]

_log = logging.getLogger(__name__)
_tasks: dict[str, Task] = {}
_lock = threading.Lock()
_KEEP = 32


@dataclass(eq=False)
class Task:
    """One piece of work.

    Attributes
    ----------
    key, title : str
        What it is, for the program and for people.
    at : tuple of int
        How much is done, of how much: 0 until that is known. The two are written and read as one.
    result : Any
        What the work returned, once it is finished.
    error : AudioclfError or None
        Why it ended without a result; a bug comes as the neutral sentence with its number in the log.
    """

    key: str
    title: str
    work: Work
    at: tuple[int, int] = (0, 0)
    result: Any = None
    error: AudioclfError | None = None
    started: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _finished: threading.Event = field(default_factory=threading.Event)

    @property
    def finished(self) -> bool:
        """Whether it has ended, one way or the other."""
        return self._finished.is_set()

    def stop(self) -> None:
        """Ask it to end; what it made so far is its own to keep or clear."""
        self._stop.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Block until it has ended."""
        return self._finished.wait(timeout)

    def run(self) -> None:
        """Do the work; called in the task's thread."""
        try:
            self.result = self.work(self._progress, self._stop.is_set)
        except AudioclfError as error:
            self.error = error
        except Exception as error:
            self.error = bug(error, self.title)
        finally:
            self._finished.set()

    def _progress(self, done: int, total: int) -> None:
        self.at = done, total
        if self._stop.is_set():
            raise Stopped(f"{self.title} was stopped.")


def start(key: str, title: str, work: Work) -> Task:
    """The task of this key: the one under way or done without error, or a new one that begins now."""
    with _lock:
        task = _tasks.get(key)
        if task is None or (task.finished and task.error is not None):
            task = _tasks[key] = Task(key, title, work)
            threading.Thread(target=task.run, name=f"audioclf-{key[:40]}", daemon=True).start()
            for old in [k for k, t in _tasks.items() if t.finished][: max(len(_tasks) - _KEEP, 0)]:
                del _tasks[old]
    return task


def find(key: str) -> Task | None:
    """The task of this key, if anyone has started it."""
    return _tasks.get(key)


def all_tasks() -> tuple[Task, ...]:
    """Every task of this process that is not forgotten."""
    return tuple(_tasks.values())


def forget(key: str) -> None:
    """Drop a finished task, so that the next :func:`start` does the work anew."""
    with _lock:
        task = _tasks.get(key)
        if task is not None and task.finished:
            del _tasks[key]


def bug(error: BaseException, where: str) -> AudioclfError:
    """Log what is no user's mistake under a number, and return the sentence that carries the number."""
    import secrets

    number = secrets.token_hex(3)
    _log.error("bug %s in %s", number, where, exc_info=error)
    return AudioclfError(
        f"Something went wrong on our side (number {number}); nothing of yours is lost. Try again, and if it"
        " comes back, give this number to the person who runs the server."
    )
