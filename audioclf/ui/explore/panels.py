"""The explored sound's features as panels: all of it or the stretch zoomed to, with what is selected beside it."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.core.errors import ParameterError
from audioclf.datasets import Clip
from audioclf.features import Feature, FeatureMap, Spectrum, Waveform
from audioclf.features.delta import delta
from audioclf.features.zoom import MOST_POINTS, closer, overview
from audioclf.plots.screen import Limits, value_limits
from audioclf.ui.sound import cache, feature_panels
from audioclf.ui.sound.player import Selection

_KEPT = "explore.kept"


@dataclasses.dataclass(frozen=True)
class Shown:
    """What of a sound is shown.

    Attributes
    ----------
    clip : Clip
    audio : AudioSettings
    view : (float, float) or None
        Stretch zoomed to, in seconds; None for all of it.
    selection : Selection or None
    """

    clip: Clip
    audio: AudioSettings
    view: Limits | None = None
    selection: Selection | None = None

    @property
    def seconds(self) -> float:
        """Length of the sound."""
        return len(cache.samples(self.clip, self.audio)) / self.audio.sr

    @property
    def span(self) -> Limits:
        """The time axis all panels share."""
        return self.view or (0.0, self.seconds)


Made = tuple[list[dict[str, Any]], tuple[int, ...]]


def of_feature(shown: Shown, feature: Feature, *, deltas: bool = False) -> Made:
    """Panels of one feature, and the shape of its values for the whole sound.

    Raises
    ------
    ParameterError
        When its parameters cannot work on this sound.
    """
    sr = shown.audio.sr
    n_samples = len(cache.samples(shown.clip, shown.audio))
    if isinstance(feature, Spectrum):
        return _spectrum(shown, feature)
    sparse = overview(feature, n_samples)
    outlined = isinstance(feature, Waveform) and n_samples > MOST_POINTS
    of_whole = cache.outline(shown.clip, shown.audio) if outlined else None
    whole = of_whole or cache.feature_map(shown.clip, sparse, shown.audio)
    drawn, made, title = whole, sparse, feature.title
    if shown.view is not None and whole.axes[-1].unit == "s":
        made = closer(feature, shown.view[1] - shown.view[0], sr)
        drawn = cache.feature_map(shown.clip, feature, shown.audio, shown.view)
    hop: int | None = getattr(feature, "hop_length", None)
    hop_drawn: int | None = getattr(made, "hop_length", None)
    if hop is not None and hop_drawn is not None and hop_drawn != hop:
        title += f" · hop {hop_drawn:,}" if hop_drawn < hop else f" · one frame in {hop_drawn // hop}"
    step = None if hop_drawn is None else hop_drawn / sr
    limits = value_limits([whole])
    span = shown.span if drawn.axes[-1].unit == "s" else None
    made_panels = [feature_panels.panel(drawn, title=title, limits=limits, span=span, step=step)]
    if deltas and whole.is_picture and sparse is feature:  # a slope is one over the feature's own frames
        for order in (1, 2):
            slopes = delta(whole, order)
            made_panels.append(
                feature_panels.panel(
                    slopes, title=f"{'Δ' * order} {feature.title}", span=span, limits=_around_zero(slopes)
                )
            )
    shape = whole.values.shape
    if outlined:
        shape = (n_samples,)
    elif sparse is not feature and hop is not None and whole.is_picture:
        shape = (shape[0], 1 + n_samples // hop)
    return made_panels, shape


def _spectrum(shown: Shown, feature: Spectrum) -> Made:
    """The spectrum of the whole sound, and in front of it that of the selection, or of the stretch zoomed to."""
    whole = cache.feature_map(shown.clip, feature, shown.audio)
    of = (shown.selection.start, shown.selection.end) if shown.selection else shown.view
    if of is None:
        return [feature_panels.panel(whole, title=feature.title)], whole.values.shape
    part = cache.feature_map(shown.clip, feature, shown.audio, of)
    title = f"{feature.title}: {'selection' if shown.selection else 'stretch'}, whole in grey"
    return [feature_panels.panel(whole, title=title, beside=part)], whole.values.shape


def _around_zero(shown: FeatureMap) -> Limits:
    low, high = value_limits([shown])
    largest = max(-low, high)
    return -largest, largest


def last_good(
    shown: Shown, feature: Feature, *, deltas: bool = False
) -> tuple[list[dict[str, Any]], tuple[int, ...], ParameterError | None]:
    """Panels of a feature; of the parameters that last worked on this sound where these do not.

    Returns
    -------
    panels : list of dict
        Empty where none have worked yet.
    shape : tuple of int
        Of the values for the whole sound.
    error : ParameterError or None
        Why the feature asked for is not shown.
    """
    kept: dict[str, tuple[str, Feature]] = st.session_state.setdefault(_KEPT, {})
    subject = f"{shown.clip.key} {shown.audio.sr}"
    error: ParameterError | None = None
    before = kept.get(feature.kind)
    for wanted in (feature, before[1] if before is not None and before[0] == subject else None):
        if wanted is None:
            continue
        try:
            made, shape = of_feature(shown, wanted, deltas=deltas)
        except ParameterError as found:
            error = error or found
            continue
        kept[feature.kind] = (subject, wanted)
        return made, shape, error
    return [], (), error


def of_all(shown: Shown, features: Sequence[Feature]) -> tuple[list[dict[str, Any]], list[ParameterError]]:
    """One panel per feature, and a sentence for each whose parameters do not work on this sound."""
    made: list[dict[str, Any]] = []
    errors: list[ParameterError] = []
    for feature in features:
        panels, _, error = last_good(shown, feature)
        made += panels
        if error is not None:
            errors.append(error)
    return made, errors
