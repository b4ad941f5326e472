"""Clips one below the other, each with its player and its waveform."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import AudioclfError
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
    named = zip(shown, titles or [clip.label for clip in shown], strict=True)
    picked = lines(key, feature_settings.audio(), [(clip, title, clip.name) for clip, title in named])
    if picked is not None:
        state.clip = clip_picker.id_of(dataset, shown[picked])
        st.switch_page("pages/explore.py")


def lines(
    key: str,
    audio: AudioSettings,
    shown: Sequence[tuple[Clip, str, str]],
    *,
    height: int = 44,
    action: str = "Explore",
    unread: list[Clip] | None = None,
) -> int | None:
    """Draw a line for every clip, with its title and note; returns the number of the one whose button was pressed.

    Clips that cannot be read are left out and added to ``unread``; without it, their sentences are shown.
    """
    wave = FEATURES["waveform"]()
    drawn, tracks, shapes = [], [], []
    for number, (clip, title, note) in enumerate(shown):
        with error_boundary.boundary("list"):
            try:
                shape = cache.feature_map(clip, wave, audio)
                sound = clip_picker.track(clip, audio, title=title, note=note)
            except AudioclfError:
                if unread is None:
                    raise
                unread.append(clip)
                continue
            drawn.append(number)
            shapes.append(shape)
            tracks.append(sound)
    limits = value_limits(shapes) if shapes else None
    panels = [panel(shape, title="", track=number, limits=limits) for number, shape in enumerate(shapes)]
    picked = player(key, tracks, panels, layout="list", height=height, action=action) if drawn else None
    return None if picked is None else drawn[picked]
