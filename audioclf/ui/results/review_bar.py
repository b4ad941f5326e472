"""What was decided about test clips, and a new version of the data set made of it, to train on again."""

from __future__ import annotations

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import DatasetError
from audioclf.datasets.readers import versions
from audioclf.experiments.config import DatasetChoice
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.review import Verdict, counted, forget, reviewed_accuracy, revised
from audioclf.jobs import queue
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape

_COUNTED = (
    "Relabelled clips count by their new label, clips of which both classes are right as correct, clips left out not at"
    " all. Where only mistakes were listened to, this accuracy can only rise: labels of other clips may be wrong, too."
)


def draw(state: State, run: Run, verdicts: dict[int, Verdict]) -> None:
    """Draw it; nothing where nothing was decided yet."""
    if not verdicts:
        return
    with st.container(border=True, key="desk.review"), error_boundary.boundary("review"):
        words = f"**{escape(counted(verdicts))}.**"
        accuracy = reviewed_accuracy(run, verdicts)
        if accuracy is not None:
            before = f"{run.metrics['accuracy']:.1%}"
            words += f" By these labels the accuracy of this run is **{accuracy:.1%}** instead of {before}."
        st.markdown(words)
        st.caption(_COUNTED)
        with st.container(horizontal=True, gap="small", vertical_alignment="center"):
            again = st.button("Train again", type="primary", icon=":material/replay:", key="desk.again")
            only = st.button("Save a new version", icon=":material/save:", key="desk.save")
            if st.button("Discard", icon=":material/close:", key="desk.discard"):
                forget(run)
                st.rerun()
        st.caption(
            "Train again and Save make a new version of the data set, without the clips left out and those of two right"
            " classes; your files and earlier versions stay. Train again runs the same experiment on it. Its test clips"
            " are drawn anew, so a small difference may come from them."
        )
        if again or only:
            _save(state, run, verdicts, train=again)


def _save(state: State, run: Run, verdicts: dict[int, Verdict], *, train: bool) -> None:
    edited = revised(run, verdicts)
    if not edited.clips:
        raise DatasetError("No clip would be left; keep at least one.")
    choice = run.experiment.dataset
    kept = versions.save(edited, workspaces.datasets_folder(state.workspace), choice.options)
    made = None
    if train:
        edited.require_trainable()
        experiment = run.experiment.replace(dataset=DatasetChoice(kept.source), name="", note=f"Reviewed: {run.name}")
        made = queue.submit(experiment, workspace=state.workspace, data_title=edited.name)
    forget(run)
    state.choose(kept.source)
    if made is None:
        st.switch_page("pages/data.py")
    state.run = made.id
    st.switch_page("pages/train.py")
