"""Feature settings as the user left them."""

from __future__ import annotations

import functools
import mimetypes
from collections.abc import Callable
from typing import Any

import streamlit as st

from audioclf import features
from audioclf.audio.io import AudioSettings
from audioclf.core.settings import number
from audioclf.datasets import Clip
from audioclf.features import FEATURES, Feature, Spectrum
from audioclf.plots.screen import Limits
from audioclf.ui.forms import parameter_form
from audioclf.ui.forms.parameter_form import Form
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import cache, feature_panels


def audio_form() -> None:
    """How sounds are read before anything is computed, behind a heading."""
    box = st.expander("How the sound is read", icon=":material/tune:", key="audio.open", on_change="rerun")
    if box.open:
        with box:
            parameter_form.parameters(AudioSettings, "audio", columns=4)


def audio() -> AudioSettings:
    """The settings last made in :func:`audio_form` that can be; it is drawn below what they change."""
    last = parameter_form.last(AudioSettings, "audio")
    return parameter_form.held(AudioSettings, "audio", start=last).value or last


def audio_of(clip: Clip) -> AudioSettings:
    """The settings of :func:`audio`, at a lower sample rate for a recording that is too long for theirs."""
    settings = audio()
    length = clip.seconds if settings.duration is None else settings.duration
    if length <= number("max_clip_seconds"):
        return settings
    fitting = (sr for sr in cache.LOWER_RATES if length * sr <= cache.MOST_SAMPLES)
    return settings.replace(sr=min(next(fitting, cache.LOWER_RATES[-1]), settings.sr))


def start(kind: str) -> Feature:
    """What a page shows of a feature at first: its defaults, but levels in dB, as ears rate loudness.

    The spectrum's own default stays linear, since recipes and the hashes of their features rest on it.
    """
    return Spectrum(scale="db") if kind == Spectrum.kind else FEATURES[kind]()


def feature_form(kind: str) -> Form[Feature]:
    """The parameters of one feature."""
    return parameter_form.parameters(FEATURES[kind], f"feature.{kind}", start=start(kind))


def feature(kind: str) -> Feature:
    """The parameters last made in :func:`feature_form` that can be."""
    return parameter_form.last(FEATURES[kind], f"feature.{kind}", start=start(kind))


def panel_of(clip: Clip, feature: Feature, audio: AudioSettings) -> list[dict[str, Any]]:
    """One sound, one feature: the only panel, in a list."""
    return [feature_panels.panel(cache.feature_map(clip, feature, audio), title=feature.title)]


def save(clip: Clip, feature: Feature, audio: AudioSettings, span: Limits | None) -> None:
    """Offer the picture of a clip, or of a stretch of it, with its axes as a file.

    It is drawn when the button is pressed.
    """
    with st.popover("Save as an image", icon=":material/download:"):
        for ending, words in (("png", "PNG, for slides"), ("svg", "SVG, for print")):
            made = functools.partial(_figure, clip, feature, audio, span, f".{ending}")
            file_button(words, made, f"{feature.kind}.{ending}")


def file_button(label: str, make: Callable[[], bytes], name: str) -> None:
    """Draw a button for a file that is made when it is pressed, in no page's run."""
    mime = mimetypes.guess_type(name)[0]
    st.download_button(label, make, file_name=name, mime=mime, on_click="ignore", width="stretch")


def _figure(clip: Clip, feature: Feature, audio: AudioSettings, span: Limits | None, ending: str) -> bytes:
    from audioclf.plots import feature_figure
    from audioclf.plots.png import FORMATS

    shown = cache.feature_map(clip, feature, audio, span)
    figure = feature_figure(shown, title=f"{clip.label}: {feature.title}")
    return FORMATS[ending](figure, transparent=False)


def explanations() -> None:
    """What each picture shows, in a few sentences each."""
    box = st.expander("What do the features show?", icon=":material/help:", key="explanations", on_change="rerun")
    if not box.open:
        return
    with box:
        columns = st.columns(2, gap="medium")
        for number, kind in enumerate(features.views().values()):
            with columns[number % 2]:
                st.markdown(f"**{escape(kind.title)}**  \n{escape(kind.explanation)}")
