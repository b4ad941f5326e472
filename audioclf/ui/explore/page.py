"""One sound, seen in six ways."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.datasets import Clip
from audioclf.features import views
from audioclf.ui.explore import features_view, resampling
from audioclf.ui.shell import page_frame
from audioclf.ui.shell.state import State
from audioclf.ui.sound import clip_picker, feature_settings

ALL = "All"

SECTIONS: dict[str, Callable[[State, Clip], None]] = {
    "Resampling": resampling.draw,
}
"""What the page shows beside the features, by title."""


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Explore",
        "One sound, seen in different ways. Press play and follow the line; click a feature to play from there, drag to"
        " select.",
    ) as state:
        clip = clip_picker.own_or_chosen(state, "explore")
        titles = {ALL: "All six"} | {kind: feature.title.split()[0] for kind, feature in views().items()}
        if features_view.NEXT in st.session_state:
            st.session_state["explore.view"] = st.session_state.pop(features_view.NEXT)
        view = st.segmented_control(
            "View",
            [*titles, *SECTIONS],
            default=ALL,
            required=True,
            format_func=lambda kind: titles.get(kind, kind),
            key="explore.view",
            label_visibility="collapsed",
            persist_state="session",
        )
        if view in SECTIONS:
            SECTIONS[view](state, clip)
        elif view == ALL:
            features_view.all_six(state, clip)
        else:
            features_view.one(state, clip, view)
        feature_settings.audio_form()
