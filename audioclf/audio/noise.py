"""Noise of a colour: how its power falls towards high frequencies."""

from __future__ import annotations

from typing import Final

import numpy as np
import numpy.typing as npt

COLOURS: Final = {"white": 0.0, "pink": 1.0, "brown": 2.0}
"""Exponent of every colour: power falls as ``1 / f ** exponent``, by 0, 3 and 6 dB an octave."""


def coloured(n: int, rng: np.random.Generator, colour: str = "white") -> npt.NDArray[np.float32]:
    """``n`` samples of Gaussian noise with a mean of 0 and a root mean square of 1, of one of :data:`COLOURS`."""
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum[0] = 0
    spectrum[1:] /= np.arange(1, len(spectrum)) ** (COLOURS[colour] / 2)
    y = np.fft.irfft(spectrum, n)
    return np.asarray(y / max(float(np.sqrt(np.mean(np.square(y)))), 1e-12), np.float32)
