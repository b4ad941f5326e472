"""Bringing sounds along: upload them, store them off the page, and say how they are read."""

from __future__ import annotations

import secrets
from collections.abc import Sequence

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from audioclf.core.errors import Stopped
from audioclf.datasets import SOURCES
from audioclf.ui.data import intake_reading, intake_store, intake_understood
from audioclf.ui.data.intake_store import Brought
from audioclf.ui.shell import error_boundary, task_bar, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.tasks import Task, Work
from audioclf.ui.shell.text import count, progress

_TASK, _ASK, _ROUND, _BROUGHT = "intake.task", "intake.ask", "intake.round", "intake.brought"


def upload(state: State) -> None:
    """The way of files: an archive, a folder, a table with its sounds, loose files."""
    left, right = st.columns(2, gap="medium")
    number = st.session_state.setdefault(_ROUND, 0)
    with left, st.container(border=True, height="stretch"):
        st.subheader(":material/folder_zip: An archive or files", anchor=False)
        st.markdown(
            "A zip or tar.gz with a folder for each class; or sound files, with a table (CSV, TSV) or an Audacity label"
            " track beside them where you have one."
        )
        files = st.file_uploader(
            "Archive or files", accept_multiple_files=True, key=f"intake.files.{number}", label_visibility="collapsed"
        )
        _offer(state, files, "files")
    with right, st.container(border=True, height="stretch"):
        st.subheader(":material/drive_folder_upload: A folder", anchor=False)
        st.markdown("One folder for each class, inside the folder you choose; or a folder with a table in it.")
        folder = st.file_uploader(
            "Folder", accept_multiple_files="directory", key=f"intake.folder.{number}", label_visibility="collapsed"
        )
        _offer(state, folder, "folder")


def _offer(state: State, files: Sequence[UploadedFile], key: str) -> None:
    """The two buttons under files that have arrived."""
    if not files:
        return
    size = sum(file.size for file in files)
    st.caption(f"{count(len(files), 'file')}, " + (f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:,.1f} kB"))
    with st.container(horizontal=True):
        load = st.button("Load them", type="primary", icon=":material/download:", key=f"intake.load.{key}")
        ask = st.button("Choose how they are read", icon=":material/tune:", key=f"intake.ask.{key}")
    if load or ask:
        named = [(file.name, file) for file in files]
        sizes = [file.size for file in files]
        workspace = state.workspace
        begin(
            "Storing the upload",
            lambda progress, should_stop: intake_store.uploaded(
                named, sizes, workspace, progress=progress, should_stop=should_stop
            ),
            ask=ask,
        )


def on_disk(state: State, path: str, *, ask: bool = True) -> None:
    """Look through a path of this computer, and ask how it is read (or only where that is not clear)."""
    workspace = state.workspace
    begin(
        "Looking through the files",
        lambda progress, should_stop: intake_store.on_disk(path, workspace, progress=progress, should_stop=should_stop),
        ask=ask,
    )


def again(state: State) -> None:
    """Offer to read the chosen files another way."""
    own = state.data and state.data not in SOURCES and not state.data.endswith(".json")
    if own and st.button("Read these sounds another way", icon=":material/tune:", key="intake.again"):
        on_disk(state, state.data)


def begin(title: str, work: Work, *, ask: bool) -> None:
    """Start bringing sounds in, off the page; the work gives a :class:`~audioclf.ui.data.intake_store.Brought`.

    ``ask``: ask how they are read even where that is clear.
    """
    key = f"intake {secrets.token_hex(8)}"
    st.session_state[_TASK], st.session_state[_ASK] = key, ask
    st.session_state.pop(_BROUGHT, None)
    tasks.start(key, title, work)
    st.rerun()


def under_way(state: State) -> bool:
    """Draw what is being brought in, or the questions about it; True where these take the place of the ways."""
    task = tasks.find(st.session_state.get(_TASK, ""))
    if task is not None:
        if not task.wait(0.2):
            task_bar.follow(task, lambda done, total: progress(done, total) or "…", "intake.stop")
            # The ways stay, since an uploader that is not drawn forgets its files, and the task may fail.
            return False
        _finish(state, task)
    brought = st.session_state.get(_BROUGHT)
    if not isinstance(brought, Brought):
        return False
    with st.container(border=True):
        if intake_reading.panel(state, brought):
            st.session_state.pop(_BROUGHT, None)
            st.rerun()
    return True


def _finish(state: State, task: Task) -> None:
    """Take over what the task made; an error is shown once and the files stay in the uploader."""
    tasks.forget(task.key)
    st.session_state.pop(_TASK, None)
    if task.error is not None:
        if isinstance(task.error, Stopped):
            st.info("Stopped; nothing was kept.", icon=":material/stop_circle:")
        else:
            error_boundary.show_error(task.error)
        return
    # A new uploader lets go of the files, which the server would hold in memory.
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    brought: Brought = task.result
    if brought.sure and not st.session_state.get(_ASK):
        intake_understood.remember(brought.path, brought.reading)
        state.choose(brought.path, {})
        st.rerun()
    st.session_state[_BROUGHT] = brought
