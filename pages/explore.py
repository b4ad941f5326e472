"""One sound, seen in six ways."""

import streamlit as st

from audioclf.features import views
from audioclf.ui import clips, frame, hold, looks
from audioclf.ui.player import player
from audioclf.ui.text import escape

ALL = "All"

with frame.page(
    "Explore", "One sound, seen in different ways. Press play and follow the line; click a picture to hear from there."
) as state:
    clip = clips.own_or_chosen(state, "explore")
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
            form = looks.feature_form(view)
    with picture:
        hold.until_ready()
        audio = looks.audio()
        sound = clips.track(clip, audio, note=clips.facts(clip))
        if view == ALL:
            player("explore", [sound], looks.panels([clip], list(features), audio), columns=2, height=230)
        elif form.value is not None:
            with form.beside():
                player("explore", [sound], looks.panel_of(clip, form.value, audio), height=440)
                looks.save(clip, form.value, audio)
    if view == ALL:
        looks.explanations()
    with st.expander("How the sound is read", icon=":material/tune:"):
        looks.audio_form()
