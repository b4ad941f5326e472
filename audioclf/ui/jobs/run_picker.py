"""The runs of a workspace: choosing one, and the list of all with their state."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import AudioclfError
from audioclf.experiments.runs import Prediction, Run, Summary, list_runs, summarise
from audioclf.inference import assets
from audioclf.jobs import queue
from audioclf.tuning import SearchRun, list_searches
from audioclf.ui.shell import table
from audioclf.ui.shell.missing import missing
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import distinct, plain

STARTER = "starter"
"""Stands for the model that comes with audioclf where a run's id would."""


LEAKY = "leaky: it was trained on its test clips"

_WORTH_NAMING = 0.01

_TELLING = ("run.json", "status.json", "metrics.json", "history.csv", "experiment.toml")

LOOKS: dict[str, tuple[str, Any, str]] = {
    "queued": ("waiting", "gray", ":material/hourglass_top:"),
    "running": ("running", "violet", ":material/model_training:"),
    "done": ("done", "green", ":material/check_circle:"),
    "pruned": ("pruned", "gray", ":material/content_cut:"),
    "stopped": ("stopped", "orange", ":material/stop_circle:"),
    "interrupted": ("interrupted", "orange", ":material/power_off:"),
    "failed": ("failed", "red", ":material/error:"),
}
"""Word, colour and icon of every state of a run."""


def runs(state: State) -> list[Run]:
    """All runs of the user's workspace, newest first; looks after those that wait for their turn."""
    queue.ensure_supervisor()
    return list_runs(workspaces.runs_folder(state.workspace))


def find(state: State, run_id: str) -> Run | None:
    """A run of the user's workspace by its id; ids come from addresses, so they are looked up and never joined."""
    if not run_id:
        return None
    return next((run for run in runs(state) if run.id == run_id), None) or point(state, run_id)


def searches(state: State) -> list[SearchRun]:
    """All searches of the user's workspace, newest first."""
    queue.ensure_supervisor()
    return list_searches(workspaces.searches_folder(state.workspace))


def point(state: State, run_id: str) -> Run | None:
    """The run of a point of one of the user's searches, by its id."""
    of = next((made for made in searches(state) if run_id.startswith(f"{made.id}.")), None)
    return next((run for run in of.runs if run.id == run_id), None) if of is not None else None


def starter() -> Run | None:
    """The model that comes with audioclf, where this installation has it."""
    try:
        return assets.starter_run()
    except AudioclfError:
        return None


def badge(run_state: str) -> None:
    """State of a run in a word and a colour."""
    shown, colour, icon = LOOKS.get(run_state, LOOKS["queued"])
    st.badge(shown, icon=icon, color=colour)


def word(state: str) -> str:
    """State of a run in a word."""
    return LOOKS[state][0] if state in LOOKS else state


def name(run: Run) -> str:
    """Name of a run on one line."""
    return plain(run.name, 64)


def ago(when: float) -> str:
    """How long ago a Unix time was, for people."""
    passed = time.time() - when
    if passed < 60:
        return "just now"
    if passed < 3600:
        return f"{passed / 60:.0f} min ago"
    if passed < 12 * 3600:
        return f"{passed / 3600:.0f} h ago"
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(when))


def summary(run: Run) -> Summary:
    """What a list says of a run; its files are read again only where they have changed."""
    stamps = [path.stat().st_mtime_ns if path.exists() else 0 for path in (run.folder / name for name in _TELLING)]
    return dataclasses.replace(_summary(str(run.folder), tuple(stamps), run), state=run.status.state)


@st.cache_data(max_entries=4096, show_spinner=False)
def _summary(folder: str, stamps: tuple[int, ...], _run: Run) -> Summary:
    return summarise(_run)


def remark(known: Summary) -> str:
    """What has to be known beside the figures."""
    return plain("; ".join(([LEAKY] if known.leaky else []) + list(known.remarks)), 200)


def label(run: Run) -> str:
    """Name, accuracy and age of a run, to choose by; a sign where something has to be known beside the figure."""
    known = summary(run)
    how = f"{known.accuracy:.1%}" if known.accuracy is not None else word(known.state)
    if known.accuracy is not None and remark(known):
        how += " ⚠"
    return " · ".join([plain(known.name, 64), how, ago(known.created)])


