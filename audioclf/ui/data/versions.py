"""Versions of a data set in the user's workspace: keeping an edit, and going back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset, curation
from audioclf.datasets.readers import versions
from audioclf.datasets.readers.versions import Origin
from audioclf.ui.shell.state import State


def edited(dataset: Dataset, changes: Mapping[int, Mapping[str, Any]]) -> Dataset:
    """The version that changes of single clips come to.

    Parameters
    ----------
    dataset : Dataset
    changes : mapping of int to mapping
        By the number of a clip its new ``label`` and ``group``, and whether to ``keep`` it.

    Raises
    ------
    DatasetError
        When a class name is empty or too long.
    """
    of = [(clip, changes.get(number, {})) for number, clip in enumerate(dataset.clips)]
    return curation.edit(
        dataset,
        labels=[values.get("label", clip.label) for clip, values in of],
        groups=[values.get("group", clip.group) for clip, values in of],
        keep=[values.get("keep", True) for _, values in of],
    )


def take(state: State, dataset: Dataset, edited: Dataset) -> None:
    """Keep an edit as a new version and choose it; the page begins anew with it.

    Raises
    ------
    DatasetError, WorkspaceError
        When nothing is left, or when there is no room.
    """
    if edited is dataset:
        st.toast("Nothing has changed, so nothing was saved.", icon=":material/info:")
        return
    if not edited.clips:
        raise DatasetError(f"No clip of {dataset.name} would be left; keep at least one.")
    # What the user chose loads the parent again, from here and in any later session.
    known = replace(edited, source=state.data)
    kept = versions.save(known, workspaces.datasets_folder(state.workspace), state.options)
    state.choose(kept.source)
    st.rerun()


def origin(state: State, dataset: Dataset) -> Origin | None:
    """Where undo leads: what the chosen version was edited from; None for an original."""
    if not dataset.parent or state.options or not (Path(state.data) / versions.FILE).is_file():
        return None
    return versions.origin(Path(state.data))
