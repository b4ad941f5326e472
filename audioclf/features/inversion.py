"""Sound from a feature: hear what it keeps, and how far that is from the original."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.base import Array, Feature
from audioclf.features.cqt import CQT
from audioclf.features.mel import Mel, MelFramed
from audioclf.features.mfcc import MFCC
from audioclf.features.stft import STFT

PHASES: Final = ("griffin-lim", "original")
"""Where the phase comes from that a feature leaves out: estimated, or borrowed from the original sound."""

INVERTIBLE: Final = ("stft", "cqt", "mel", "mfcc")
"""Kinds of the features that can be heard."""

_FLOOR: Final = 80.0


@dataclass(frozen=True, eq=False)
class Resynthesis:
    """A sound made of a feature.

    Attributes
    ----------
    y : np.ndarray [shape=(n,)], float32
        As long as the original, at its sample rate.
    distance : float
        :func:`spectral_distance` to the original, in dB.
    """

    y: Array
    distance: float


def resynthesize(
    y: npt.ArrayLike,
    sr: int,
    feature: Feature,
    *,
    phase: str = "griffin-lim",
    n_iter: int | None = None,
    random_state: int = 0,
) -> Resynthesis:
    """Compute a feature of a sound and make sound of it again, with librosa's inverses.

    What is in dB keeps its level (``ref="one"``) but loses what lies below ``top_db``; coefficients that were left
    out are taken as zero; mel bands are spread over their Fourier bins by non-negative least squares.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], real
        Mono samples.
    sr : int > 0 [Hz]
    feature : STFT, CQT, Mel or MFCC
    phase : "griffin-lim" or "original"
        Features keep no phase. It is found by the algorithm of Griffin and Lim, or taken from the original, which
        shows what is lost in the magnitudes alone.
    n_iter : int > 0 or None
        Iterations of Griffin and Lim; None makes 32, of the constant-Q transform 8 (each takes half a second there,
        and further ones bring it no closer).
    random_state : int
        Of the phase they begin with.

    Returns
    -------
    Resynthesis

    Raises
    ------
    ParameterError
        For a feature that cannot be inverted, or parameters that cannot work on this sound.

    References
    ----------
    D. W. Griffin and J. S. Lim, "Signal estimation from modified short-time Fourier transform", IEEE Transactions on
    Acoustics, Speech, and Signal Processing 32 (1984), 236-243. N. Perraudin, P. Balazs and P. L. Sondergaard, "A fast
    Griffin-Lim algorithm", WASPAA 2013.
    """
    if phase not in PHASES:
        raise ParameterError(f"phase must be 'griffin-lim' or 'original', got '{phase}'.", "phase")
    samples = feature.samples(y, sr)
    if not isinstance(feature, CQT | Mel | MFCC | STFT):
        raise ParameterError(
            f"The {feature.title} cannot be made sound again; choose stft, cqt, mel or mfcc.", "feature"
        )
    if n_iter is None:
        n_iter = 8 if isinstance(feature, CQT) else 32
    # librosa warns of sounds that are shorter than a window
    least = 2 * round(sr * feature.window_seconds()[0]) if isinstance(feature, CQT) else feature.n_fft
    padded = np.pad(samples, (0, max(0, least - samples.size))) if getattr(feature, "center", True) else samples
    how = {"n_iter": n_iter, "random_state": random_state}
    if isinstance(feature, CQT):
        made = _invert_cqt(padded, sr, feature, phase, how)
    else:
        made = _invert_framed(padded, sr, feature, phase, how)
    heard = np.zeros_like(samples)
    heard[: len(made)] = made[: len(heard)]
    return Resynthesis(heard, spectral_distance(samples, heard))


def spectral_distance(one: npt.ArrayLike, other: npt.ArrayLike, n_fft: int = 2048, hop_length: int = 512) -> float:
    """Log-spectral distance of two sounds of one length in dB: 0 for the same levels everywhere.

    The root of the mean square difference of the levels over the frequencies of a frame, averaged over the frames;
    whatever lies more than 80 dB below the loudest value of the first sound counts as silence.

    Parameters
    ----------
    one, other : np.ndarray [shape=(n,)], real
    n_fft, hop_length : int > 0 [samples]

    References
    ----------
    A. H. Gray and J. D. Markel, "Distance measures for speech processing", IEEE Transactions on Acoustics, Speech,
    and Signal Processing 24 (1976), 380-391.
    """
    power = STFT(n_fft=n_fft, hop_length=hop_length, scale="power")
    first, second = (power.compute(y, 1).values for y in (one, other))
    least = max(float(first.max()), 1e-10) / 10 ** (_FLOOR / 10)
    difference = 10 * np.log10(np.maximum(first, least) / np.maximum(second, least))
    return float(np.sqrt(np.square(difference).mean(axis=0, dtype=np.float64)).mean())


def _invert_framed(samples: Array, sr: int, feature: Mel | MFCC | STFT, phase: str, how: dict[str, Any]) -> Array:
    import librosa

    shape = _given(feature, "n_fft", "hop_length", "win_length", "window", "center")
    magnitude = _magnitudes(samples, sr, feature)
    made: Array
    if phase == "original":
        own = librosa.stft(samples, pad_mode=feature.pad_mode, **shape)
        spectrum = magnitude * np.exp(1j * np.angle(own[:, : magnitude.shape[1]]))
        made = librosa.istft(spectrum, length=len(samples), **shape)
    else:
        made = librosa.griffinlim(magnitude, length=len(samples), pad_mode=feature.pad_mode, **shape, **how)
    return made


def _magnitudes(samples: Array, sr: int, feature: Mel | MFCC | STFT) -> Array:
    """Fourier magnitudes that the feature still describes [shape=(1 + n_fft // 2, n_frames)]."""
    import librosa

    if isinstance(feature, MFCC) and feature.summary != "none":
        raise ParameterError(
            f"summary must be 'none' to make sound of MFCC, got '{feature.summary}': a mean has no time.", "summary"
        )
    absolute = feature if isinstance(feature, MFCC) else feature.replace(ref="one")
    values = absolute.compute(samples, sr).values
    if isinstance(feature, STFT):
        return np.asarray(_from_scale(values, feature.scale, 2 if feature.scale == "power" else 1), np.float32)
    assert isinstance(feature, MelFramed)
    if isinstance(feature, MFCC):
        given = _given(feature, "n_mels", "dct_type", "lifter")
        norm = None if feature.norm == "none" else feature.norm
        bands = librosa.feature.inverse.mfcc_to_mel(values, norm=norm, **given)
        area = feature.mel_norm
    else:
        # the map's levels are of powers, whatever the bands add up
        bands = _from_scale(values, feature.scale, 1) ** (feature.power if feature.scale == "db" else 1)
        area = feature.norm
    magnitude: Array = librosa.feature.inverse.mel_to_stft(
        bands.astype(np.float32),
        sr=sr,
        norm=None if area == "none" else area,
        **_given(feature, "n_fft", "power", "fmin", "fmax", "htk"),
    )
    return magnitude


def _given(feature: Feature, *names: str) -> dict[str, Any]:
    """Parameters that librosa's functions have by the same names."""
    return {name: getattr(feature, name) for name in names}


def _from_scale(values: Array, scale: str, power: float) -> Array:
    """Magnitudes: of levels in dB, or of what is ``power`` of a magnitude."""
    if scale == "db":
        return np.asarray(10 ** (values / 20), np.float32)
    return np.asarray(values ** (1 / power), np.float32)


def _invert_cqt(samples: Array, sr: int, feature: CQT, phase: str, how: dict[str, Any]) -> Array:
    import librosa

    octaves = -(-feature.n_bins // feature.bins_per_octave)
    if feature.hop_length % 2 ** (octaves - 1):
        raise ParameterError(
            f"hop_length must be a multiple of {2 ** (octaves - 1)} to make sound of {octaves} octaves, got"
            f" {feature.hop_length}; change hop_length or lower n_bins.",
            "hop_length",
        )
    magnitude = _from_scale(feature.replace(ref="one").compute(samples, sr).values, feature.scale, 1)
    shape = _given(feature, "hop_length", "bins_per_octave", "filter_scale", "sparsity", "window")
    shape |= {"sr": sr, "fmin": float(feature.frequencies()[0])}
    made: Array
    if phase == "original":
        own = librosa.cqt(samples, n_bins=feature.n_bins, pad_mode=feature.pad_mode, **shape)
        frames_there = min(magnitude.shape[1], own.shape[1])
        spectrum = magnitude[:, :frames_there] * np.exp(1j * np.angle(own[:, :frames_there]))
        made = librosa.icqt(spectrum, length=len(samples), **shape)
    else:
        made = librosa.griffinlim_cqt(magnitude, length=len(samples), pad_mode=feature.pad_mode, **shape, **how)
    return made
