"""Clips one below the other, each with its player and its waveform."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audioclf.datasets import Clip, Dataset
from audioclf.features import FEATURES
from audioclf.plots.screen import value_limits
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.state import State
from audioclf.ui.sound import cache, clip_picker, feature_settings
from audioclf.ui.sound.feature_panels import panel
from audioclf.ui.sound.player import player


def players(
    state: State, key: str, dataset: Dataset, shown: Sequence[Clip], titles: Sequence[str] | None = None
) -> None:
    """Draw a line for every clip; its button leads to the Explore page.

    Parameters
    ----------
    state : State
    key : str
        The same key keeps a sound playing.
    dataset : Dataset
    shown : sequence of Clip
        Some of its clips. A clip that cannot be read is left out and its sentence shown instead.
    titles : sequence of str, optional
        What stands over each; its class by default.
    """
    warmup.until_ready()
    audio = feature_settings.audio()
    wave = FEATURES["waveform"]()
    drawn, tracks, shapes = [], [], []
    for number, clip in enumerate(shown):
        with error_boundary.boundary("list"):
            shape = cache.feature_map(clip, wave, audio)
            title = clip.label if titles is None else titles[number]
            tracks.append(clip_picker.track(clip, audio, title=title, note=clip.name))
            shapes.append(shape)
            drawn.append(clip)
    limits = value_limits(shapes) if shapes else None
    panels = [panel(shape, title="", track=number, limits=limits) for number, shape in enumerate(shapes)]
    picked = player(key, tracks, panels, layout="list", height=44)
    if picked is not None:
        state.clip = clip_picker.id_of(dataset, drawn[picked])
        st.switch_page("pages/explore.py")
