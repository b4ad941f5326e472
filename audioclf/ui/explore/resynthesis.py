"""Hear the feature: sound made of it again, beside the original, with as much detail as is left."""

from __future__ import annotations

from typing import Final

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import Feature
from audioclf.features.inversion import INVERTIBLE, PHASES
from audioclf.plots.screen import value_limits
from audioclf.ui.shell import task_bar
from audioclf.ui.shell.state import State
from audioclf.ui.shell.switch import switch
from audioclf.ui.shell.text import escape, seconds
from audioclf.ui.sound import as_python, cache, clip_picker, feature_panels, feature_settings, made_again
from audioclf.ui.sound.made_again import MadeAgain
from audioclf.ui.sound.player import player, track
from audioclf.ui.sound.view_link import Field, one_of, whole

DETAILS: Final = {
    "mel": ("n_mels", (4, 8, 16, 32, 64, 128, 256), "mel bands"),
    "mfcc": ("n_mfcc", (1, 2, 4, 8, 13, 20, 40, 80, 128), "coefficients"),
}
"""The parameter that takes detail away, its steps, and what it counts."""

LINK: Final = [
    Field("hear", "explore.hear.kind", "mel", one_of(INVERTIBLE)),
    Field("phase", "explore.hear.phase", PHASES[0], one_of(PHASES)),
    *(Field(name, f"explore.hear.{name}", None, whole(1, 1024)) for name, _, _ in DETAILS.values()),
]
"""What is chosen here, as the page's link keeps it."""

_PHASE_WORDS: Final = {"griffin-lim": "Griffin-Lim phase", "original": "Original phase"}
_HEIGHT: Final = 165


def draw(state: State, clip: Clip) -> None:
    """Draw the choice of feature, detail and phase, and the two sounds side by side."""
    audio = feature_settings.audio()
    left, middle, right = st.columns([9, 9, 11], vertical_alignment="center", gap="medium")
    with left:
        kind = st.segmented_control(
            "Feature",
            INVERTIBLE,
            default="mel",
            required=True,
            format_func=lambda one: {"mel": "Mel"}.get(one, one.upper()),
            key="explore.hear.kind",
            label_visibility="collapsed",
            persist_state="session",
        )
    with right:
        phase = switch("Phase", PHASES, "explore.hear.phase", words=_PHASE_WORDS)
    with middle:
        feature = _detail(kind)
    y = cache.samples(clip, audio)
    n_samples = min(len(y), round(made_again.LONGEST * audio.sr))
    task = made_again.make(clip, feature, audio, phase, n_samples)
    if not task.wait(0.3):
        task_bar.follow(task, _amount, "explore.hear.stop")
        return
    if task.error is not None:
        task_bar.failed(task, "It was stopped.", "Make the sound", "explore.hear.again")
        return
    _show(clip, feature, task.result, audio, n_samples < len(y))
    as_python.of_resynthesis(state, clip, feature, phase, n_samples)


def _detail(kind: str) -> Feature:
    """The feature with the parameters it was given, and as much detail as the slider leaves."""
    feature = feature_settings.feature(kind)
    if kind not in DETAILS:
        st.caption("No slider: all of its values are used.")
        return feature
    name, steps, words = DETAILS[kind]
    most = getattr(feature, "n_mels", 256) if kind == "mfcc" else 1024
    own = int(getattr(feature, name))
    options = sorted({*(step for step in steps if step <= most), own})
    key = f"explore.hear.{name}"
    if st.session_state.get(key) not in options:
        st.session_state[key] = own
    chosen = st.select_slider(name, options, key=key, help=f"How many {words} are kept.", persist_state="session")
    return feature.replace(**{name: chosen})


def _amount(_done: int, _total: int) -> str:
    return "the first sound takes some seconds longer"


def _show(clip: Clip, feature: Feature, heard: MadeAgain, audio: AudioSettings, cut: bool) -> None:
    name = DETAILS.get(feature.kind, ("", (), ""))[0]
    kept = f"{name} {getattr(feature, name)}" if name else f"{heard.before.values.shape[1]} frames"
    whole = f"the first {seconds(made_again.LONGEST)} were made again" if cut else clip.name
    original = clip_picker.track(clip, audio, title="Original", note=whole)
    made = track(f"From the {feature.title}", heard.wav, heard.seconds, f"{kept}, {heard.distance:.1f} dB away")
    limits = value_limits([heard.before])
    shown = (
        (original, heard.before, "STFT of the original", "explore.hear.before"),
        (made, heard.after, "STFT of what is left", "explore.hear.after"),
    )
    # in columns, which a phone shows one below the other
    for place, (sound, picture, title, key) in zip(st.columns(2, gap="medium"), shown, strict=True):
        with place:
            player(key, [sound], [feature_panels.panel(picture, title=title, limits=limits)], height=_HEIGHT)
    left, right = st.columns([1, 3], gap="medium", vertical_alignment="center")
    with left:
        st.metric("Spectral distance", f"{heard.distance:.1f} dB")
    with right:
        st.caption(
            escape(
                "How far the levels of both are apart, over all frequencies and moments; 0 dB is the same sound to the"
                " last level. A feature keeps no phase: take that of the original to hear what is lost in its levels"
                " alone."
            )
        )
