"""One training clip before and after an augmentation, to see and to hear."""

from __future__ import annotations

import json
import random
from typing import Any

import numpy as np
import streamlit as st

from audioclf import plots
from audioclf.audio.io import Array, AudioSettings, wav_bytes
from audioclf.augment import Augmentation
from audioclf.augment.preview import preview
from audioclf.core.errors import AudioclfError
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.splits import Protocol
from audioclf.features import Feature, FeatureMap
from audioclf.features.extraction import common_duration
from audioclf.ui.shell import error_boundary, warmup
from audioclf.ui.shell.text import plain, seconds
from audioclf.ui.sound import cache, clip_picker, feature_panels
from audioclf.ui.sound.player import player, track

_HEIGHT = 220


def draw(
    dataset: Dataset, split: Protocol, feature: Feature, audio: AudioSettings, augmentation: Augmentation, key: str
) -> None:
    """Draw a switch, and behind it a training clip of the split before and after the augmentation, as the feature has
    it."""
    if not st.toggle("See and hear it", key=f"{key}.on"):
        return
    with error_boundary.boundary("preview"):
        try:
            if feature.heavy:
                st.caption(f"It is not shown on the {feature.title}, which is computed by trainings alone.")
                return
            training = [dataset.clips[number] for number in split.splits(dataset)[0].train]
            audio = audio.replace(duration=common_duration(dataset.clips, audio))
        except AudioclfError:
            st.caption("There are no training clips to show it on; see the message at the top.")
            return
        clip, roll = _pick(training, key)
        warmup.until_ready()
        others = [one for one in training if one.label != clip.label]
        other = others[int(np.random.default_rng((roll, 1)).integers(len(others)))] if others else None
        _draw(clip, other, roll, feature, audio, augmentation, key)


def _pick(training: list[Clip], key: str) -> tuple[Clip, int]:
    """Draw the choice of a training clip and the dice; returns the clip and the number of the draw."""
    at, again = f"{key}.clip", f"{key}.roll"
    session: Any = st.session_state
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if st.button("Another clip", icon=":material/library_music:", key=f"{key}.another"):
            session[at] = random.randrange(len(training))
        if st.button("Another random draw", icon=":material/casino:", key=f"{key}.again"):
            session[again] = session.get(again, 0) + 1
    number = session.get(at, 0)
    return training[number if number < len(training) else 0], session.get(again, 0)


def _draw(
    clip: Clip,
    other: Clip | None,
    roll: int,
    feature: Feature,
    audio: AudioSettings,
    augmentation: Augmentation,
    key: str,
) -> None:
    about = [part.to_dict() for part in (augmentation, feature, audio)]
    content = json.dumps([clip.key, other and other.key, roll, *about], sort_keys=True)
    changed, after = _changed(content, clip, other, roll, feature, audio, augmentation)
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


@st.cache_resource(max_entries=64, show_spinner=False)
def _changed(
    content: str,
    _clip: Clip,
    _other: Clip | None,
    _roll: int,
    _feature: Feature,
    _audio: AudioSettings,
    _augmentation: Augmentation,
) -> tuple[Array | None, FeatureMap]:
    """Sound and picture after the change; the arrays are shared and therefore read-only."""
    # a clip is changed at its own length, and brought to the common one afterwards
    own = _audio.replace(duration=None)
    other = None if _other is None else cache.samples(_other, own)
    rng = np.random.default_rng((_roll, 0))
    changed, after = preview(_augmentation, cache.samples(_clip, own), _audio.sr, _feature, _audio, rng, other=other)
    for values in (changed, after.values):
        if values is not None:
            values.flags.writeable = False
    return changed, after
