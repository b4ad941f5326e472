"""What YAMNet listens to: patches of a log mel spectrogram, as its publisher makes them.

Its mel bands are triangles on the mel scale itself, as in ``tf.signal.linear_to_mel_weight_matrix``; librosa's and ours
(:mod:`audioclf.features.mel`) are triangles in Hz, and differ by up to 0.005.
"""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]

SR: Final = 16000
FRAME: Final = 400
HOP: Final = 160
N_FFT: Final = 512
BANDS: Final = 64
FMIN, FMAX = 125.0, 7500.0
OFFSET: Final = np.float32(0.001)
"""Added before the logarithm."""

PATCH: Final = 96
"""Frames of a patch."""

PATCH_HOP: Final = 48
"""Frames from a patch to the next."""

BEYOND: Final = math.ceil(FRAME / HOP) - 1
"""Frames that may still begin in a sound behind the one in which it ends."""

SHORTEST: Final = (PATCH - 1) * HOP + FRAME
"""Samples of one patch."""

_BLOCK: Final = 4096


def n_patches(n_samples: int) -> int:
    """Patches of so many samples: the last begins before they end."""
    return 1 + max(0, math.ceil((n_samples - SHORTEST) / (PATCH_HOP * HOP)))


def patches(samples: Array) -> Array:
    """Overlapping patches of the log mel spectrogram.

    Parameters
    ----------
    samples : np.ndarray [shape=(n,)], float32
        At 16 kHz; silence follows them up to the end of the last patch.

    Returns
    -------
    np.ndarray [shape=(n_patches, 96, 64)], float32
        A view: patches share their frames.
    """
    n = n_patches(samples.size)
    padded = np.zeros(SHORTEST + (n - 1) * PATCH_HOP * HOP, np.float32)
    padded[: samples.size] = samples
    rows = log_mel(padded)
    views = np.lib.stride_tricks.sliding_window_view(rows, PATCH, axis=0)[::PATCH_HOP]
    return views.transpose(0, 2, 1)


def log_mel(samples: Array) -> Array:
    """Log mel spectrogram, frames not centred [shape=(n_frames, 64)], float32."""
    import scipy.fft

    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(FRAME) / FRAME)).astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(samples, FRAME)[::HOP]
    found = np.empty((len(frames), BANDS), np.float32)
    for start in range(0, len(frames), _BLOCK):  # all frames of a long sound would take several times its memory
        spectra = np.abs(scipy.fft.rfft(frames[start : start + _BLOCK] * window, N_FFT))
        np.matmul(spectra, mel_weights(), out=found[start : start + _BLOCK])
    found += OFFSET
    return np.log(found, out=found)


@functools.cache
def mel_weights() -> Array:
    """Triangles that gather Fourier bins into bands [shape=(257, 64)], on the mel scale of the HTK Book."""
    bins = _mel(np.arange(N_FFT // 2 + 1) * SR / N_FFT)[:, np.newaxis]
    edges = np.linspace(_mel(FMIN), _mel(FMAX), BANDS + 2)
    left, centre, right = edges[:-2], edges[1:-1], edges[2:]
    weights = np.maximum(0, np.minimum((bins - left) / (centre - left), (right - bins) / (right - centre)))
    weights[0] = 0
    return np.ascontiguousarray(weights, np.float32)


def _mel(hertz: npt.ArrayLike) -> npt.NDArray[np.float64]:
    return 1127 * np.log1p(np.asarray(hertz, np.float64) / 700)
