"""Mean maps of a class, the clip nearest to it, and differences."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import Mel
from audioclf.features.averages import difference_map, mean_map

SR = 22050


def noise(seed: int, n: int = SR) -> np.ndarray:
    return (0.1 * np.random.default_rng(seed).standard_normal(n)).astype(np.float32)


def test_the_mean_is_numpys_and_the_nearest_is_the_one_in_the_middle() -> None:
    maps = [Mel(ref="one").compute(gain * noise(0), SR) for gain in (0.01, 0.1, 1.0)]
    mean, nearest = mean_map(maps)
    np.testing.assert_allclose(mean.values, np.mean([item.values for item in maps], axis=0), rtol=1e-6)
    assert nearest == 1
    assert mean.axes is maps[0].axes


def test_a_difference_is_above_zero_where_the_first_has_more() -> None:
    quiet, loud = (Mel(ref="one").compute(gain * noise(0), SR) for gain in (0.1, 1.0))
    np.testing.assert_allclose(difference_map(loud, quiet).values, 20, atol=1e-3)
    np.testing.assert_allclose(difference_map(quiet, loud).values, -20, atol=1e-3)


def test_sounds_of_different_length_have_no_mean() -> None:
    with pytest.raises(ParameterError, match="different shapes"):
        mean_map([Mel().compute(noise(0), SR), Mel().compute(noise(0, SR // 2), SR)])
    with pytest.raises(ParameterError, match="at least one clip"):
        mean_map([])
