"""What the value of a parameter gains and costs: resolution in milliseconds and hertz, shape, bytes."""

from __future__ import annotations

import math

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.core.text import size_text
from audioclf.features.base import Feature
from audioclf.features.cqt import CQT
from audioclf.features.mel import MelFramed, mel_edges
from audioclf.features.mfcc import MFCC
from audioclf.features.spectral import Framed
from audioclf.features.spectrum import Spectrum


def size(shape: tuple[int, ...]) -> str:
    """Shape and size of a feature map as float32: ``"128 × 216 values, 111 kB"``."""
    return f"{' × '.join(f'{n:,}' for n in shape)} values, {size_text(4 * math.prod(shape))}"


def trade_offs(feature: Feature, sr: float, n_samples: int) -> dict[str, str]:
    """What the parameters of a feature mean for a sound of ``n_samples``, and what another value would change.

    A phrase by the name of the parameter; parameters without a trade-off are left out.
    """
    found: dict[str, str] = {}
    if isinstance(feature, Framed):
        found |= _framed(feature, sr, n_samples)
    if isinstance(feature, MelFramed):
        found["n_mels"] = _bands(feature, sr)
    if isinstance(feature, MFCC) and feature.n_mfcc > 1:
        finest = 2 * feature.n_mels / (feature.n_mfcc - 1)
        found["n_mfcc"] = (
            f"The finest cosine has a period of {_short(finest)} mel bands; narrower detail is lost. More coefficients:"
            " more detail, more bytes."
        )
    if isinstance(feature, CQT):
        found |= _constant_q(feature, sr, n_samples)
    if isinstance(feature, Spectrum):
        n_fft = feature.n_fft or n_samples
        found["n_fft"] = f"{_ms(n_fft / sr)} of sound, bins {_short(sr / n_fft)} Hz apart."
    return found


def warnings(feature: Feature, sr: float, n_samples: int) -> dict[str, str]:
    """What works but deserves a word at this sample rate and length, by the parameter each sentence names first."""
    try:
        sentences = list(feature.advice(sr, n_samples))
    except ParameterError:
        return {}  # computing it says so
    hop: int | None = getattr(feature, "hop_length", None)
    if hop is not None and hop > n_samples:
        sentences.append(
            f"hop_length ({hop:,} samples, {_ms(hop / sr)}) is longer than the sound ({_ms(n_samples / sr)}), so there"
            " is a single frame; lower hop_length."
        )
    names = feature.describe()
    found: dict[str, str] = {}
    for sentence in sentences:
        words = sentence.replace(",", " ").replace(";", " ").replace(".", " ").split()
        field = next((word for word in words if word in names), "")
        found[field] = f"{found[field]} {sentence}" if field in found else sentence
    return found


def _framed(feature: Framed, sr: float, n_samples: int) -> dict[str, str]:
    n_fft, hop = feature.n_fft, feature.hop_length
    apart = sr / n_fft
    found = {
        "n_fft": f"{_ms(n_fft / sr)} long, bins {_short(apart)} Hz apart. Twice as long: {_short(apart / 2)} Hz"
        f" apart, but blurred over {_ms(2 * n_fft / sr)}."
    }
    overlap = 1 - hop / (feature.win_length or n_fft)
    shared = f", {100 * overlap:.0f}% overlap" if overlap > 0 else ", with gaps between the frames"
    found["hop_length"] = _frames(hop, sr, 1 + n_samples // hop) + f"{shared}. Half: twice the frames and bytes."
    if feature.win_length is not None:
        found["win_length"] = f"{_ms(feature.win_length / sr)} long."
    return found


def _bands(feature: MelFramed, sr: float) -> str:
    edges = mel_edges(feature.n_mels, feature.fmin, feature.fmax or sr / 2, feature.htk)
    widths = edges[2:] - edges[:-2]
    return (
        f"Bands {_short(widths[0])} Hz wide at the bottom, {_short(widths[-1])} Hz at the top. More bands: narrower,"
        " more bytes."
    )


def _constant_q(feature: CQT, sr: float, n_samples: int) -> dict[str, str]:
    frequencies = feature.frequencies()
    apart = 100 * (2 ** (1 / feature.bins_per_octave) - 1)
    seconds = feature.window_seconds()
    return {
        "hop_length": _frames(feature.hop_length, sr, 1 + n_samples // feature.hop_length)
        + ". Half: twice the frames and bytes.",
        "n_bins": f"Rows from {_short(frequencies[0])} to {_short(frequencies[-1])} Hz.",
        "bins_per_octave": f"Rows {_short(apart)}% apart. Windows {_ms(seconds[0])} at the bottom,"
        f" {_ms(seconds[-1])} at the top; twice the rows per octave: twice as long.",
    }


def _frames(hop: int, sr: float, n_frames: int) -> str:
    return f"A frame every {_ms(hop / sr)}, about {n_frames:,} frames"


def _ms(seconds: float) -> str:
    return f"{_short(seconds)} s" if seconds >= 1 else f"{_short(1000 * seconds)} ms"


def _short(value: float) -> str:
    """Three figures, thousands separated."""
    number = float(np.format_float_positional(value, 3, fractional=False)) if value else 0.0
    return f"{number:,.0f}" if abs(number) >= 100 else f"{number:g}"
