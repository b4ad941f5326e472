"""A data set as one file to take along: a zip of a manifest and the sounds, made in the background."""

from __future__ import annotations

import contextlib
import hashlib
import time
from pathlib import Path

import streamlit as st

from audioclf.core import settings, workspaces
from audioclf.datasets import Dataset, Progress, ShouldStop
from audioclf.datasets.readers import versions
from audioclf.ui.shell import current_dataset, task_bar, tasks
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import plain, progress

_DAY = 86400.0


def draw(state: State, dataset: Dataset) -> None:
    """Draw the button that begins the export, how far it is, and the download once it is there."""
    st.markdown("**Download the data set**")
    st.markdown(
        "A zip with manifest.csv (file, class, group, fold, start, duration) and all sounds. This page and"
        " `audioclf data add` can read it again."
    )
    key = f"export {current_dataset.key(state.data, state.options)} {dataset.fingerprint}"
    making = tasks.find(key)
    if making is not None and making.finished and making.error is None and not making.result.is_file():
        tasks.forget(key)
        making = None
    if making is None:
        if st.button("Make a zip", icon=":material/folder_zip:", key="export.make"):
            tasks.start(
                key,
                f"Packing {plain(dataset.name, 60)}",
                lambda progress, should_stop: pack(dataset, key, progress, should_stop),
            )
            st.rerun()
        return
    path: Path | None = task_bar.result(
        making, lambda done, total: progress(done, total) or "starting …", "export", "Packing was stopped."
    )
    if path is not None:
        st.download_button(
            f"Download ({path.stat().st_size / 1e6:,.1f} MB)",
            path.read_bytes,
            file_name="dataset.zip",
            mime="application/zip",
            type="primary",
            icon=":material/download:",
            on_click="ignore",
            key="export.download",
        )


def pack(dataset: Dataset, key: str, progress: Progress, should_stop: ShouldStop) -> Path:
    """Write the zip into the cache folder, under a name made of the key; exports of yesterday go.

    Raises
    ------
    DatasetError, WorkspaceError
        When a sound is gone, or the disk has no room.
    Stopped
    """
    folder = settings.cache_folder() / "exports"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - old.stat().st_mtime > _DAY:
                old.unlink()
    paths = {clip.path for clip in dataset.clips}
    workspaces.require_disk(sum(path.stat().st_size for path in paths if path.is_file()), folder)
    target = folder / f"{hashlib.blake2b(key.encode(), digest_size=16).hexdigest()}.zip"
    versions.export(dataset, target, progress=progress, should_stop=should_stop)
    return target
