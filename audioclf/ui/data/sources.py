"""The ways to sounds on the Data page: ready-made, on this computer, and what is uploaded or recorded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.datasets import SOURCES
from audioclf.datasets.catalog.published import Published
from audioclf.ui.data import intake, intake_microphone
from audioclf.ui.forms import parameter_form
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape
from audioclf.ui.shell.typed_path import existing


def choose(state: State) -> None:
    """Draw the ways; a choice changes the state and runs the page again."""
    with error_boundary.boundary("sources"):
        if intake.under_way(state):
            return
        intake.again(state)
        ways: dict[str, Callable[[State], None]] = {
            "Sets and folders": _at_hand,
            "Upload": intake.upload,
            "Microphone": intake_microphone.record,
        }
        ways[switch("Where the sounds come from", list(ways), "sources.way")](state)


def _at_hand(state: State) -> None:
    """The ways that need no upload; on a shared server without open folders there is no folder to choose."""
    ways = (_known, _folder) if workspaces.may_read_folders() else (_known,)
    for column, way in zip(st.columns(len(ways), gap="medium"), ways, strict=True):
        with column, st.container(border=True, height="stretch"):
            way(state)


def _known(state: State) -> None:
    st.subheader(":material/piano: A ready-made set", anchor=False)
    names = list(SOURCES)
    name = names[0]
    if len(names) > 1:
        name = st.selectbox("Data set", names, format_func=lambda item: SOURCES[item].title, key="known.name")
    source = SOURCES[name]
    st.markdown(f"**{escape(source.title)}.** {escape(source.description)}")
    form: parameter_form.Form[Any]
    if issubclass(source, Published):
        _terms(source)
        hidden = () if workspaces.may_read_folders() else ("path",)
        form = parameter_form.parameters(source, f"known.{name}", columns=1, hide=hidden)
    else:
        if source.licence:
            st.caption(escape(source.licence, 160))
        with st.expander("Options"):
            form = parameter_form.parameters(source, f"known.{name}")
    if st.button(
        f"Load {escape(source.title)}", type="primary", icon=":material/download:", disabled=form.value is None
    ):
        assert form.value is not None
        usual = source().to_dict()
        chosen = {key: value for key, value in form.value.to_dict().items() if value != usual.get(key)}
        if chosen.get("path"):
            chosen["path"] = str(existing(str(chosen["path"]), state.workspace))
        state.choose(name, chosen)
        st.rerun()


def _terms(source: type[Published]) -> None:
    """What to know before a published set is fetched."""
    size = f"{source.remote.size / 1e6:,.0f} MB"
    checked = "Its SHA-256 is checked." if source.remote.sha256 else "Its publisher states no checksum."
    st.markdown(f"Licence: {escape(source.licence)}")
    without = "Without a path, about" if workspaces.may_read_folders() else "About"
    st.caption(escape(f"{without} {size} are fetched from {source.remote.url}. {checked}"))
    st.caption(escape(source.citation))


def _folder(state: State) -> None:
    where = "this server" if workspaces.shared() else "this computer"
    st.subheader(f":material/folder_open: A folder on {where}", anchor=False)
    st.markdown(
        "One folder for each class, named like the class, with its sounds in it. A zip or tar.gz of that, a table with"
        " its sounds beside it (CSV, TSV) or one long recording will do too."
    )
    with st.form("folder", border=False):
        path = st.text_input("Path of the folder", placeholder="/home/me/sounds", key="folder.path")
        with st.container(horizontal=True):
            pressed = st.form_submit_button("Load the folder", type="primary", icon=":material/download:")
            asked = st.form_submit_button("Choose how it is read", icon=":material/tune:")
    if pressed or asked:
        with error_boundary.boundary("folder"):
            existing(path, state.workspace)
            intake.on_disk(state, path, ask=asked)