def pick(state: State, *, with_starter: bool = False) -> Run:
    """Draw the choice of a run with results; where there is none yet, the page says what to do and ends here.

    ``with_starter``: the model that comes with audioclf can be chosen too.
    Where the session has no run yet, the newest one of the chosen data set comes first, then the newest of all.
    A chosen run that is not there is never replaced by another: the page says so and ends here.
    """
    found = {run.id: run for run in runs(state) if run.has_metrics}
    of_search = point(state, state.run)
    if of_search is not None and of_search.has_metrics:
        found = {of_search.id: of_search, **found}
    own = starter() if with_starter else None
    if own is not None:
        found[STARTER] = own
    if state.run and state.run not in found:
        require_another(state)
        st.stop()
    if not found:
        none_yet()
        st.stop()
    ids = list(found)
    wanted = state.run or next((run_id for run_id in ids if _of_chosen(state, found[run_id])), ids[0])
    labels = distinct("Starter model · instruments" if run_id == STARTER else label(found[run_id]) for run_id in ids)
    chosen = ids[st.selectbox("Model", range(len(ids)), index=ids.index(wanted), format_func=labels.__getitem__)]
    state.run = chosen
    return found[chosen]


def none_yet() -> None:
    """Say that there is no run, with the way to make one."""
    st.info("No model has been trained yet.", icon=":material/model_training:")
    if st.button("Train one", type="primary", icon=":material/play_arrow:"):
        st.switch_page("pages/train.py")


def _of_chosen(state: State, run: Run) -> bool:
    """Whether a run was made of the chosen data set."""
    try:
        choice = run.experiment.dataset
    except AudioclfError:
        return False  # a damaged run is reported where it is opened
    return (choice.name, choice.options) == (state.data, state.options)


def require_another(state: State) -> None:
    """Say why the chosen run cannot be shown here, and offer to choose another."""
    if state.run == STARTER:
        sentence = "The starter model has no training or test clips to show; try it on Classify or Explain."
    elif (run := find(state, state.run)) is not None:
        yet = "" if run.status.ended else " yet"
        sentence = f"The run '{name(run)}' has no results{yet} ({word(run.status.state)})."
    else:
        sentence = f"The run '{plain(state.run, 64)}' does not exist here; it may have been deleted or moved."
    if missing(sentence, "Choose another run", "run"):
        state.run = ""
        st.rerun()


def recent(state: State, most: int = 50) -> None:
    """Draw the list of runs, where there are any; a click on one chooses it."""
    import pandas as pd

    shown = runs(state)[:most]
    if not shown:
        return
    st.subheader("Recent runs", anchor=False)
    rows = [_row(run) for run in shown]
    if not any(row["remark"] for row in rows):
        rows = [{name: value for name, value in row.items() if name != "remark"} for row in rows]
    columns = {"accuracy": table.share(width=130), "remark": st.column_config.TextColumn(width=190)}
    picked = table.clicked_row(pd.DataFrame(rows), "recent", column_config=columns)
    if picked is not None:
        state.run = shown[picked].id
        st.rerun()


def _row(run: Run) -> dict[str, Any]:
    known = summary(run)
    return {
        "run": plain(known.name, 64),
        "state": word(known.state),
        "accuracy": None if known.accuracy is None else 100 * known.accuracy,
        "remark": remark(known),
        "data set": plain(known.data, 40),
        "features": ", ".join(known.features),
        "model": known.model,
        "made": ago(known.created),
    }


def verdict(run: Run, item: Prediction) -> str:
    """What the model predicted for a clip, with the two largest probabilities."""
    ranked = sorted(range(len(item.probabilities)), key=lambda number: -item.probabilities[number])[:2]
    if item.probabilities[ranked[-1]] < _WORTH_NAMING:
        ranked.pop()
    named = ", ".join(f"{plain(run.classes[number], 24)} {item.probabilities[number]:.0%}" for number in ranked)
    return f"{'✓' if item.true == item.predicted else '✗'} {named}"
