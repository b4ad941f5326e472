"""Parameters as published systems have them, to look through."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import streamlit as st

from audioclf import recipes
from audioclf.audio.io import AudioSettings
from audioclf.features import Feature, Mel
from audioclf.ui.forms import parameter_form
from audioclf.ui.shell.text import distinct

_SHOWN = Mel(n_mels=100, n_fft=500, hop_length=200)
"""What reference B shows; what it trains on is in its recipes."""


@dataclass(frozen=True)
class Preset:
    """Parameters of a published system.

    Attributes
    ----------
    title : str
    feature : Feature
    sr : int
        Sample rate the sounds are read at.
    """

    title: str
    feature: Feature
    sr: int


@functools.cache
def presets(kind: str) -> tuple[Preset, ...]:
    """What the reference systems use, from their recipes, each once."""
    found: dict[tuple[str, int, Feature], Preset] = {}
    for name in recipes.names():
        recipe = recipes.get(name)
        sr = recipe.experiment.audio.sr
        for feature in recipe.experiment.features:
            if recipe.letter and feature.kind == kind:
                title = f"{recipe.letter}: {recipe.family}, {sr:,} Hz"
                found.setdefault((recipe.letter, sr, feature), Preset(title, feature, sr))
    if kind == Mel.kind:
        found[("B", 20000, _SHOWN)] = Preset("B: digits as shown, 20,000 Hz", _SHOWN, 20000)
    return tuple(sorted(found.values(), key=lambda preset: preset.title))


def draw(kind: str) -> None:
    """Draw the choice; choosing fills the form and the sample rate."""
    known = presets(kind)
    if not known:
        return
    titles = distinct(preset.title for preset in known)

    def fill() -> None:
        chosen = st.session_state[f"explore.preset.{kind}"]
        if chosen is not None:
            preset = known[chosen]
            parameter_form.fill(preset.feature, f"feature.{kind}")
            audio = parameter_form.last(AudioSettings, "audio")
            parameter_form.fill(audio.replace(sr=preset.sr), "audio")

    st.selectbox(
        "As published",
        range(len(known)),
        index=None,
        placeholder="your own settings",
        format_func=titles.__getitem__,
        key=f"explore.preset.{kind}",
        on_change=fill,
        help="Parameters of the reference systems; the sample rate changes with them.",
    )
