"""Where errors end: the user sees one sentence, the log has the rest."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import ParamSpec

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.ui.shell import tasks
from audioclf.ui.shell.text import escape

P = ParamSpec("P")


@contextmanager
def boundary(where: str) -> Iterator[None]:
    """Show what goes wrong inside as one sentence: a user's mistake as it is, a bug under a number."""
    try:
        yield
    except AudioclfError as error:
        show_error(error)
    except Exception as error:
        show_error(tasks.bug(error, where))


def show_error(error: AudioclfError) -> None:
    """Show the sentence of an error, letter by letter."""
    st.error(escape(error), icon=":material/error:")


def fragment(run_every: float | None = None) -> Callable[[Callable[P, None]], Callable[P, None]]:
    """``st.fragment`` with the same end to errors as a page: a fragment reruns outside its page's ``with``."""

    def decorate(function: Callable[P, None]) -> Callable[P, None]:
        drawn: Callable[P, None] = st.fragment(boundary(function.__name__)(function), run_every=run_every)
        return drawn

    return decorate


def until(finished: Callable[[], bool], draw: Callable[[], object], every: float) -> None:
    """Draw something by itself every so many seconds; once it is finished the whole page runs again."""

    @fragment(run_every=every)
    def live() -> None:
        if finished():
            st.rerun()
        draw()

    live()
