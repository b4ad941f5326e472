"""One training clip before and after an augmentation, to see and to hear."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import streamlit as st

from audioclf import plots
from audioclf.audio.io import Array, AudioSettings, wav_bytes
from audioclf.augment import AUGMENTATIONS, Augmentation
from audioclf.augment.preview import preview
from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.splits import Protocol
from audioclf.features import FEATURES, Feature, FeatureMap
from audioclf.features.extraction import common_duration
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.text import plain, seconds
from audioclf.ui.sound import cache, clip_picker, feature_panels
from audioclf.ui.sound.player import player, track

_HEIGHT = 220


def draw(
    dataset: Dataset, split: Protocol, feature: Feature, audio: AudioSettings, augmentation: Augmentation, key: str
) -> None:
    """Draw a switch, and behind it a training clip before and after the augmentation.

    Parameters
    ----------
    dataset : Dataset
    split : Protocol
        Says which clips are trained on.
    feature : Feature
        What is seen.
    audio : AudioSettings
    augmentation : Augmentation
    key : str
        Prefix of the widgets' keys.
    """
    if not st.toggle("See and hear it", key=f"{key}.on"):
        return
    with error_boundary.boundary("preview"):
        try:
            if feature.heavy:
                st.caption(f"It is not shown on the {feature.title}, which is computed by trainings alone.")
                return
            training = split.splits(dataset)[0].train
            audio = audio.replace(duration=common_duration(dataset.clips, audio))
        except AudioclfError:
            st.caption("There are no training clips to show it on; see the message at the top.")
            return
        clip = _pick(dataset, training, key)
        warmup.until_ready()
        _draw(dataset, training, clip, feature, audio, augmentation, key)


def _pick(dataset: Dataset, training: tuple[int, ...], key: str) -> Clip:
    """Draw the choice of a training clip and the dice; returns the clip."""
    at = f"{key}.clip"
    session: Any = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if session.get(at, 0) >= len(training):
            session[at] = 0
        if st.button("Another clip", icon=":material/library_music:", key=f"{key}.another"):
            session[at] = random.randrange(len(training))
        if st.button("Another random draw", icon=":material/casino:", key=f"{key}.again"):
            session[f"{key}.roll"] = session.get(f"{key}.roll", 0) + 1
    return dataset.clips[training[int(session.get(at, 0))]]


def _draw(
    dataset: Dataset,
    training: tuple[int, ...],
    clip: Clip,
    feature: Feature,
    audio: AudioSettings,
    augmentation: Augmentation,
    key: str,
) -> None:
    roll = int(st.session_state.get(f"{key}.roll", 0))
    other = _other(dataset, training, clip, roll)
    changed, after = _changed(
        (clip.key, "" if other is None else other.key, roll),
        _plain(augmentation),
        _plain(feature),
        _plain(audio),
        clip,
        other,
    )
    before = cache.feature_map(clip, feature, audio)
    limits = plots.value_limits([before, after])
    name = plain(clip.label, 40)
    sound = clip_picker.track(clip, audio, title=name, note="original")
    panel = feature_panels.panel(before, title="", limits=limits)
    if changed is None:
        panels = [panel, feature_panels.panel(after, title="Changed", limits=limits)]
        player(f"{key}.player", [sound], panels, columns=2, height=_HEIGHT)
        st.caption("This changes the feature, not the sound, so there is nothing to hear.")
        return
    left, right = st.columns(2, gap="small")
    with left:
        player(f"{key}.before", [sound], [panel], height=_HEIGHT)
    with right:
        heard = track(name, wav_bytes(changed, audio.sr), len(changed) / audio.sr, "changed")
        player(f"{key}.after", [heard], [feature_panels.panel(after, title="", limits=limits)], height=_HEIGHT)
    if augmentation.kind == "mixup" and other is not None:
        st.caption(f"Mixed with a clip of {plain(other.label, 40)}, {seconds(other.seconds)} long.")


def _other(dataset: Dataset, training: tuple[int, ...], clip: Clip, roll: int) -> Clip | None:
    """A training clip of another class, drawn by the dice."""
    others = [number for number in training if dataset.clips[number].label != clip.label]
    return dataset.clips[others[int(np.random.default_rng((roll, 1)).integers(len(others)))]] if others else None


def _plain(value: Feature | AudioSettings | Augmentation) -> str:
    return json.dumps(value.to_dict(), sort_keys=True)


@st.cache_resource(max_entries=64, show_spinner=False)
def _changed(
    about: tuple[str, str, int], augmentation: str, feature: str, audio: str, _clip: Clip, _other: Clip | None
) -> tuple[Array | None, FeatureMap]:
    """Sound and picture after the change; the arrays are shared and therefore read-only."""
    settings = AudioSettings.from_dict(json.loads(audio))
    # a clip is changed at its own length, and brought to the common one afterwards
    own = settings.replace(duration=None)
    changed, after = preview(
        AUGMENTATIONS.make(json.loads(augmentation)),
        cache.samples(_clip, own),
        settings.sr,
        FEATURES.make(json.loads(feature)),
        settings,
        np.random.default_rng((about[2], 0)),
        other=None if _other is None else cache.samples(_other, own),
    )
    for values in (changed, after.values):
        if values is not None:
            values.flags.writeable = False
    return changed, after
