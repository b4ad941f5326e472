"""First calls cost seconds; they are made in the background, one after the other, after the first paint.

numba's cache breaks when two threads write it at once, so nothing that could compile is
called before :func:`ready`.
"""

from __future__ import annotations

import importlib
import logging
import threading
import time

import streamlit as st

from audioclf.core import forkserver
from audioclf.jobs.worker import PRELOADED

_log = logging.getLogger(__name__)
_lock = threading.Lock()
_thread: threading.Thread | None = None
_done = threading.Event()


def start(delay: float = 0.3) -> None:
    """Begin once per process; ``delay`` seconds let the page that is being painted go first."""
    global _thread
    forkserver.enable(PRELOADED)
    with _lock:
        if _thread is None:
            _thread = threading.Thread(target=_run, args=(delay,), name="audioclf-warmup", daemon=True)
            _thread.start()


def ready() -> bool:
    """Whether features can be computed without the cost of a first call."""
    return _done.is_set()


def wait(timeout: float | None = None) -> bool:
    """Block until :func:`ready`, beginning if nobody has."""
    start(0.0)
    return _done.wait(timeout)


def until_ready() -> None:
    """Say that the first pictures take a moment, until they do not.

    The script gives way between the steps, so the user can click on something else meanwhile.
    """
    if ready():
        return
    start(0.0)
    slot = st.empty()
    with st.spinner("Getting ready: the first features take a few seconds …", show_time=True):
        while not ready():
            time.sleep(0.1)
            slot.empty()


def _run(delay: float) -> None:
    """Compute every feature of the pages once, on a second of noise."""
    time.sleep(delay)
    try:
        importlib.import_module("pandas")
        import numpy as np

        from audioclf.features import views

        y = np.random.default_rng(0).standard_normal(22050).astype(np.float32) * 0.1
        for feature in views().values():
            try:
                feature().compute(y, 22050)
            except Exception:
                # a page that needs it meets the same error and reports it
                _log.exception("warm-up of %s failed", feature.kind)
    finally:
        _done.set()
