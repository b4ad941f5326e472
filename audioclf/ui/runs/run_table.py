"""The table of all runs, sortable by every figure, and which of them are chosen."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.experiments.runs import Run, Summary
from audioclf.ui.jobs import run_picker
from audioclf.ui.shell.glossary import explain, plain_name, plain_protocol
from audioclf.ui.shell.state import State
from audioclf.ui.shell.table import height
from audioclf.ui.shell.text import plain

_CHOSEN = "runs.chosen"
_EVERY = "All data sets"


def choose(state: State) -> list[tuple[Run, Summary]]:
    """Draw the table; returns the chosen runs in its order. The page ends here where there is no run yet."""
    found = [(run, run_picker.summary(run)) for run in run_picker.runs(state)]
    if not found:
        run_picker.none_yet()
        return []
    shown = _of_one_data_set(found)
    kept = set(st.session_state.setdefault(_CHOSEN, []))
    marked = [number for number, (run, _) in enumerate(shown) if run.id in kept]
    ids = " ".join(run.id for run, _ in shown)
    event = st.dataframe(
        _table([summary for _, summary in shown]),
        hide_index=True,
        # other rows are another table, which begins with what was chosen in the one before
        key=f"runs.table {hashlib.blake2b(ids.encode(), digest_size=8).hexdigest()}",
        on_select="rerun",
        selection_mode="multi-row",
        selection_default={"selection": {"rows": marked}},
        placeholder="–",
        height=height(len(shown), 12),
        column_config={
            "accuracy": st.column_config.NumberColumn(format="%.1f %%"),
            "val loss": st.column_config.NumberColumn(
                "error on validation",
                format="%.3f",
                help=explain("loss", "validation", note="Of the epoch whose weights are kept: lower is better."),
            ),
            "weights": st.column_config.NumberColumn(
                format="localized", help="Numbers that the model learned; models that are no networks have none."
            ),
            "seconds": st.column_config.NumberColumn(format="%.0f", help="From pressing Start to the result."),
            "mean ± sd": st.column_config.TextColumn(
                plain_name("standard deviation").lower(),
                width=130,
                help=explain("standard deviation", note="Mean and standard deviation: how much is chance."),
            ),
            "95 % interval": st.column_config.TextColumn("most likely between", help=explain("95 % interval")),
            "protocol": st.column_config.TextColumn("tested", help=explain("protocol", "group")),
            "interval": st.column_config.TextColumn(
                "it varies by", help="Clips of one group resemble each other, so where groups are known they count."
            ),
            "remark": st.column_config.TextColumn(width=230),
            "made": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm"),
        },
    )
    chosen = [shown[number] for number in event["selection"]["rows"] if number < len(shown)]
    st.session_state[_CHOSEN] = [run.id for run, _ in chosen]
    return chosen


def _of_one_data_set(found: list[tuple[Run, Summary]]) -> list[tuple[Run, Summary]]:
    """Draw the choice of a data set where the runs are of several."""
    names = list(dict.fromkeys(summary.data for _, summary in found if summary.data))
    if len(names) < 2:
        return found
    wanted = st.selectbox(
        "Data set",
        [_EVERY, *names],
        format_func=lambda name: plain(name, 60),
        key="runs.data",
        label_visibility="collapsed",
        persist_state="session",
        width=320,
    )
    return found if wanted == _EVERY else [(run, summary) for run, summary in found if summary.data == wanted]


def _table(summaries: Sequence[Summary]) -> Any:
    """The rows; columns in which no run has anything are left out."""
    import pandas as pd

    table = pd.DataFrame([_row(summary) for summary in summaries])
    optional = ("remark", "interval", "mean ± sd", "val loss", "weights", "note")
    empty = [
        name for name in optional if not table[name].map(lambda cell: cell not in ("", None) and cell == cell).any()
    ]
    return table.drop(columns=empty)


def _row(summary: Summary) -> dict[str, Any]:
    spread = ""
    if summary.accuracy_mean is not None and summary.accuracy_sd is not None:
        spread = f"{summary.accuracy_mean:.1%} ± {summary.accuracy_sd:.1%}"
    interval = ""
    if summary.low is not None and summary.high is not None:
        interval = f"{summary.low:.1%} and {summary.high:.1%}"
    over = summary.interval.rpartition(" over ")[2]  # without the name of the statistic
    return {
        "run": plain(summary.name, 64),
        "state": run_picker.word(summary.state),
        "accuracy": None if summary.accuracy is None else 100 * summary.accuracy,
        "remark": run_picker.remark(summary),
        "95 % interval": interval,
        "interval": "" if over.endswith(" clips") else over,
        "protocol": plain(plain_protocol(summary.protocol), 160),
        "mean ± sd": spread,
        "val loss": summary.val_loss,
        "seconds": summary.seconds,
        "weights": summary.n_parameters or None,
        "model": summary.model,
        "features": ", ".join(summary.features),
        "data set": plain(summary.data, 40),
        "note": plain(summary.note, 200),
        "made": datetime.datetime.fromtimestamp(summary.created),
    }
