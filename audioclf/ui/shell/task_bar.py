"""A task under way: a bar, how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf.core.errors import Stopped
from audioclf.ui.shell import error_boundary, tasks
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import escape


def follow(task: Task, amount: Callable[[int, int], str], key: str) -> None:
    """Draw it, again by itself; once it has ended the whole page runs anew.

    ``amount`` puts how much is done, and of how much, into words; the bar is drawn from the same two numbers.
    """

    def draw() -> None:
        done, total = task.at
        share = done / total if total else 0.0
        st.progress(min(share, 1.0), text=escape(f"{task.title}: {amount(done, total)}"))
        if st.button("Stop", icon=":material/stop_circle:", key=key):
            task.stop()

    error_boundary.until(lambda: task.finished, draw, every=0.5)


def result(task: Task, amount: Callable[[int, int], str], key: str, stopped: str, label: str = "Try again") -> Any:
    """The task's result; None while :func:`follow` draws it or :func:`failed` why there is none."""
    if not task.wait(0.3):
        follow(task, amount, f"{key}.stop")
        return None
    if task.error is not None:
        failed(task, stopped, label, f"{key}.again")
        return None
    return task.result


def failed(task: Task, stopped: str, label: str, key: str) -> None:
    """Show why a task has no result, ``stopped`` where the user stopped it, and the button that begins again."""
    if isinstance(task.error, Stopped):
        st.info(stopped, icon=":material/stop_circle:")
    elif task.error is not None:
        error_boundary.show_error(task.error)
    if st.button(label, icon=":material/refresh:", key=key):
        tasks.forget(task.key)
        st.rerun()
