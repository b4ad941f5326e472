"""What a search shows about its parameters: which of them matter, and which values go together."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audioclf.plots.tuning import importance_spec, parallel_spec
from audioclf.tuning import METRICS, SearchRun, Standing, short, spelled
from audioclf.ui.shell.glossary import explain
from audioclf.ui.shell.text import plain

MEASURED = {"val_loss": "error on validation clips", "val_accuracy": "accuracy on validation clips"}
"""What points are chosen by, in plain words."""

_FEWEST = 3


def show(made: SearchRun, board: Sequence[Standing]) -> None:
    """Draw the parameters' importance and the points as parallel coordinates, once a few points are done.

    On the leader board, the chosen point stands first.
    """
    metric = made.search.metric
    done = [item for item in board if item.state == "done" and item.figure(metric) is not None]
    if len(done) < _FEWEST:
        return
    names = {name: plain(title, 24) for name, title in short(made.search.grid).items()}
    importance = made.importance
    right = st.container()
    if importance:
        left, right = st.columns([2, 3], gap="medium")
        with left:
            st.markdown("**Importance of the parameters**")
            spec = importance_spec({names[name]: share for name, share in importance.items()})
            st.vega_lite_chart(spec, width="stretch", key=f"search.importance {made.id}")
            st.caption(
                "Share of the differences between the finished points that each parameter explains by itself or with"
                f" others. An estimate from {len(done)} points.",
                help=explain("fANOVA"),
            )
    with right:
        st.markdown("**Every point as a line**", help="Parallel coordinates: an axis for each parameter.")
        settings = [
            {name: value if isinstance(value, int | float) else spelled(value) for name, value in item.settings.items()}
            for item in done
        ]
        figures = [float(item.figure(metric) or 0.0) for item in done]
        spec = parallel_spec(settings, figures, names=names, metric=metric, best=0)
        st.vega_lite_chart(spec, width="stretch", key=f"search.parallel {made.id}")
        st.caption(
            f"A line is a point; its colour is its {MEASURED[metric]}, yellow the {METRICS[metric]}, and the"
            " chosen point is drawn thicker."
        )
