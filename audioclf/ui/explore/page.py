"""One sound, seen in six ways."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from audioclf.datasets import Clip
from audioclf.features import views
from audioclf.ui.explore import resynthesis, steps
from audioclf.ui.shell import page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import as_python, clip_picker, feature_settings, view_link
from audioclf.ui.sound.player import player
from audioclf.ui.sound.view_link import Field, one_of

ALL = "All"

SECTIONS: dict[str, Callable[[State, Clip], None]] = {
    "Step by step": steps.draw,
    "Hear it": resynthesis.draw,
}
"""What the page shows beside the features, by title."""

LINK = [
    Field("show", "explore.view", ALL, one_of([ALL, *views(), *SECTIONS])),
    *steps.LINK,
    *resynthesis.LINK,
]
"""What is chosen on this page, as its link keeps it."""


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Explore",
        "One sound, seen in different ways. Press play and follow the line; click a feature to play from there.",
    ) as state:
        clip = clip_picker.own_or_chosen(state, "explore")
        view_link.take(LINK)
        features = views()
        titles = {kind: feature.title for kind, feature in features.items()}
        short = {ALL: "All six"} | {kind: title.split()[0] for kind, title in titles.items()}
        view = st.segmented_control(
            "View",
            [ALL, *titles, *SECTIONS],
            default=ALL,
            required=True,
            format_func=lambda kind: short.get(kind, kind),
            key="explore.view",
            label_visibility="collapsed",
            persist_state="session",
        )
        if view in SECTIONS:
            warmup.until_ready()
            SECTIONS[view](state, clip)
            feature_settings.audio_form()
            view_link.publish(LINK)
            return
        picture, side = st.columns([5, 3], gap="medium") if view != ALL else (st.container(), None)
        if side is not None:
            with side:
                st.markdown(f"**{escape(titles[view])}**")
                st.markdown(escape(features[view].explanation))
                form = feature_settings.feature_form(view)
        with picture:
            warmup.until_ready()
            audio = feature_settings.audio()
            sound = clip_picker.track(clip, audio, note=clip_picker.facts(clip))
            if view == ALL:
                player(
                    "explore", [sound], feature_settings.panels([clip], list(features), audio), columns=3, height=138
                )
            elif form.value is not None:
                with form.beside():
                    player("explore", [sound], feature_settings.panel_of(clip, form.value, audio), height=440)
                    feature_settings.save(clip, form.value, audio)
        if view == ALL:
            feature_settings.explanations()
        feature_settings.audio_form()
        as_python.of_clip(state, clip, list(features) if view == ALL else [view])
        view_link.publish(LINK)
