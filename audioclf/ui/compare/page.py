"""Several sounds side by side, each as several features."""

from __future__ import annotations

import streamlit as st

from audioclf.features import views
from audioclf.ui.compare import clips_picker
from audioclf.ui.shell import current_dataset, page_frame, warmup
from audioclf.ui.shell.switch import switch
from audioclf.ui.sound import clip_picker, feature_settings
from audioclf.ui.sound.player import player

SHARED = "Shared colour scale"


def draw() -> None:
    """Draw the page."""
    with page_frame.page(
        "Compare",
        "Several sounds side by side: what do the sounds of one class share, and what sets the classes apart?",
    ) as state:
        dataset = current_dataset.require(state)
        features = views()
        left, right = st.columns(2)
        with right:
            scale = switch("Colour scale", [SHARED, "Own colour scales"], "compare.scale")
        chosen = clips_picker.choose(state, dataset, left)
        kinds = st.pills(
            "Features",
            list(features),
            selection_mode="multi",
            default=["waveform", "stft", "mel"],
            format_func=lambda kind: features[kind].title,
            key="compare.kinds",
            label_visibility="collapsed",
            persist_state="session",
        )
        if not chosen or not kinds:
            st.info("Choose at least one sound and one feature.", icon=":material/grid_view:")
            st.stop()
        warmup.until_ready()
        audio = feature_settings.audio()
        order = [kind for kind in features if kind in kinds]
        player(
            "compare",
            [clip_picker.track(clip, audio, note=clip.name) for clip in chosen],
            feature_settings.panels(chosen, order, audio, shared=scale == SHARED),
            layout="heads",
            columns=len(chosen),
            height=150,
        )
        st.caption("The features use the settings from the Explore page.")
