"""One sound in all its features, their parameters, how they are made and what they keep."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import streamlit as st

from audioclf.datasets import Clip
from audioclf.features import views
from audioclf.ui.explore import features_view, resampling, resynthesis, steps
from audioclf.ui.inference import hearing, similar
from audioclf.ui.shell import current_dataset, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.sound import clip_picker, feature_settings, player, view_link
from audioclf.ui.sound.view_link import Field, one_of

ALL = "All"
LONGEST = 60.0
"""Seconds of a sound that are followed step by step, resampled and made again."""

SECTIONS: dict[str, Callable[[State, Clip], None]] = {
    "Step by step": steps.draw,
    "Hear it": resynthesis.draw,
    "Resampling": resampling.draw,
}
"""What the page shows beside the features, by title."""

LINK = [
    Field("show", "explore.view", ALL, one_of([ALL, *views(), *SECTIONS])),
    *features_view.LINK,
    *steps.LINK,
    *resynthesis.LINK,
]
"""What is chosen on this page, as its link keeps it."""


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Explore",
        "One sound, seen in different ways. Press play and follow the line; click a feature to play from there, drag to"
        " select.",
    ) as state:
        clip = clip_picker.own_or_chosen(state, "explore")
        if view_link.take(LINK):
            player.taken(features_view.KEY)
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
            warmup.until_ready()
            SECTIONS[view](state, _beginning(clip))
        elif view == ALL:
            features_view.all_six(state, clip)
        else:
            features_view.one(state, clip, view, functools.partial(view_link.publish, LINK))
        if view not in SECTIONS:
            hearing.toggle(clip, "explore.hear")
            similar.toggle(state, current_dataset.loaded(state), clip, "explore.near")
        feature_settings.audio_form()
        view_link.publish(LINK)


def _beginning(clip: Clip) -> Clip:
    """The clip, or the first minute of it, which is enough to follow what is done to it."""
    if clip.seconds <= LONGEST:
        return clip
    st.caption(f"Only the first {LONGEST:g} s are used here.")
    return replace(clip, duration=LONGEST)
