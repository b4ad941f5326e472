"""A search that is being made, or was: where it stands, its points from the best down, and what to do with one."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from audioclf.experiments.runs import Status
from audioclf.plots.tuning import values_chart
from audioclf.training.intervals import interval_words
from audioclf.tuning import METRICS, SearchRun, Standing, short, spelled
from audioclf.ui.forms import experiment_draft
from audioclf.ui.jobs import follow, run_picker
from audioclf.ui.search import analysis
from audioclf.ui.shell import error_boundary
from audioclf.ui.shell.glossary import explain, plain_protocol
from audioclf.ui.shell.missing import missing
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import height, one_row
from audioclf.ui.shell.text import count, escape, plain, seconds

_CHARTS = 6


def current(state: State) -> SearchRun | None:
    """The session's search; one that is under way where it has none."""
    found = run_picker.searches(state)
    chosen = next((made for made in found if made.id == state.search), None)
    if chosen is None and not state.search:
        chosen = next((made for made in found if made.status.state in ("running", "queued")), None)
        if chosen is not None:
            state.search = chosen.id
    return chosen


def require_another(state: State) -> None:
    """Say that the chosen search is not there, and offer to choose another."""
    sentence = f"The search '{plain(state.search, 64)}' does not exist here; it may have been deleted or moved."
    if missing(sentence, "Choose another search", "search"):
        state.search = ""
        st.rerun()


def show(state: State, made: SearchRun) -> None:
    """Draw a search: by itself every two seconds while it is being made."""
    with st.container(border=True, key="search.shown"), error_boundary.boundary("search"):
        follow.follow(made, partial(_draw, state, made))


def _draw(state: State, made: SearchRun) -> None:
    status, board = made.status, made.board
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{escape(plain(made.name, 80))}**", width="content")
        run_picker.badge(status.state)
        st.space("stretch")
        follow.buttons(made, status, "search")
        if status.ended:
            _delete(state, made)
    done = sum(standing.state == "done" for standing in board)
    so_far = f"{done} of {count(made.search.count, 'point')} done"
    follow.where(made, status, [so_far, status.message or "Starting"], f"{so_far}. ")
    best = made.best
    if best is not None:
        _chosen(made, best, status)
    picked = _table(made, board)
    if picked is not None:
        _actions(state, made, picked)
    _charts(made, board, best)
    analysis.show(made, board)


def _delete(state: State, made: SearchRun) -> None:
    with st.popover("Delete", icon=":material/delete:"):
        sure = st.checkbox("Delete this search and its points for good", key=f"search.sure {made.id}")
        if st.button("Delete", disabled=not sure, icon=":material/delete:", key="search.delete"):
            made.delete()
            state.search = ""
            st.rerun()


def _chosen(made: SearchRun, best: Standing, status: Status) -> None:
    """The best point in words; its test figure only once nothing is left to be chosen."""
    metric = made.search.metric
    title = best.title
    stated = f"{analysis.MEASURED[metric]} {_figure(best.figure(metric), metric)}"
    if status.state != "done":
        st.markdown(f"Best so far: **{escape(title)}** ({escape(stated)}).")
        return
    run = made.run(best.number)
    about = None
    words = f"Chosen: **{escape(title)}**, with the {METRICS[metric]} {escape(stated)}."
    if run is not None and run.has_metrics:
        metrics = run.metrics
        low, high = metrics["interval"]
        exact = (f"{interval_words(metrics)}; {metrics['protocol']}.").removeprefix("; ")
        met = "LEAKY, on clips it was trained on" if metrics["leaky"] else "On unseen clips"
        words += (
            f" {met}: **{metrics['accuracy']:.1%}** of {count(metrics['n_test'], 'test clip')} (most likely between"
            f" {low:.1%} and {high:.1%}). Tested {escape(plain_protocol(metrics['protocol']))}."
        )
        about = explain("95 % interval", "protocol", note=exact)
    st.markdown(words, help=about)
    st.caption(
        "Only the chosen point's test accuracy is shown. Picking the point with the best test result would mean"
        " choosing on the test clips: part of that accuracy would be luck, and no clips would be left to show how much."
    )


