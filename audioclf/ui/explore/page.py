"""One sound, seen in six ways."""

from __future__ import annotations

import streamlit as st

from audioclf.features import views
from audioclf.ui.inference import hearing, similar
from audioclf.ui.shell import current_dataset, page_frame, warmup
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import clip_picker, feature_settings
from audioclf.ui.sound.player import player

ALL = "All"


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Explore",
        "One sound, seen in different ways. Press play and follow the line; click a feature to play from there.",
    ) as state:
        clip = clip_picker.own_or_chosen(state, "explore")
        features = views()
        titles = {kind: feature.title for kind, feature in features.items()}
        view = st.segmented_control(
            "View",
            [ALL, *titles],
            default=ALL,
            required=True,
            format_func=lambda kind: titles.get(kind, "All six"),
            key="explore.view",
            label_visibility="collapsed",
            persist_state="session",
        )
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
        hearing.toggle(clip, "explore.hear")
        similar.toggle(state, current_dataset.loaded(state), clip, "explore.near")
        if view == ALL:
            feature_settings.explanations()
        feature_settings.audio_form()
