"""What features are made with, as maps to look at: windows, mel filters, constant-Q windows, cosines."""

from __future__ import annotations

import numpy as np

from audioclf.features.base import Axis, Feature, FeatureMap
from audioclf.features.cqt import CQT
from audioclf.features.mel import MelFramed
from audioclf.features.mfcc import MFCC
from audioclf.features.spectral import Framed, padded_window, window

_TIMES = 801


def analysis_window(feature: Framed, sr: float) -> FeatureMap:
    """The window every frame is multiplied with, zero-padded to ``n_fft`` [shape=(n_fft,)], over milliseconds."""
    values = padded_window(feature.window, feature.win_length or feature.n_fft, feature.n_fft)
    axis = Axis(np.arange(feature.n_fft, dtype=np.float64) * (1000 / sr), "Time", "ms")
    return FeatureMap(values, (axis,), "Weight", "", feature.kind)


def mel_bank(feature: MelFramed, sr: float) -> FeatureMap:
    """Weights that gather Fourier bins into mel bands, as high as their band's peak [shape=(n_mels, n_bins)]."""
    weights = feature.filters(sr)
    rows = Axis(np.arange(feature.n_mels, dtype=np.float64), "Band", "")
    return FeatureMap(weights, (rows, Axis(feature.frequencies(sr), "Frequency", "Hz")), "Weight", "", feature.kind)


def cosines(feature: MFCC) -> FeatureMap:
    """The cosines every column of the mel spectrogram is compared with [shape=(n_mfcc, n_mels)]."""
    basis = feature.transformed(np.eye(feature.n_mels))
    rows = Axis(np.arange(feature.n_mfcc, dtype=np.float64), "Coefficient", "")
    bands = Axis(np.arange(feature.n_mels, dtype=np.float64), "Mel band", "")
    return FeatureMap(basis.astype(np.float32), (rows, bands), "Weight", "", feature.kind)


def constant_q_windows(feature: CQT) -> FeatureMap:
    """The window of every row around the centre of a frame, over milliseconds [shape=(n_bins, n_times)]."""
    lengths = feature.window_seconds()
    times = np.linspace(-0.5, 0.5, _TIMES) * lengths[0]
    fade = window(feature.window, 1000)
    place = times / lengths[:, np.newaxis] + 0.5
    values = np.interp(place, np.arange(1000) / 1000, fade, left=0.0, right=0.0)
    axes = (Axis(feature.frequencies(), "Frequency", "Hz", "log"), Axis(1000 * times, "Time", "ms"))
    return FeatureMap(values.astype(np.float32), axes, "Weight", "", feature.kind)


def is_made(feature: Feature) -> bool:
    """Whether :func:`pictures` has something to show of a feature."""
    return isinstance(feature, Framed | CQT)


def pictures(feature: Feature, sr: float) -> dict[str, FeatureMap]:
    """What a feature is made with, by a title for each; empty for one that is made of nothing but the samples."""
    found: dict[str, FeatureMap] = {}
    if isinstance(feature, Framed):
        found[f"Window ({feature.window})"] = analysis_window(feature, sr)
    if isinstance(feature, MelFramed):
        found["Mel filter bank"] = mel_bank(feature, sr)
    if isinstance(feature, MFCC):
        found["Cosines of the DCT"] = cosines(feature)
    if isinstance(feature, CQT):
        found["Window of every row"] = constant_q_windows(feature)
    return found
