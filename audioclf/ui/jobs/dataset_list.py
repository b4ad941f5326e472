"""What lies in the user's workspace: data sets that were brought in or edited, to open again or to delete."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.documents import read_json
from audioclf.datasets.ingest import staging
from audioclf.datasets.readers import versions
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, plain

_MOST = 30


@dataclass(frozen=True)
class Kept:
    """One data set of a workspace."""

    folder: Path
    name: str
    edited: bool
    changed: float
    until: float | None


def kept(workspace: str) -> list[Kept]:
    """The data sets of a workspace, the newest first; what is neither stored nor saved there is passed over."""
    found = []
    for folder in workspaces.datasets_folder(workspace).iterdir():
        for file, edited in ((versions.FILE, True), (staging.INDEX, False)):
            path = folder / file
            if not folder.name.startswith(".") and path.is_file():
                changed = path.stat().st_mtime
                until = staging.kept_until(folder)
                found.append(Kept(folder.resolve(), _name(str(path), changed), edited, changed, until))
                break
    return sorted(found, key=lambda item: -item.changed)


@st.cache_data(max_entries=1000, show_spinner=False)
def _name(path: str, changed: float) -> str:
    try:
        return str(read_json(Path(path))["name"])
    except (OSError, ValueError, KeyError, TypeError):
        return "damaged"


def draw(state: State) -> None:
    """Draw the list; nothing where the workspace holds no data set."""
    # A visit alone makes no folder.
    made = any(folder.name == state.workspace for folder in workspaces.folders())
    found = kept(state.workspace) if made else []
    if not found:
        return
    title = f"Added or edited before ({len(found):,})"
    box = st.expander(title, icon=":material/inventory_2:", key="mine.shown", on_change="rerun")
    if not box.open:
        return
    with box:
        for item in found[:_MOST]:
            _line(state, item)
        if len(found) > _MOST:
            st.caption(f"The newest {_MOST} are shown.")


def unopened(until: float | None) -> None:
    """Say how long what nobody has opened yet is kept; nothing where it is to stay."""
    if until is not None:
        when = time.strftime("%Y-%m-%d %H:%M", time.localtime(until))
        st.caption(escape(f"Not opened yet: it will be deleted on {when} unless you open it first."))


def _line(state: State, item: Kept) -> None:
    key = item.folder.name
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            what = "edited" if item.edited else "added"
            st.markdown(f"**{escape(plain(item.name, 60))}** · {what} {escape(run_picker.ago(item.changed))}")
            unopened(item.until)
        if st.button("Open", icon=":material/folder_open:", key=f"mine.open.{key}"):
            state.choose(str(item.folder))
            st.rerun()
        with st.popover("Delete", icon=":material/delete:"):
            st.markdown(
                "This deletes its table; the sounds stay where they are."
                if item.edited
                else "This deletes its sounds for good; versions and runs made from it cannot be loaded again."
            )
            if st.button("Delete for good", type="primary", key=f"mine.delete.{key}"):
                shutil.rmtree(item.folder, ignore_errors=True)
                if state.data == str(item.folder):
                    state.choose("")
                st.rerun()
