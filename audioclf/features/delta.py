"""Deltas: how fast each row of a feature map changes, and how fast that changes."""

from __future__ import annotations

from typing import Final

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.features.base import FeatureMap

WIDTH: Final = 9
"""Frames a slope is fitted over; librosa's default."""


def delta(shown: FeatureMap, order: int = 1, width: int = WIDTH) -> FeatureMap:
    """Local derivative over time by a polynomial fitted to ``width`` frames [1]_, as ``librosa.feature.delta``.

    Parameters
    ----------
    shown : FeatureMap [shape=(n_rows, n_frames)]
    order : 1 or 2
        Degree of the polynomial and of the derivative: delta in units per frame, or delta-delta per frame squared.
    width : odd int >= 3

    Raises
    ------
    ParameterError
        When the map has fewer frames than ``width``.

    .. [1] A. Savitzky and M. J. E. Golay, "Smoothing and differentiation of data by simplified least squares
       procedures", Analytical Chemistry 36 (1964), 1627-1639.
    """
    n_frames = shown.values.shape[-1]
    if n_frames < width:
        raise ParameterError(
            f"Deltas are fitted over {width} frames, and this sound has {n_frames}; lower hop_length or take a longer"
            " sound.",
            "hop_length",
        )
    places = np.arange(width) - width // 2
    # the derivative of its own order is the same all over a polynomial, so that the ends repeat the nearest fit
    weights = np.linalg.pinv(np.vander(places, order + 1, increasing=True))[order] * (2 if order == 2 else 1)
    windows = np.lib.stride_tricks.sliding_window_view(shown.values, width, axis=-1)
    slopes = np.pad(windows @ weights.astype(np.float32), ((0, 0), (width // 2, width // 2)), mode="edge")
    marks = {1: "Δ", 2: "ΔΔ"}
    unit = f"{shown.unit}/frame{'²' if order == 2 else ''}" if shown.unit else ""
    return FeatureMap(slopes.astype(np.float32), shown.axes, f"{marks[order]} {shown.label}", unit, shown.feature)
