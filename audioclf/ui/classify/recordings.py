"""Recordings of any length and many files on the Classify page: bring them, follow the scan, see what came out."""

from __future__ import annotations

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.inference.scan import Scan, list_scans
from audioclf.ui.classify import event_review, scan_table, scanning
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell import error_boundary, task_bar, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.tasks import Task
from audioclf.ui.shell.text import count, distinct, escape, plain, progress

ADDRESS = "scan"
"""What stands for the scan in the page's address."""

_TASK, _ROUND, _CHOICE = "scan.task", "scan.round", "scan.choice"
_FILES, _FOLDER, _SERVER = "Files or a zip", "A folder", "On this computer"
_OVERLAPS = {"None": 1.0, "Half": 0.5, "Three quarters": 0.25}


def draw(state: State, run: Run) -> None:
    """Draw the choice of a scan, then how to make one or what it found."""
    scans = list_scans(state.workspace)
    known = {scan.folder.name: scan for scan in scans}
    at = st.query_params.get(ADDRESS, "")
    if at and at not in known:
        st.warning("The scan in this link is not in this workspace.", icon=":material/link_off:")
    chosen = known.get(at)
    if scans:
        chosen = _choose(scans, chosen)
    if chosen is None:
        if at in known:
            st.query_params.pop(ADDRESS, None)
        _bring(state, run)
        return
    if st.query_params.get(ADDRESS) != chosen.folder.name:
        st.query_params[ADDRESS] = chosen.folder.name
    _show(state, chosen)


def _choose(scans: list[Scan], chosen: Scan | None) -> Scan | None:
    about = [scan.about for scan in scans]
    titles = distinct(
        f"{plain(one['name'], 40)} · {plain(one['run_name'], 30)} · {run_picker.ago(one['created'])}" for one in about
    )
    by_title: dict[str, Scan | None] = {"New: bring sounds": None, **dict(zip(titles, scans, strict=True))}
    options = list(by_title)
    index = next((n for n, scan in enumerate(by_title.values()) if scan is not None and scan is chosen), 0)
    number = st.session_state.setdefault(_ROUND, 0)
    title = st.selectbox("Recordings and folders", options, index=index, key=f"{_CHOICE}.{number}")
    return by_title[title]


def _go(folder: str) -> None:
    """Show another scan, or none."""
    if folder:
        st.query_params[ADDRESS] = folder
    else:
        st.query_params.pop(ADDRESS, None)
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1
    st.rerun()


def _bring(state: State, run: Run) -> None:
    task: Task | None = st.session_state.get(_TASK)
    if task is not None:
        _storing(task)
        return
    ways = [_FILES, _FOLDER, *([_SERVER] if workspaces.may_read_folders() else [])]
    way = switch("Where the sounds are", ways, "scan.way")
    number = st.session_state.setdefault(_ROUND, 0)
    bring = None
    if way == _SERVER:
        typed = st.text_input("Path of a recording or a folder", key="scan.path", placeholder="/home/me/recordings")
        bring = scanning.on_disk(typed, state.workspace) if typed.strip() else None
    else:
        files = st.file_uploader(
            "Recordings of any length, many files, or a zip" if way == _FILES else "All sounds of a folder",
            accept_multiple_files=True if way == _FILES else "directory",
            key=f"scan.files.{way}.{number}",
        )
        if files:
            sizes = [file.size for file in files]
            bring = scanning.uploaded([(file.name, file) for file in files], sizes, state.workspace)
            st.caption(f"{count(len(files), 'file')}, {sum(sizes) / 1e6:,.1f} MB")
    window = float(run.signature["duration"])
    with st.container(horizontal=True, vertical_alignment="bottom"):
        overlap = st.selectbox(
            f"Overlap of the model's windows ({window:g} s)",
            list(_OVERLAPS),
            index=1,
            key="scan.overlap",
            help="A sound that begins after a pause has a window of its own besides. More overlap helps where sounds"
            " run into each other, and takes longer.",
            width=260,
        )
        go = bring is not None and st.button("Listen to all of it", type="primary", icon=":material/hearing:")
    if go and bring is not None:
        st.session_state[_TASK] = scanning.create(bring, run, max(0.01, window * _OVERLAPS[overlap]), state.workspace)
        st.rerun()


def _storing(task: Task) -> None:
    if not task.finished:
        task_bar.follow(task, progress, "scan.storing.stop")
        return
    if task.error is None:
        del st.session_state[_TASK]
        _go(task.result)
    if st.button("Bring other sounds", icon=":material/arrow_back:", key="scan.back"):
        tasks.forget(task.key)
        del st.session_state[_TASK]
        st.rerun()
    if task.error is not None:
        error_boundary.show_error(task.error)


def _show(state: State, scan: Scan) -> None:
    status = scan.status
    if status.state == "queued" and not scanning.waits(scan):
        scanning.begin(scan)  # a server that was restarted knows nothing of what waited
    if not status.ended:
        _under_way(scan)
        return
    if status.state != "done":
        left, right = st.columns([5, 1], vertical_alignment="center")
        left.warning(escape(status.message or "It ended early.", 400), icon=":material/pause_circle:")
        if right.button("Go on", icon=":material/play_arrow:", key="scan.go_on"):
            scanning.begin(scan)
            st.rerun()
    if not scan.n_rows and not scan.finished:
        _delete(scan)
        return
    file = scan_table.draw(scan)
    if file is not None:
        event_review.draw(state, scan, file)
    _delete(scan)


def _under_way(scan: Scan) -> None:
    def draw() -> None:
        status = scan.status
        if status.state == "queued":
            words = "Waiting for its turn"
        else:
            words = (
                f"Listening: {status.files:,} of {count(len(scan.files), 'file')}, {count(status.windows, 'window')}"
                if status.windows
                else "Waking the models up"
            )
        st.progress(min(status.share, 1.0), text=escape(words))
        if st.button("Stop", icon=":material/stop_circle:", key="scan.stop"):
            scan.stop()

    st.caption("It goes on when you leave this page; come back by this address or the list above.")
    error_boundary.until(lambda: scan.status.ended, draw, every=0.7)


def _delete(scan: Scan) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        st.markdown("Its tables and your review are deleted. Uploaded sounds stay for versions of data sets.")
        if st.button("Delete it", type="primary", key="scan.delete"):
            try:
                scanning.delete(scan)
            except AudioclfError as error:
                error_boundary.show_error(error)
            else:
                _go("")
