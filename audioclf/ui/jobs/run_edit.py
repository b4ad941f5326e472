"""Name, note and deletion of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Run
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import count, escape, plain

UNDER_WAY = "It is still running; stop it first."


def edit(state: State, run: Run, width: Literal["content", "stretch"] = "stretch") -> None:
    """Draw the button behind which a run is named, noted and deleted."""
    box = st.popover("Edit", icon=":material/edit:", width=width, key=f"edit {run.id}", on_change="rerun")
    if not box.open:
        return
    with box:
        about = run.about
        name = st.text_input("Name", about["name"], max_chars=120, key=f"edit.name {run.id}")
        note = st.text_area("Note", about["note"], max_chars=2000, key=f"edit.note {run.id}")
        save = f"edit.save {run.id}"
        if st.button("Save", type="primary", disabled=not name.strip(), icon=":material/save:", key=save):
            run.describe(name=name.strip(), note=note.strip())
            st.rerun()
        st.divider()
        delete(state, [run])


def delete(state: State, runs: Sequence[Run]) -> None:
    """Draw the button that deletes runs, once a tick has confirmed it; a run under way stays."""
    ended = [run for run in runs if run.status.ended]
    key = " ".join(run.id for run in runs[:1]) + f" {len(runs)}"
    if not ended:
        st.caption(UNDER_WAY)
        return
    what = "this run" if len(runs) == 1 else count(len(ended), "run")
    sure = st.checkbox(f"Delete {what} for good", key=f"edit.sure {key}")
    st.caption("This deletes its models, curves and results, and cannot be undone.")
    if len(ended) < len(runs):
        st.caption(f"{count(len(runs) - len(ended), 'run')} still running will stay.")
    if st.button("Delete", disabled=not sure, icon=":material/delete:", key=f"edit.delete {key}"):
        kept = []
        for run in ended:
            try:
                run.delete()
            except AudioclfError as error:
                kept.append(error)
            except OSError as error:
                kept.append(AudioclfError(f"Run '{plain(run.name, 64)}' cannot be deleted ({escape(error.strerror)})."))
            if state.run == run.id:
                state.run = ""
        if not kept:
            st.rerun()
        for complaint in kept:
            error_boundary.show_error(complaint)
