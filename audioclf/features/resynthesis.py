"""Sound from a mask: hear the part of a clip that a heat map marks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError

Array = npt.NDArray[np.float32]


def masked_sound(
    y: npt.ArrayLike,
    sr: float,
    heat: npt.ArrayLike,
    *,
    times: npt.ArrayLike,
    frequencies: npt.ArrayLike | None = None,
    invert: bool = False,
    floor: float = 0.0,
    n_fft: int = 2048,
    hop_length: int = 512,
) -> Array:
    """Samples as loud as a heat map is hot, through a mask on the short-time Fourier transform.

    Parameters
    ----------
    y : np.ndarray [shape=(n,)], real
        Mono samples.
    sr : number > 0 [Hz]
    heat : np.ndarray [shape=(rows, frames)], in [0, 1]
    times : np.ndarray [shape=(frames,)], ascending [s]
        Centre of every frame.
    frequencies : np.ndarray [shape=(rows,)], ascending [Hz], optional
        Centre of every row. Without them (rows that are coefficients) the mean over the rows
        decides, and the mask follows time alone.
    invert : bool
        Hear what is left instead.
    floor : float
        Amplitude that remains where the map is cold, in [0, 1].
    n_fft, hop_length : int [samples]
        Of the transform the mask is laid on.

    Returns
    -------
    np.ndarray [shape=(n,)], float32
        Levels as they are; a map of ones gives the samples back.

    Raises
    ------
    ParameterError
        When map and axes do not go together.
    """
    from scipy.signal import ShortTimeFFT

    samples = np.asarray(y, dtype=np.float32)
    mask = np.clip(np.asarray(heat, dtype=np.float64), 0, 1)
    at = np.asarray(times, dtype=np.float64)
    rows = None if frequencies is None else np.asarray(frequencies, dtype=np.float64)
    if mask.ndim != 2 or at.shape != mask.shape[1:] or (rows is not None and rows.shape != mask.shape[:1]):
        raise ParameterError(
            f"The heat map needs one time for each frame and one frequency for each row, got a map of {mask.shape},"
            f" {at.size} times and {'no' if rows is None else rows.size} frequencies."
        )
    if samples.ndim != 1 or samples.size == 0:
        raise ParameterError(f"Sound from a mask needs mono samples, got shape {samples.shape}.")
    if invert:
        mask = 1 - mask
    n = samples.size
    transform = ShortTimeFFT(np.hanning(n_fft + 1)[:-1], hop_length, sr)
    # The transform needs half a window; silence is added to shorter sounds and cut off again.
    padded = np.pad(samples, (0, max(0, n_fft - n)))
    spectrum = transform.stft(padded)
    if rows is None:
        mask, rows = mask.mean(axis=0, keepdims=True), np.zeros(1)
    in_time = np.stack([np.interp(transform.t(padded.size), at, row) for row in mask])
    on_grid = np.stack([np.interp(transform.f, rows, frame) for frame in in_time.T], axis=1)
    heard: Array = transform.istft(spectrum * (floor + (1 - floor) * on_grid), k1=padded.size)[:n].astype(np.float32)
    return heard
