"""What a search comes to: its points, its time as far as finished runs show, and advice."""

from __future__ import annotations

from dataclasses import dataclass

import streamlit as st

from audioclf.core import cluster
from audioclf.datasets import Dataset
from audioclf.tuning import Search
from audioclf.ui.jobs import time_estimate
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, size, span

PREVIEWED = 24
"""With more points the first of them are looked at before Start is pressed, and all once it is."""


@dataclass(frozen=True)
class Forecast:
    """What a search comes to: seconds as far as finished runs show, and advice."""

    seconds: float | None
    advice: tuple[str, ...]


def forecast(state: State, search: Search, dataset: Dataset) -> Forecast:
    """What the search comes to; kept, since every click on the page asks."""
    return _forecast_of(search.to_toml(), dataset.fingerprint, state.workspace, state, search, dataset)


@st.cache_resource(max_entries=64, ttl=600, show_spinner=False)
def _forecast_of(
    toml: str, fingerprint: str, workspace: str, _state: State, _search: Search, _dataset: Dataset
) -> Forecast:
    points = _search.preview[:PREVIEWED]
    plans = _search.examine(_dataset, most=PREVIEWED)
    estimates = [
        time_estimate.estimated(_state, point.experiment, plan) for point, plan in zip(points, plans, strict=True)
    ]
    times = [item.seconds for item in estimates if item.seconds is not None]
    tight = [
        f"Point {point.number} ({point.title}) needs about {size(item.memory_bytes)}, and a job may take"
        f" {size(item.most_bytes)} here: it would end there."
        for point, item in zip(points, estimates, strict=True)
        if not item.fits
    ]
    advice = dict.fromkeys((*_search.advice, *tight[:3], *(words for plan in plans for words in plan.advice)))
    seconds = _search.count / len(points) * sum(times) if len(times) == len(points) else None
    return Forecast(seconds, tuple(advice))


def summary(search: Search, found: Forecast | None) -> None:
    """Draw how many points there are and what they will take."""
    first = search.preview[0].experiment
    with st.container(horizontal=True, gap="medium"):
        st.metric("Points", f"{search.count:,}", width="content")
        if first.model.family != "classical":
            st.metric("Epochs each", f"{first.training.epochs:,}", width="content")
        if found is not None and found.seconds is not None:
            most = "At most: points may stop earlier. " if first.training.early_stopping else ""
            st.metric(
                "Time, about",
                span(found.seconds, found.seconds),
                width="content",
                help=f"{most}From runs of the same models on inputs of the same shape.",
            )
    unknown = "" if found is None or found.seconds is not None else " The time is shown once the first has begun."
    where = "side by side by the workers of the cluster" if cluster.is_set() else "one after the other"
    st.caption(f"All points are trained {where}.{unknown} Features that several points share are computed once.")
    for sentence in found.advice[:4] if found is not None else ():
        st.caption(escape(sentence))
