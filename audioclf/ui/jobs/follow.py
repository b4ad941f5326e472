"""A run or search that is being made: drawn again by itself, waiting for its turn, stopped, resumed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from audioclf.experiments.runs import Status
from audioclf.experiments.runs.folder import JobFolder
from audioclf.jobs import queue
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.text import count, escape, seconds


def follow(job: JobFolder, draw: Callable[[], None]) -> None:
    """Draw it: by itself every two seconds while it is being made, and the whole page once it has ended."""
    live(lambda: job.status.ended, draw)


def live(finished: Callable[[], bool], draw: Callable[[], None], every: float = 2.0) -> None:
    """Draw something, by itself every few seconds while it is not finished; then the whole page runs again."""
    if finished():
        draw()
    else:
        error_boundary.until(finished, draw, every)


def waiting(job: JobFolder) -> None:
    """Draw how many go before one that is queued."""
    before = queue.queue_position(job)
    words = f"{count(before, 'training')} before it" if before else "it is next"
    st.progress(0.0, text=f"Waiting in the queue: {words}.")


def where(job: JobFolder, status: Status, words: Sequence[str], before: str = "") -> None:
    """Draw how far one is that is not done: a bar with words, or why it ended; ``before`` stands in front of that."""
    if status.state == "queued":
        waiting(job)
    elif status.state == "running":
        left = [] if status.seconds_left is None else [f"about {seconds(max(status.seconds_left, 1))} left"]
        st.progress(min(max(status.fraction, 0.0), 1.0), text=escape(" · ".join([*words, *left])))
    elif status.state == "failed":
        st.error(escape(status.message), icon=":material/error:")
    elif status.state != "done" and status.message:
        st.warning(escape(f"{before}{status.message}"), icon=":material/info:")


def stop_button(job: JobFolder, key: str) -> None:
    """Draw the button that stops it."""
    if st.button("Stop", icon=":material/stop_circle:", key=key):
        queue.stop(job)
        st.toast("It will stop after the current batch.")


def buttons(job: JobFolder, status: Status, key: str) -> None:
    """Draw the buttons that stop it, or go on with it where it did not come to its end."""
    if status.state in ("queued", "running"):
        stop_button(job, f"{key}.stop")
    resumable = status.ended and status.state != "done"
    if resumable and st.button("Resume", icon=":material/play_circle:", type="primary", key=f"{key}.resume"):
        queue.resume(job)
        st.rerun()
