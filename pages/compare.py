"""Several sounds side by side, in several pictures each."""

import streamlit as st

from audioclf.features import views
from audioclf.ui import clips, compare, data, frame, hold, looks
from audioclf.ui.player import player

with frame.page(
    "Compare", "Several sounds side by side: what do the sounds of one class share, and what sets the classes apart?"
) as state:
    dataset = data.require(state)
    chosen = compare.choose(state, dataset)
    features = views()
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    with left:
        kinds = st.pills(
            "Pictures",
            list(features),
            selection_mode="multi",
            default=["waveform", "stft", "mel"],
            format_func=lambda kind: features[kind].title,
            key="compare.kinds",
            persist_state="session",
        )
    with right:
        scale = st.segmented_control(
            "Colours mean",
            ["the same in a row", "their own"],
            default="the same in a row",
            required=True,
            key="compare.scale",
            persist_state="session",
        )
    if not chosen or not kinds:
        st.info("Choose at least one sound and one picture.", icon=":material/grid_view:")
        st.stop()
    hold.until_ready()
    audio = looks.audio()
    order = [kind for kind in features if kind in kinds]
    player(
        "compare",
        [clips.track(clip, audio, note=clip.name) for clip in chosen],
        looks.panels(chosen, order, audio, shared=scale == "the same in a row"),
        layout="heads",
        columns=len(chosen),
        height=190,
    )
    st.caption("The pictures use the settings made on the Explore page.")
