"""The warm process for what needs matplotlib or librosa: figures as files, sounds made of features.

It is another one than that of the models, so that nobody waits for a prediction because someone saves a figure.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError, Stopped
from audioclf.inference.messages import Arrays
from audioclf.inference.model_server import ModelWorker

_GLANCE = 0.2
_turn = threading.Lock()


@st.cache_resource(show_spinner=False)
def _worker() -> ModelWorker:
    return ModelWorker()


def ask(
    request: Mapping[str, Any], given: Arrays | None = None, should_stop: Callable[[], bool] = lambda: False
) -> tuple[dict[str, Any], Arrays]:
    """Send a request and wait for its answer; from a task or a download, never from a page.

    Parameters
    ----------
    request, given
        As for :meth:`~audioclf.inference.model_server.ModelWorker.ask`.
    should_stop : callable
        Asked several times a second, while others have their turn, too.

    Raises
    ------
    Stopped
    AudioclfError
        What the process refused in words, or that it died.
    """
    worker, answered = _worker(), threading.Event()
    while not _turn.acquire(timeout=_GLANCE):
        if should_stop():
            raise Stopped("It was stopped before it began.")

    def watch() -> None:
        while not answered.wait(_GLANCE):
            if should_stop():
                worker.interrupt()
                return

    threading.Thread(target=watch, daemon=True).start()
    try:
        return worker.ask(request, given)
    except AudioclfError:
        if should_stop():
            raise Stopped("It was stopped.") from None
        raise
    finally:
        answered.set()
        _turn.release()
