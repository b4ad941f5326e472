"""The first page: what one can do here, a live picture, and one click to sounds."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import streamlit as st

from audioclf.audio.io import Array, AudioSettings, wav_bytes
from audioclf.features import FEATURES
from audioclf.ui.shell import current_dataset, error_boundary, page_frame, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.sound import clip_picker, feature_panels, feature_settings
from audioclf.ui.sound.player import player, track

_SR = 22050

LESSON = (
    "A lesson on sounds whose answer is known: train the suggested model, then see on the Explain page whether each"
    " method points at the one tone that makes the class."
)
"""What the button for the planted cues leads to."""


def draw() -> None:
    """Draw the page."""
    with page_frame.page("Home", heading=False) as state:
        hero(state)
        st.space("small")
        steps(state)


def hero(state: State) -> None:
    """What this is, the button to begin with, and a sound to play."""
    left, right = st.columns([5, 6], gap="large", vertical_alignment="center")
    with left:
        st.title("See how a machine hears", anchor=False)
        st.markdown(
            "Listen to sounds and look at them. Teach a model to tell them apart. Then find out **why** it"
            " decides the way it does, and try it on your own voice."
        )
        with st.container(horizontal=True):
            if not state.data:
                _way(state, "Start with the instruments", "piano", "data", "instruments", type="primary")
                _way(state, "Close instruments", "hearing", "data", "orchestra", help="Models make mistakes on these.")
                _way(state, "Use my own sounds", "folder_open", "data")
                truth = "Do explanations tell the truth?"
                _way(state, truth, "my_location", "train", "planted", type="tertiary", help=LESSON)
            else:
                _way(state, "Explore", "graphic_eq", "explore", type="primary")
                _way(state, "Choose other sounds", "library_music", "data")
            _way(state, "Record three sounds, get a model", "mic", "record")
    with right:
        live(state)


def _way(state: State, label: str, icon: str, page: str, data: str = "", **looks: Any) -> None:
    """A button that leads to a page, with a data set chosen where one is named."""
    if st.button(label, icon=f":material/{icon}:", **looks):
        if data:
            state.choose(data)
        st.switch_page(f"pages/{page}.py")


def steps(state: State) -> None:
    """The pages, in the order of a lesson."""
    for column, (number, (group, entries)) in zip(
        st.columns(3, gap="medium"), enumerate(page_frame.GROUPS.items(), 1), strict=True
    ):
        with column, st.container(border=True, height="stretch", gap="xsmall"):
            st.subheader(f"{number}  {group}", anchor=False)
            for entry in entries:
                page_frame.link(entry, f"**{entry.title}**", state.place())
                st.caption(entry.intro)


def _making() -> None:
    st.skeleton(height=330)
    st.caption("Preparing the first sound …")


def _ready(state: State) -> bool:
    """Whether features can be computed and the chosen data set, if any, has come or failed."""
    return warmup.ready() and (not state.data or current_dataset.load(state).finished)


def live(state: State) -> None:
    """A sound with its picture: one of the data set where it is loaded, otherwise a small melody."""
    if not _ready(state):
        error_boundary.until(lambda: _ready(state), _making, every=1.0)
        return
    if state.data and (task := current_dataset.load(state)).error is not None:
        current_dataset.failed(state, task)
        return
    dataset = current_dataset.loaded(state)
    audio = AudioSettings()
    if dataset is None or not dataset.clips:
        y = melody()
        shown = FEATURES["mel"]().compute(y, _SR)
        player(
            "home",
            [track("A small melody", wav_bytes(y, _SR), len(y) / _SR, "press play, or click the spectrogram")],
            [feature_panels.panel(shown, title="Mel spectrogram")],
            height=300,
        )
        return
    if st.session_state.get("home.clip") not in dataset.clips:
        st.session_state["home.clip"] = random.choice(dataset.clips)
    clip = st.session_state["home.clip"]
    player(
        "home",
        [clip_picker.track(clip, audio, note=clip.name)],
        feature_settings.panel_of(clip, feature_settings.feature("mel"), audio),
        height=300,
    )
    if st.button("Another sound", icon=":material/casino:"):
        st.session_state["home.clip"] = random.choice(dataset.clips)
        st.rerun()


@st.cache_resource(show_spinner=False)
def melody() -> Array:
    """Eight plucked notes, each a sum of fading overtones [shape=(n,)], float32."""
    step, length = 0.28, 1.4
    t = np.arange(round(length * _SR)) / _SR
    y = np.zeros(round((8 * step + length) * _SR))
    for number, semitones in enumerate((0, 4, 7, 12, 16, 12, 7, 0)):
        pitch = 261.63 * 2 ** (semitones / 12)
        note = sum(np.sin(2 * np.pi * k * pitch * t) * np.exp(-(2 + 1.1 * k) * t) / k for k in range(1, 13))
        start = round(number * step * _SR)
        y[start : start + len(t)] += note * np.minimum(t / 0.004, 1)
    made: Array = (0.6 * y / np.abs(y).max()).astype(np.float32)
    made.flags.writeable = False
    return made
