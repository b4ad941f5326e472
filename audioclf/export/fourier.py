"""The Fourier transform of frames as Keras operations.

It is two matrix products with a turn between them (Cooley and Tukey 1965): the product with one matrix would carry 17
MB of it for frames of 2048 samples, this 60 kB.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.features.spectral import Framed, padded_window

Numbers = npt.NDArray[np.float64]

LARGEST: Final = 4_000_000
"""Values of the largest constant, 16 MB of them: a transform of so long a prime number of samples needs more."""


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
