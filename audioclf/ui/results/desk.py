"""The error desk: which classes are confused, and the clips of every cell of the confusion matrix, the worst first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf import plots
from audioclf.experiments.runs import Prediction, Run
from audioclf.experiments.runs.mistakes import confused
from audioclf.experiments.runs.review import Verdict, read_review
from audioclf.ui.jobs import run_picker
from audioclf.ui.results import clip_view, kept, review_bar
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.paging import paged
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import count, distinct, escape, plain
from audioclf.ui.sound import clip_list

PER_PAGE = 6
MISTAKES, EVERYTHING = "All mistakes, most confident first", "All test clips"

_LISTED = 12


def draw(state: State, run: Run, metrics: dict[str, Any]) -> None:
    """Draw the matrix, the clips of the chosen cell, what was decided about them, and the clip that is looked at."""
    names = distinct(plain(label, 32) for label in run.classes)
    predictions = kept.predictions(run)
    verdicts = read_review(run)
    _browse(run, metrics["confusion"], predictions, names, verdicts)
    review_bar.draw(state, run, verdicts)
    at = st.session_state.get(_at(run))
    looked_at = next((item for item in predictions if (item.clip, item.split) == at), None)
    if looked_at is not None:
        others = worst_first(predictions, st.session_state.get(_cell(run), MISTAKES))
        clip_view.draw(state, run, looked_at, names, verdicts, others=others, move=lambda item: _look(run, item))


@error_boundary.fragment()
def _browse(
    run: Run,
    confusion: list[list[int]],
    predictions: Sequence[Prediction],
    names: list[str],
    verdicts: dict[int, Verdict],
) -> None:
    """Draw the matrix and the clips of a cell; a click draws these alone, so that the clips can be heard at once."""
    st.subheader("Which classes are confused?", anchor=False)
    st.markdown(f"**{escape(confused(predictions, names))}**")
    left, right = st.columns([3, 2], gap="large")
    with left:
        unit = switch("Numbers", ["Clips", "Share of the true class"], "results.unit")
        theme = st.context.theme.type or "light"
        chart = plots.confusion_chart(confusion, names, normalised=unit != "Clips", theme=theme)
        event = st.vega_lite_chart(chart, key=f"confusion {run.id}", on_select="rerun", selection_mode="cell")
        st.caption("Click a cell to hear its clips, or choose it in the list; double-click to clear the selection.")
    with right:
        found = _chosen(run, predictions, names, event["selection"].get("cell") or [])
        _listed(run, found, verdicts)
    choice, known = st.session_state[_cell(run)], f"{_cell(run)} known"
    changed = st.session_state.get(known, choice) != choice
    st.session_state[known] = choice
    if changed and st.session_state.get(_at(run)) is not None:
        st.rerun()  # the clip below now steps through another list


def _at(run: Run) -> str:
    """Key under which the session keeps which clip is looked at."""
    return f"desk.clip {run.id}"


def _cell(run: Run) -> str:
    """Key under which the session keeps which clips are listed."""
    return f"results.cell {run.id}"


def _look(run: Run, item: Prediction | None) -> None:
    st.session_state[_at(run)] = None if item is None else (item.clip, item.split)


def _chosen(
    run: Run, predictions: Sequence[Prediction], names: list[str], clicked: list[dict[str, str]]
) -> list[Prediction]:
    """Draw the choice of a cell, which a click in the matrix sets; returns its clips."""
    cells = Counter((item.true, item.predicted) for item in predictions)
    wrong = sorted((cell for cell in cells if cell[0] != cell[1]), key=lambda cell: -cells[cell])
    right = sorted(cell for cell in cells if cell[0] == cell[1])
    options: list[Any] = [MISTAKES, EVERYTHING, *wrong, *right]
    key = _cell(run)
    if clicked != st.session_state.get(f"{key} clicked", []):
        st.session_state[f"{key} clicked"] = clicked
        cell = tuple(names.index(clicked[0][side]) for side in ("true", "predicted")) if clicked else MISTAKES
        st.session_state[key] = cell if cell in options else MISTAKES
        if clicked and cell not in options:
            st.toast("No clip is in that cell.")

    def title(option: Any) -> str:
        if isinstance(option, str):
            return f"{option} ({len(predictions) if option == EVERYTHING else sum(cells[cell] for cell in wrong)})"
        true, predicted = option
        words = "predicted correctly" if true == predicted else f"predicted as {names[predicted]}"
        return f"{names[true]}, {words} ({cells[option]})"

    chosen = st.selectbox("Clips", options, format_func=title, key=key, label_visibility="collapsed")
    return worst_first(predictions, chosen)


def worst_first(predictions: Sequence[Prediction], chosen: Any) -> list[Prediction]:
    """The clips of a choice: those whose true class was least probable first, of all mistakes the most confident."""
    if chosen == MISTAKES:
        found = [item for item in predictions if item.true != item.predicted]
        return sorted(found, key=lambda item: -item.probabilities[item.predicted])
    found = [item for item in predictions if chosen == EVERYTHING or (item.true, item.predicted) == chosen]
    return sorted(found, key=lambda item: (item.probabilities[item.true], -item.probabilities[item.predicted]))


def _listed(run: Run, found: Sequence[Prediction], verdicts: dict[int, Verdict]) -> None:
    if not found:
        st.success("Every test clip was predicted correctly.", icon=":material/celebration:")
        return
    shown = paged(found, PER_PAGE, f"results.page {run.id} {len(found)} {found[0].clip}")
    warmup.until_ready()
    _players(run, shown, verdicts)


def _players(run: Run, found: Sequence[Prediction], verdicts: dict[int, Verdict]) -> None:
    if not run.clips:
        st.caption("The list of this run's clips no longer exists.")
        return
    there = [item for item in found if run.clips[item.clip].path.is_file()]
    _gone(run, [item for item in found if item not in there])
    lines = []
    for item in there:
        clip, note = run.clips[item.clip], run_picker.verdict(run, item)
        if item.clip in verdicts:
            note = f"{verdicts[item.clip].words()} · {note}"
        lines.append((clip, clip.label, note))
    picked = clip_list.lines("results", run.experiment.audio, lines, action="Why?")
    if picked is not None:
        _look(run, there[picked])
        st.session_state[clip_view.REVEAL] = f"{there[picked].clip} {there[picked].split}"
        st.rerun()


def _gone(run: Run, missing: Sequence[Prediction]) -> None:
    """What is still known of clips whose files are gone."""
    if not missing:
        return
    st.caption(
        f"The sounds of {count(len(missing), 'clip')} here are no longer on this machine: what was predicted is known,"
        " but they cannot be played or explained."
    )
    for item in missing[:_LISTED]:
        clip = run.clips[item.clip]
        st.caption(escape(f"{plain(clip.label, 32)}: {run_picker.verdict(run, item)} · {plain(clip.name, 48)}"))
