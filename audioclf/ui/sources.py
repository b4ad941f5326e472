"""The ways to sounds on the Data page: one function per way, each in a card of its own."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from audioclf.datasets import SOURCES
from audioclf.errors import DatasetError
from audioclf.ui import forms, guard
from audioclf.ui.state import State
from audioclf.ui.text import escape


def choose(state: State) -> None:
    """Draw the ways; a choice changes the state and runs the page again."""
    left, right = st.columns(2, gap="medium")
    with left, st.container(border=True, height="stretch"):
        _known(state)
    with right, st.container(border=True, height="stretch"):
        _folder(state)


def _known(state: State) -> None:
    st.subheader(":material/piano: A ready-made set", anchor=False)
    names = list(SOURCES)
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Data set", names, format_func=lambda item: SOURCES[item].title, key="known.name")
    source = SOURCES[name]
    st.markdown(f"**{escape(source.title)}.** {escape(source.description)}")
    if source.licence:
        st.caption(escape(source.licence, 160))
    with st.expander("Options"):
        form = forms.parameters(source, f"known.{name}")
    if st.button(
        f"Load {escape(source.title)}", type="primary", icon=":material/download:", disabled=form.value is None
    ):
        assert form.value is not None
        usual = source().to_dict()
        _take(state, name, {key: value for key, value in form.value.to_dict().items() if value != usual.get(key)})


def _folder(state: State) -> None:
    st.subheader(":material/folder_open: A folder on this computer", anchor=False)
    st.markdown("One folder for each class, named like the class, with its sounds in it.")
    with st.form("folder", border=False):
        path = st.text_input("Path of the folder", placeholder="/home/me/sounds", key="folder.path")
        pressed = st.form_submit_button("Load the folder", type="primary", icon=":material/download:")
    if pressed:
        with guard.boundary("folder"):
            folder = Path(path.strip().strip("\"'")).expanduser()
            if not path.strip():
                raise DatasetError("The path is empty; type or paste where the folder is, such as /home/me/sounds.")
            if not folder.exists():
                raise DatasetError(
                    f"There is nothing at '{folder}' on the computer that runs this app; check the path."
                )
            _take(state, str(folder.resolve()), {})


def _take(state: State, name: str, options: dict[str, object]) -> None:
    state.choose(name, options)
    st.rerun()
