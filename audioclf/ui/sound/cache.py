"""Kept results, by content and parameters; never by waveform, which Streamlit would hash from a sample of it.

The arrays are shared by all sessions and therefore read-only.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar, TypeVarTuple

import numpy as np
import streamlit as st

from audioclf.audio.io import Array, AudioSettings, wav_bytes
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.core.settings import number
from audioclf.datasets import Clip
from audioclf.features import Feature, FeatureMap, zoom
from audioclf.features.extraction import load_clip

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

# browsers refuse to play below 3 kHz, and small devices below 8
_LOWEST_PLAYED = 8000
_LONG = 120.0

MOST_SAMPLES = 20_000_000
LOWER_RATES = (16000, 11025, 8000, 4000, 2000, 1000)
"""Sample rates at which a recording is read that is too long for the usual one."""


def kept(most: int, most_long: int) -> Callable[[Callable[[Clip, *Ts], T]], Callable[[Clip, *Ts], T]]:
    """Keep what a function makes of a clip and of parameters, which are given by position, for all sessions.

    Parameters
    ----------
    most, most_long : int
        Results that are kept, and of them those of clips of minutes, so that memory stays bounded.
    """

    def decorate(make: Callable[[Clip, *Ts], T]) -> Callable[[Clip, *Ts], T]:
        def store(n: int) -> Callable[[str, str, Clip, tuple[*Ts]], T]:
            def stored(key: str, parameters: str, _clip: Clip, _given: tuple[*Ts]) -> T:
                return make(_clip, *_given)

            # Streamlit tells stores apart by the name and the source of their functions, and the source is the same
            stored.__module__, stored.__qualname__ = make.__module__, f"{make.__qualname__} {n}"
            return st.cache_resource(max_entries=n, show_spinner=False)(stored)

        short, long = store(most), store(most_long)

        @functools.wraps(make)
        def found(clip: Clip, *given: *Ts) -> T:
            parameters = [one.to_dict() if isinstance(one, Parameters) else one for one in given]
            of_length = long if clip.seconds > _LONG else short
            return of_length(clip.key, json.dumps(parameters, sort_keys=True), clip, given)

        return found

    return decorate


@kept(64, 4)
def samples(clip: Clip, audio: AudioSettings) -> Array:
    """Samples of a clip [shape=(n,)], read-only."""
    n_samples = None if audio.duration is None else max(1, round(audio.duration * audio.sr))
    longest = number("max_clip_seconds")
    lowered = audio.sr in LOWER_RATES and clip.seconds * audio.sr <= MOST_SAMPLES
    if n_samples is None and clip.seconds > longest and lowered:
        # one decoding is bounded, so a longer recording is read piece by piece
        starts = np.arange(0, clip.seconds, longest)
        pieces = [replace(clip, start=clip.start + at, duration=min(longest, clip.seconds - at)) for at in starts]
        y = np.concatenate([load_clip(piece, audio) for piece in pieces])
    else:
        y = load_clip(clip, audio, n_samples)
    y.flags.writeable = False
    return y


def feature_map(
    clip: Clip, feature: Feature, audio: AudioSettings, span: tuple[float, float] | None = None
) -> FeatureMap:
    """Feature of a clip or, where a ``span`` in seconds is given, of that stretch of it; its arrays read-only.

    Raises
    ------
    ParameterError
        Where a pretrained network would have to compute it, or its parameters cannot work on this clip.
    """
    if feature.heavy:
        raise ParameterError(f"The {feature.title} is computed by trainings alone, so it is not drawn here.", "kind")
    return _whole(clip, feature, audio) if span is None else _zoomed(clip, feature, audio, *span)


@kept(96, 12)
def _whole(clip: Clip, feature: Feature, audio: AudioSettings) -> FeatureMap:
    made = feature.compute(samples(clip, audio), audio.sr)
    made.values.flags.writeable = False
    return made


@kept(96, 96)
def _zoomed(clip: Clip, feature: Feature, audio: AudioSettings, start: float, end: float) -> FeatureMap:
    peak = _loudest(clip, feature, audio)
    made = zoom.zoomed(feature, samples(clip, audio), audio.sr, start, end, peak=peak)
    made.values.flags.writeable = False
    return made


@kept(96, 96)
def _loudest(clip: Clip, feature: Feature, audio: AudioSettings) -> float | None:
    return zoom.loudest(feature, samples(clip, audio), audio.sr)


@kept(16, 16)
def outline(clip: Clip, audio: AudioSettings) -> FeatureMap:
    """What a long clip's waveform is drawn from."""
    return zoom.outline(samples(clip, audio), audio.sr)


@kept(128, 4)
def sound(clip: Clip, audio: AudioSettings) -> bytes:
    """The clip as it is read, as a WAV file a browser plays."""
    return playable(samples(clip, audio), audio.sr)


def playable(y: Array, sr: int) -> bytes:
    """Samples as a WAV file that every browser plays: none does below 3 kHz, and small devices not below 8."""
    if sr < _LOWEST_PLAYED:
        import soxr

        y, sr = soxr.resample(y, sr, _LOWEST_PLAYED), _LOWEST_PLAYED
    return wav_bytes(y, sr)