def _table(made: SearchRun, board: Sequence[Standing]) -> Standing | None:
    """The leader board; returns the line that is marked, the first where none is."""
    import pandas as pd

    if not board:
        return None
    names = short(made.search.grid)
    planned = made.search.experiment.training.epochs
    rows = [
        {
            "place": place if standing.state == "done" else None,
            **{plain(names[name], 40): plain(spelled(standing.settings[name]), 40) for name in names},
            "val_loss": standing.val_loss,
            "val_accuracy": None if standing.val_accuracy is None else 100 * standing.val_accuracy,
            "epochs": standing.epochs,
            "state": run_picker.word(standing.state) if standing.state != "waiting" else "to come",
            "time": "" if standing.seconds is None else seconds(standing.seconds),
            "remark": plain(standing.message, 200),
        }
        for place, standing in enumerate(board, start=1)
    ]
    table = pd.DataFrame(rows)
    if not table["remark"].any():
        table = table.drop(columns="remark")
    numbers = [standing.number for standing in board]
    kept = f"search.marked {made.id}"
    marked = st.session_state.get(kept)
    row = one_row(
        table,
        # points in another order are another table, in which the marked one is marked again
        f"search.board {made.id} {'-'.join(map(str, numbers))}",
        selection_default={"selection": {"rows": [numbers.index(marked)] if marked in numbers else []}},
        height=height(len(rows), 11),
        placeholder="–",
        column_config={
            "place": st.column_config.NumberColumn(width="small", format="%d"),
            "val_loss": st.column_config.NumberColumn(
                "error on validation",
                format="%.4f",
                help=explain("loss", "validation", note="val_loss of the epoch that is kept: lower is better."),
            ),
            "val_accuracy": st.column_config.NumberColumn(
                "right on validation", format="%.1f %%", help=explain("accuracy", "validation", note="val_accuracy.")
            ),
            "epochs": st.column_config.NumberColumn(help=f"Epochs so far, of {planned:,} at most per model."),
        },
    )
    st.session_state[kept] = None if row is None else numbers[row]
    return board[row or 0]


def _actions(state: State, made: SearchRun, standing: Standing) -> None:
    """What can be done with one point: open it, or train it on all clips."""
    run = made.run(standing.number)
    point = made.point(standing.number)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"Point {standing.number}: {escape(point.title)}", width="content")
        st.space("stretch")
        if st.button(
            "Open as run",
            icon=":material/monitoring:",
            disabled=run is None or not run.has_metrics,
            key="search.open",
            help="Curves, confusion matrix and test clips of this point. Look, but let the validation clips choose.",
        ):
            assert run is not None
            state.run = run.id
            st.switch_page("pages/results.py")
        label = "Train this on all clips" if made.search.share < 1 else "Use on the Train page"
        if st.button(
            label,
            icon=":material/model_training:",
            key="search.train",
            help="Fills in the Train page with these settings, on the whole data set.",
        ):
            experiment_draft.hand_over(state, point.experiment.replace(dataset=made.search.experiment.dataset))
            state.run = ""
            st.switch_page("pages/train.py")


def _charts(made: SearchRun, board: Sequence[Standing], best: Standing | None) -> None:
    """The figure of every finished point against each parameter."""
    metric = made.search.metric
    shown = [item for item in board if item.state == "done" and item.figure(metric) is not None]
    if len(shown) < 2:
        return
    names = short(made.search.grid)
    several = [name for name in names if len({spelled(item.settings[name]) for item in shown}) > 1][:_CHARTS]
    if not several:
        return
    measured = analysis.MEASURED[metric].capitalize()
    st.markdown(f"**{measured} by value** ({'lower' if METRICS[metric] == 'lowest' else 'higher'} is better)")
    for first in range(0, len(several), 3):
        for column, name in zip(st.columns(3, gap="medium"), several[first : first + 3], strict=False):
            chart = values_chart(
                [_value(item.settings[name]) for item in shown],
                [float(item.figure(metric) or 0.0) for item in shown],
                name=names[name],
                metric=metric,
                titles=[item.title for item in shown],
                best=next((place for place, item in enumerate(shown) if best and item.number == best.number), None),
            )
            column.vega_lite_chart(chart)


def _value(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else spelled(value)


def _figure(value: float | None, metric: str) -> str:
    if value is None:
        return "–"
    return f"{value:.1%}" if metric == "val_accuracy" else f"{value:.4f}"
