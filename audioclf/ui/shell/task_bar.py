"""A task under way: a bar, how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.core.errors import Stopped
from audioclf.ui.shell import error_boundary, tasks
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import escape


def follow(task: Task, amount: Callable[[int, int], str], key: str) -> None:
    """Draw it, again by itself; once it has ended the whole page runs anew.

    Parameters
    ----------
    task : Task
    amount : callable
        Given how much is done and of how much, how far that is in words; the bar is drawn from the same two numbers.
    key : str
        Of the button.
    """

    def draw() -> None:
        done, total = task.at
        share = done / total if total else 0.0
        st.progress(min(share, 1.0), text=escape(f"{task.title}: {amount(done, total)}"))
        if st.button("Stop", icon=":material/stop_circle:", key=key):
            task.stop()

    error_boundary.until(lambda: task.finished, draw, every=0.5)


def failed(task: Task, stopped: str, label: str, key: str) -> None:
    """Show why a task has no result, ``stopped`` where the user stopped it, and the button that begins again."""
    if isinstance(task.error, Stopped):
        st.info(stopped, icon=":material/stop_circle:")
    elif task.error is not None:
        error_boundary.show_error(task.error)
    if st.button(label, icon=":material/refresh:", key=key):
        tasks.forget(task.key)
        st.rerun()
