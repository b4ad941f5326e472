"""A task under way: a bar, how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.core.errors import Stopped
from audioclf.ui.shell import error_boundary, tasks
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import escape


def follow(task: Task, amount: Callable[[Task], str], key: str) -> None:
    """Draw it, again by itself; once it has ended the whole page runs anew.

    Parameters
    ----------
    task : Task
    amount : callable
        How far the task is, in words.
    key : str
        Of the button.
    """

    def draw() -> None:
        share = task.done / task.total if task.total else 0.0
        st.progress(min(share, 1.0), text=escape(f"{task.title}: {amount(task)}"))
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
