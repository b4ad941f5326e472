"""The features as Keras operations: from samples to the values that :mod:`audioclf.features` computes with numpy.

Only standard layers and operations are used, and constants are numpy arrays, so that every format can hold them and a
``.keras`` file opens without this package. A Fourier transform is two matrix products with a turn between them (Cooley
and Tukey 1965): the product with one matrix would carry 17 MB of it for frames of 2048 samples, this 60 kB.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum, Waveform
from audioclf.features.embedding import SpeechEmbeddingFeature, YAMNetEmbedding
from audioclf.features.mel import MelFramed, mel_filters
from audioclf.features.spectral import AMIN, Framed, padded_window, window
from audioclf.features.yamnet_mel import YAMNetMel

Numbers = npt.NDArray[np.float64]

LARGEST: Final = 4_000_000
"""Values of the largest constant, 16 MB of them: a transform of so long a prime number of samples needs more."""


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
    from audioclf.export import yamnet

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


def fixed(x: Any, matrix: npt.NDArray[Any]) -> Any:
    """Product of the last axis with a constant matrix, as a layer that never learns."""
    import keras

    layer = keras.layers.Dense(matrix.shape[1], use_bias=False, trainable=False, kernel_initializer="zeros")
    product = layer(x)
    layer.set_weights([np.asarray(matrix, np.float32)])
    return product


def power_spectra(frames: Any, n_fft: int) -> Any:
    """Squared magnitude of the Fourier transform of every frame.

    Parameters
    ----------
    frames : keras tensor [shape=(1, n_frames, n_fft)]
    n_fft : int

    Returns
    -------
    keras tensor [shape=(1, n_frames, 1 + n_fft // 2)]

    Raises
    ------
    ParameterError
        When ``n_fft`` is too long and has no factors.
    """
    from keras import ops

    # sample n = q' p + q becomes row p, column q; bin k = k1 + p' k2
    n_frames, n_bins = frames.shape[1], n_fft // 2 + 1
    rows = _factor(n_fft)
    columns = n_fft // rows
    blocks = -(-n_bins // rows)
    if 2 * columns * blocks > LARGEST:
        raise ParameterError(
            f"A Fourier transform of {n_fft:,} samples, whose largest factor is {columns:,}, is too large to export;"
            " set n_fft to a power of two and train the run again.",
            "n_fft",
        )
    x = ops.transpose(ops.reshape(frames, (1, n_frames, rows, columns)), (0, 1, 3, 2))
    angle = _angles(rows, rows, rows)
    real, imaginary = fixed(x, np.cos(angle)), fixed(x, -np.sin(angle))
    if rows > 1:
        turn = _angles(columns, rows, n_fft)
        cosine, sine = (np.asarray(part, np.float32)[np.newaxis, np.newaxis] for part in (np.cos(turn), np.sin(turn)))
        real, imaginary = real * cosine + imaginary * sine, imaginary * cosine - real * sine
    both = ops.transpose(ops.concatenate([real, imaginary], axis=2), (0, 1, 3, 2))
    angle = _angles(columns, blocks, columns)
    real = fixed(both, np.concatenate([np.cos(angle), np.sin(angle)]))
    imaginary = fixed(both, np.concatenate([-np.sin(angle), np.cos(angle)]))
    power = ops.square(real) + ops.square(imaginary)
    flat = ops.reshape(ops.transpose(power, (0, 1, 3, 2)), (1, n_frames, rows * blocks))
    return flat[:, :, :n_bins]


def _factor(n: int) -> int:
    """The largest factor that is not above the square root."""
    return next(factor for factor in range(math.isqrt(n), 0, -1) if n % factor == 0)


def _angles(n: int, m: int, period: int) -> Numbers:
    turns = np.outer(np.arange(n), np.arange(m)) % period
    return np.asarray(2 * np.pi * turns / period)


def framed(y: Any, feature: Framed) -> Any:
    """Overlapping, faded frames of samples [shape=(1, n)] -> [shape=(1, n_frames, n_fft)]."""
    from keras import ops

    n_fft, hop = feature.n_fft, feature.hop_length
    n_frames = feature.n_frames(y.shape[1])
    if feature.center:
        y = _padded(y, n_fft // 2, feature.pad_mode)
    # whole blocks of samples are picked, as long as frames and hops allow: a tenth of the indices and less
    block = math.gcd(n_fft, hop)
    n_blocks = y.shape[1] // block
    blocks = ops.reshape(y[:, : n_blocks * block], (1, n_blocks, block))
    index = np.arange(n_frames)[:, np.newaxis] * (hop // block) + np.arange(n_fft // block)
    picked = ops.reshape(ops.take(blocks, index.astype(np.int32), axis=1), (1, n_frames, n_fft))
    fade = padded_window(feature.window, feature.win_length or n_fft, n_fft)
    return picked * fade[np.newaxis, np.newaxis]


def _padded(y: Any, n: int, mode: str) -> Any:
    from keras import ops

    if mode == "constant":
        return ops.pad(y, ((0, 0), (n, n)))
    index = np.pad(np.arange(y.shape[1]), n, mode="edge" if y.shape[1] == 1 else mode)  # type: ignore[call-overload]
    return ops.take(y, index.astype(np.int32), axis=1)


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
