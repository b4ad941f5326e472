"""What resampling keeps and takes away: one sound at four sample rates, to see and to hear."""

from __future__ import annotations

import numpy as np
import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip
from audioclf.features import STFT, FeatureMap
from audioclf.features.base import Axis
from audioclf.plots.screen import value_limits
from audioclf.ui.shell import warmup
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape
from audioclf.ui.sound import cache, clip_picker, feature_panels, feature_settings
from audioclf.ui.sound.player import player

RATES = (22050, 20000, 16000, 8000)
_WINDOW, _HOP = 0.04, 0.01


def draw(state: State, clip: Clip) -> None:
    """One sound at the sample rates of the references, with pictures on one frequency axis."""
    warmup.until_ready()
    settings = [feature_settings.audio().replace(sr=sr) for sr in RATES]
    top = max(RATES) / 2
    maps = [_spectrogram(clip, audio, top) for audio in settings]
    limits = value_limits(maps)
    seconds = len(cache.samples(clip, settings[0])) / settings[0].sr
    player(
        "explore.resampling",
        [clip_picker.track(clip, audio, f"{audio.sr:,} Hz", f"up to {audio.sr // 2:,} Hz") for audio in settings],
        [
            feature_panels.panel(
                item,
                title="STFT spectrogram",
                track=number,
                limits=limits,
                scale="linear",
                span=(0.0, seconds),
                bar=False,
            )
            for number, item in enumerate(maps)
        ],
        layout="heads",
        columns=len(RATES),
        height=300,
    )
    st.markdown(
        escape(
            "A sample rate carries frequencies up to half of it; what is higher is filtered out before samples are"
            f" dropped, or it would come back as tones that never sounded (aliasing). The file has {clip.info.sr:,} Hz."
        )
    )
    lost = [_lost(maps[0], sr / 2) for sr in RATES[1:]]
    st.caption(
        escape(
            "Share of the power up to 11,025 Hz that is lost: "
            + ", ".join(f"{_percent(share)} at {sr:,} Hz" for sr, share in zip(RATES[1:], lost, strict=True))
            + ". Little power can still be what tells two sounds apart, such as an s and an f."
        )
    )


def _spectrogram(clip: Clip, audio: AudioSettings, top: float) -> FeatureMap:
    """Levels in windows of the same length at every rate, on an axis that ends at ``top`` Hz."""
    feature = STFT(n_fft=round(_WINDOW * audio.sr), hop_length=round(_HOP * audio.sr), ref="one")
    shown = cache.feature_map(clip, feature, audio)
    rows, time = shown.axes
    step = rows.values[1]
    missing = max(0, int((top - rows.values[-1]) / step))
    if not missing:
        return shown
    values = np.pad(shown.values, ((0, missing), (0, 0)), constant_values=float(shown.values.min()))
    longer = Axis(np.arange(len(values)) * step, rows.label, rows.unit, rows.scale)
    return FeatureMap(values, (longer, time), shown.label, shown.unit, shown.feature)


def _lost(shown: FeatureMap, nyquist: float) -> float:
    power = (10.0 ** (shown.values / 10)).sum(axis=1)
    return float(power[shown.axes[0].values > nyquist].sum() / power.sum())


def _percent(share: float) -> str:
    return f"{100 * share:.2g}%" if share >= 0.0001 else "less than 0.01%"
