"""The features as Keras operations: from samples to the values that :mod:`audioclf.features` computes with numpy.

Only standard layers and operations are used, and constants are numpy arrays, so that every format can hold them and a
``.keras`` file opens without this package.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.export import yamnet
from audioclf.export.fourier import fixed, framed, power_spectra
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum, Waveform
from audioclf.features.embedding import SpeechEmbeddingFeature, YAMNetEmbedding
from audioclf.features.mel import MelFramed, mel_filters
from audioclf.features.spectral import AMIN, window
from audioclf.features.yamnet_mel import YAMNetMel


def feature_map(y: Any, feature: Feature, sr: float) -> Any:
    """One feature of a batch of one sound.

    Parameters
    ----------
    y : keras tensor [shape=(1, n_samples)]
    feature : Feature
    sr : number > 0 [Hz]

    Returns
    -------
    keras tensor [shape=(1, n_rows, n_frames) or (1, n)]

    Raises
    ------
    ParameterError
        When the feature cannot be exported; the sentence says what to use instead.
    """
    if isinstance(feature, Waveform):
        return y
    if isinstance(feature, Spectrum):
        return _spectrum(y, feature)
    if isinstance(feature, STFT):
        return _stft(y, feature)
    if isinstance(feature, Mel):
        return _mel(y, feature, sr)
    if isinstance(feature, MFCC):
        return _mfcc(y, feature, sr)
    if sentence := refusal(feature, sr):
        raise ParameterError(sentence, "features")
    return yamnet.embedding(y, feature) if isinstance(feature, YAMNetEmbedding) else yamnet.mel(y)


def refusal(feature: Feature, sr: float) -> str:
    """Sentence why a feature of sounds at a sample rate in Hz cannot be exported; empty where it can."""
    if isinstance(feature, SpeechEmbeddingFeature):
        return (
            f"The {feature.title} is made by a pretrained network that comes in a form of its own, which an exported"
            " file does not hold; let others ask the run over HTTP (audioclf serve), hand it over in the format run, or"
            " train on the YAMNet embedding or a mel spectrogram."
        )
    if feature.own_sr not in (None, sr):
        return (
            f"{feature.title} is made at {feature.own_sr:,} Hz, and this run reads its sounds at {sr:,.0f} Hz, which an"
            f" exported file does not resample; set sr to {feature.own_sr} and train the run again, let others ask it"
            " over HTTP (audioclf serve), or hand it over in the format run."
        )
    if isinstance(feature, CQT):
        return (
            "A constant-Q transform resamples the sound once for every octave, which exported files do not do; train on"
            " a mel spectrogram or an STFT, let others ask the run over HTTP (audioclf serve), or hand it over in the"
            " format run."
        )
    if not isinstance(feature, Waveform | Spectrum | STFT | Mel | MFCC | YAMNetEmbedding | YAMNetMel):
        return (
            f"{feature.title} has no exported form; train on a mel spectrogram, MFCC or STFT, or hand the run over in"
            " the format run."
        )
    return ""


def decibels(power: Any, ref: str, top_db: float) -> Any:
    """See :func:`audioclf.features.spectral.decibels`."""
    from keras import ops

    axes = tuple(range(1, len(power.shape)))
    level = ops.log(ops.maximum(power, np.float32(AMIN))) * np.float32(10 / math.log(10))
    if ref == "max":
        level = level - ops.max(level, axis=axes, keepdims=True)
    return ops.maximum(level, ops.max(level, axis=axes, keepdims=True) - np.float32(top_db))


def _rows_first(values: Any) -> Any:
    from keras import ops

    return ops.transpose(values, (0, 2, 1))


def _spectrum(y: Any, feature: Spectrum) -> Any:
    from keras import ops

    n_fft = feature.n_fft or y.shape[1]
    y = y[:, :n_fft]
    faded = y * window(feature.window, y.shape[1]).astype(np.float32)[np.newaxis]
    faded = ops.pad(faded, ((0, 0), (0, n_fft - y.shape[1])))
    power = ops.reshape(power_spectra(ops.reshape(faded, (1, 1, n_fft)), n_fft), (1, n_fft // 2 + 1))
    return decibels(power, feature.ref, feature.top_db) if feature.scale == "db" else ops.sqrt(power)


def _stft(y: Any, feature: STFT) -> Any:
    from keras import ops

    power = _rows_first(power_spectra(framed(y, feature), feature.n_fft))
    if feature.scale == "magnitude":
        return ops.sqrt(power)
    return power if feature.scale == "power" else decibels(power, feature.ref, feature.top_db)


def _bands(y: Any, feature: MelFramed, sr: float, norm: str) -> Any:
    """Mel spectrogram, frames first [shape=(1, n_frames, n_mels)]."""
    from keras import ops

    filters = mel_filters(sr, feature.n_fft, feature.n_mels, feature.fmin, feature.fmax or sr / 2, feature.htk, norm).T
    power = power_spectra(framed(y, feature), feature.n_fft)
    return fixed(power if feature.power == 2 else ops.sqrt(power), filters)


def _mel(y: Any, feature: Mel, sr: float) -> Any:
    from keras import ops

    bands = _rows_first(_bands(y, feature, sr, feature.norm))
    if feature.scale == "power":
        return bands
    return decibels(bands if feature.power == 2 else ops.square(bands), feature.ref, feature.top_db)


def _mfcc(y: Any, feature: MFCC, sr: float) -> Any:
    import scipy.fft
    from keras import ops

    level = decibels(_bands(y, feature, sr, feature.mel_norm), "one", 80.0)
    norm = None if feature.norm == "none" else feature.norm
    cosines = scipy.fft.dct(np.eye(feature.n_mels), type=feature.dct_type, norm=norm, axis=0)[: feature.n_mfcc]
    if feature.lifter > 0:
        cosines *= 1 + feature.lifter / 2 * np.sin(np.pi * np.arange(1, feature.n_mfcc + 1) / feature.lifter)[:, None]
    values = _rows_first(fixed(level, cosines.T))
    return ops.mean(values, axis=2) if feature.summary == "mean" else values
