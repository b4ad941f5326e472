"""Deltas against librosa."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import MFCC
from audioclf.features.delta import delta


@pytest.mark.parametrize("order", [1, 2])
@pytest.mark.parametrize("width", [3, 9, 15])
def test_deltas_equal_librosa(order: int, width: int, tone: Callable[..., Any]) -> None:
    shown = MFCC().compute(tone(440.0, 1.0) + 0.01 * np.random.default_rng(0).standard_normal(22050), 22050)
    made = delta(shown, order, width)
    expected = librosa.feature.delta(shown.values, width=width, order=order)
    np.testing.assert_allclose(made.values, expected, atol=1e-4 * np.abs(expected).max())
    assert made.axes == shown.axes


def test_a_map_with_too_few_frames_is_refused(tone: Callable[..., Any]) -> None:
    with pytest.raises(ParameterError, match="9 frames, and this sound has 5"):
        delta(MFCC().compute(tone(440.0, 0.1), 22050))
