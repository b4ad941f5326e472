"""The frame around every page: heading, sidebar, address, and an end to every error."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from audioclf.core.errors import WorkspaceError
from audioclf.inference.assets import app_folder
from audioclf.ui.shell import current_dataset, history, warmup, workspace
from audioclf.ui.shell import state as states
from audioclf.ui.shell.error_boundary import boundary, show_error
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, plain

_ROOT = app_folder()
LOGO = _ROOT / "assets" / "logo.svg"
MARK = _ROOT / "assets" / "mark.svg"
_STYLE = Path(__file__).with_name("style.css")


@dataclass(frozen=True)
class Entry:
    """One page in the sidebar."""

    file: str
    title: str
    icon: str
    intro: str


GROUPS: dict[str, tuple[Entry, ...]] = {
    "Listen and look": (
        Entry("pages/record.py", "Record", ":material/voice_selection:", "Three sounds of your own to a model."),
        Entry("pages/data.py", "Data", ":material/library_music:", "Choose sounds, check them, listen."),
        Entry("pages/explore.py", "Explore", ":material/graphic_eq:", "One sound, seen in six ways."),
        Entry("pages/compare.py", "Compare", ":material/grid_view:", "Several sounds side by side."),
    ),
    "Learn": (
        Entry("pages/train.py", "Train", ":material/model_training:", "Teach a model to tell the classes apart."),
        Entry("pages/search.py", "Search", ":material/manage_search:", "Which settings are best?"),
        Entry("pages/runs.py", "Runs", ":material/compare_arrows:", "All trainings side by side."),
        Entry("pages/results.py", "Results", ":material/monitoring:", "How good is it, and where does it go wrong?"),
        Entry("pages/reproduce.py", "Reproduce", ":material/science:", "Published systems, run again."),
    ),
    "Understand": (
        Entry("pages/explain.py", "Explain", ":material/lightbulb:", "See and hear what the model used."),
        Entry("pages/classify.py", "Classify", ":material/mic:", "Give it a new sound."),
    ),
}
HOME = Entry("app.py", "Home", ":material/home:", "")


@functools.cache
def _page(entry: Entry) -> Any:
    """The page itself: given its path, Streamlit would look it up on disk for every link."""
    return st.Page(_ROOT / entry.file, default=entry is HOME)


def link(entry: Entry, label: str, query: Mapping[str, str], width: Literal["content", "stretch"] = "content") -> None:
    """Draw the link to a page."""
    st.page_link(_page(entry), label=label, icon=entry.icon, query_params=dict(query), width=width)


@contextmanager
def page(title: str, intro: str = "", *, heading: bool = True) -> Iterator[State]:
    """Everything a page has in common with the others; the page's own part is the body of the ``with``.

    Gives the user's choices; draws the heading and the one sentence below it, unless ``heading`` is False.
    """
    st.set_page_config(page_title=f"{title} · audioclf", page_icon=str(MARK), layout="wide")
    st.html(_STYLE)
    state = states.current()
    try:
        state.adopt({name: st.query_params[name] for name in st.query_params})
    except WorkspaceError as error:
        show_error(error)
        st.stop()
    state.publish()  # a page that stops early writes nothing at its end
    box = _sidebar(state)
    if heading:
        st.title(title, anchor=False)
        if intro:
            st.markdown(intro)
    try:
        with boundary(title):
            yield state
    finally:
        _data_set(box, state)
        state.publish()
        warmup.start()


def _sidebar(state: State) -> DeltaGenerator:
    """Draw the groups of pages and the chosen data set; returns the place of the latter."""
    st.logo(str(LOGO), size="large", icon_image=str(MARK))
    query = {name: value for name, value in state.query().items() if name in ("workspace", "data", "options")}
    with st.sidebar:
        link(HOME, HOME.title, query, "stretch")
        for group, entries in GROUPS.items():
            st.caption(group)
            for entry in entries:
                link(entry, entry.title, query, "stretch")
        st.caption("Data set")
        box = st.empty()
        workspace.draw(state)
        history.one_entry_per_page()
    _data_set(box, state)
    return box


def _data_set(box: DeltaGenerator, state: State) -> None:
    """Say what is chosen; again at the end of the page, which may have loaded it."""
    with box.container(border=True, gap="xxsmall"):
        st.text(plain(current_dataset.title(state), 60))
        st.caption(escape(current_dataset.summary(state)))
