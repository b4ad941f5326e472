"""Work that is no run, in a process of its own: it reports progress, can be stopped, and ends.

``python -m audioclf.jobs.worker --task`` reads one request from standard input and writes frames (see
:mod:`audioclf.inference.messages`): how far it is, and at last what it found.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, BinaryIO, Final

from audioclf.core import forkserver
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.inference.messages import Frame, read_frame, write_frame

Progress = Callable[[int, int], None]

_GLANCE: Final = 0.1
_EVERY: Final = 0.2


@contextlib.contextmanager
def turn(place: threading.Semaphore, should_stop: Callable[[], bool]) -> Iterator[None]:
    """Wait for one's turn where only so many tasks may run at a time.

    Raises
    ------
    Stopped
        When asked to stop while waiting.
    """
    while not place.acquire(timeout=_EVERY):
        if should_stop():
            raise Stopped("Stopped, as asked.")
    try:
        yield
    finally:
        place.release()


def run_task(
    task: str,
    request: Mapping[str, Any],
    *,
    progress: Progress | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> Frame:
    """Do one task in a new process.

    Parameters
    ----------
    task : str
        ``"module:function"`` below audioclf: given the request and its progress, it returns plain values and arrays.
    request : mapping
        What JSON can hold.
    progress : callable, optional
        Called with how many of how many clips, or steps, are done.
    should_stop : callable, optional
        Asked ten times a second; the process is ended where it returns True.

    Returns
    -------
    dict, dict of np.ndarray

    Raises
    ------
    AudioclfError
        What the task refused in words, or that its process died.
    Stopped
    """
    process = forkserver.start(
        "audioclf.jobs.worker",
        "--task",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONUNBUFFERED": "1"},
    )
    assert process.stdin is not None
    assert process.stdout is not None
    frames: queue.Queue[Frame | None] = queue.Queue()
    listener = threading.Thread(target=_listen, args=(process.stdout, frames), daemon=True)
    listener.start()
    try:
        try:
            write_frame(process.stdin, {"task": task, **request}, {})  # type: ignore[arg-type]
        except OSError:
            return _died()
        while True:
            if should_stop is not None and should_stop():
                raise Stopped("Stopped, as asked.")
            try:
                frame = frames.get(timeout=_GLANCE)
            except queue.Empty:
                continue
            if frame is None:
                return _died()
            values, arrays = frame
            if "done" in values:
                if progress is not None:
                    progress(values["done"], values["total"])
            elif "error" in values:
                raise AudioclfError(values["error"])
            elif "fault" in values:
                raise RuntimeError(values["fault"])
            else:
                return values, arrays
    finally:
        process.kill()
        process.wait()
        listener.join()
        process.stdin.close()
        process.stdout.close()


def _died() -> Frame:
    raise AudioclfError(
        "The process that did this ended while it worked; try again, and if memory is short, take fewer clips."
    )


def _listen(stream: BinaryIO, frames: queue.Queue[Frame | None]) -> None:
    try:
        while True:
            frames.put(read_frame(stream))
    except (EOFError, OSError, ValueError):
        frames.put(None)


def _task(name: str) -> Callable[[dict[str, Any], Progress], Frame]:
    module, _, function = name.partition(":")
    found: Callable[[dict[str, Any], Progress], Frame] = getattr(
        importlib.import_module(f"audioclf.{module}"), function
    )
    return found


def serve() -> None:
    """Do the one task that standard input asks for."""
    # whatever a library prints must not get between the frames
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    request, _ = read_frame(sys.stdin.buffer)
    last = [0.0]

    def progress(done: int, total: int) -> None:
        if time.monotonic() - last[0] > _EVERY or done >= total:
            last[0] = time.monotonic()
            write_frame(answers, {"done": done, "total": total}, {})

    try:
        values, arrays = _task(request.pop("task"))(request, progress)
    except AudioclfError as error:
        values, arrays = {"error": str(error)}, {}
    except Exception as error:
        import traceback

        traceback.print_exc()
        values, arrays = {"fault": f"{type(error).__name__}: {error}"}, {}
    write_frame(answers, values, arrays)
