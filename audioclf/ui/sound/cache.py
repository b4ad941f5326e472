"""Kept results, by content and parameters; never by waveform, which Streamlit would hash from a sample of it.

The arrays are shared by all sessions and therefore read-only.
"""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import streamlit as st

from audioclf.audio.io import Array, AudioSettings, wav_bytes
from audioclf.core.errors import ParameterError
from audioclf.core.settings import number
from audioclf.datasets import Clip
from audioclf.features import FEATURES, Feature, FeatureMap, zoom
from audioclf.features.extraction import load_clip

# browsers refuse to play below 3 kHz, and small devices below 8
_LOWEST_PLAYED = 8000
_LONG = 120.0

MOST_SAMPLES = 20_000_000
LOWER_RATES = (16000, 11025, 8000, 4000, 2000, 1000)
"""Sample rates at which a recording is read that is too long for the usual one."""


def _plain(settings: AudioSettings | Feature) -> str:
    return json.dumps(settings.to_dict(), sort_keys=True)


def samples(clip: Clip, audio: AudioSettings) -> Array:
    """Samples of a clip [shape=(n,)], read-only."""
    kept = _long_samples if _is_long(clip) else _samples
    return kept(clip.key, _plain(audio), clip)


@st.cache_resource(max_entries=64, show_spinner=False)
def _samples(key: str, audio: str, _clip: Clip) -> Array:
    return _read(audio, _clip)


@st.cache_resource(max_entries=4, show_spinner=False)
def _long_samples(key: str, audio: str, _clip: Clip) -> Array:
    return _read(audio, _clip)


def _is_long(clip: Clip) -> bool:
    """Whether few clips of its length may be kept, so that memory stays bounded."""
    return clip.seconds > _LONG


def _read(audio: str, clip: Clip) -> Array:
    settings = AudioSettings.from_dict(json.loads(audio))
    n_samples = None if settings.duration is None else max(1, round(settings.duration * settings.sr))
    longest = number("max_clip_seconds")
    lowered = settings.sr in LOWER_RATES and clip.seconds * settings.sr <= MOST_SAMPLES
    if n_samples is None and clip.seconds > longest and lowered:
        # one decoding is bounded, so a longer recording is read piece by piece
        starts = np.arange(0, clip.seconds, longest)
        pieces = [replace(clip, start=clip.start + at, duration=min(longest, clip.seconds - at)) for at in starts]
        y = np.concatenate([load_clip(piece, settings) for piece in pieces])
    else:
        y = load_clip(clip, settings, n_samples)
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
    if span is not None:
        return _zoomed(clip.key, _plain(feature), _plain(audio), *span, clip)
    kept = _long_feature_map if _is_long(clip) else _feature_map
    return kept(clip.key, _plain(feature), _plain(audio), clip)


@st.cache_resource(max_entries=96, show_spinner=False)
def _feature_map(key: str, feature: str, audio: str, _clip: Clip) -> FeatureMap:
    return _compute(feature, audio, _clip)


@st.cache_resource(max_entries=12, show_spinner=False)
def _long_feature_map(key: str, feature: str, audio: str, _clip: Clip) -> FeatureMap:
    return _compute(feature, audio, _clip)


def _compute(feature: str, audio: str, clip: Clip) -> FeatureMap:
    settings = AudioSettings.from_dict(json.loads(audio))
    made = FEATURES.make(json.loads(feature)).compute(samples(clip, settings), settings.sr)
    made.values.flags.writeable = False
    return made


@st.cache_resource(max_entries=16, show_spinner=False)
def _outline(key: str, audio: str, _clip: Clip) -> FeatureMap:
    settings = AudioSettings.from_dict(json.loads(audio))
    return zoom.outline(samples(_clip, settings), settings.sr)


def outline(clip: Clip, audio: AudioSettings) -> FeatureMap:
    """What a long clip's waveform is drawn from."""
    return _outline(clip.key, _plain(audio), clip)


@st.cache_resource(max_entries=96, show_spinner=False)
def _zoomed(key: str, feature: str, audio: str, start: float, end: float, _clip: Clip) -> FeatureMap:
    settings, wanted = AudioSettings.from_dict(json.loads(audio)), FEATURES.make(json.loads(feature))
    peak = _loudest(key, feature, audio, _clip)
    made = zoom.zoomed(wanted, samples(_clip, settings), settings.sr, start, end, peak=peak)
    made.values.flags.writeable = False
    return made


@st.cache_resource(max_entries=96, show_spinner=False)
def _loudest(key: str, feature: str, audio: str, _clip: Clip) -> float | None:
    settings = AudioSettings.from_dict(json.loads(audio))
    return zoom.loudest(FEATURES.make(json.loads(feature)), samples(_clip, settings), settings.sr)


def sound(clip: Clip, audio: AudioSettings) -> bytes:
    """The clip as it is read, as a WAV file a browser plays."""
    kept = _long_sound if _is_long(clip) else _sound
    return kept(clip.key, _plain(audio), clip)


@st.cache_resource(max_entries=128, show_spinner=False)
def _sound(key: str, audio: str, _clip: Clip) -> bytes:
    return _wav(audio, _clip)


@st.cache_resource(max_entries=4, show_spinner=False)
def _long_sound(key: str, audio: str, _clip: Clip) -> bytes:
    return _wav(audio, _clip)


def _wav(audio: str, clip: Clip) -> bytes:
    settings = AudioSettings.from_dict(json.loads(audio))
    return playable(samples(clip, settings), settings.sr)


def playable(y: Array, sr: int) -> bytes:
    """Samples as a WAV file that every browser plays: none does below 3 kHz, and small devices not below 8."""
    if sr < _LOWEST_PLAYED:
        import soxr

        y, sr = soxr.resample(y, sr, _LOWEST_PLAYED), _LOWEST_PLAYED
    return wav_bytes(y, sr)
