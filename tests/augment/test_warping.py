"""Warp and filter against what they promise of a ramp."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.augment.filtering import Filter
from audioclf.augment.warping import Warp

ONEHOT = np.ones((200, 1), np.float32)
ROWS = np.tile(np.arange(20, dtype=np.float32)[None, :, None], (200, 1, 9))
FRAMES = np.tile(np.arange(21, dtype=np.float32)[None, None, :], (200, 4, 1))


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_frequencies_stretch_from_the_lowest_row() -> None:
    warped = Warp(freq_stretch=0.25, time_stretch=0).apply(ROWS, ONEHOT, rng())[0][:, :, 0]
    factors = warped[:, 10] / 10
    assert factors.min() == pytest.approx(1 / 1.25, abs=0.01)
    assert factors.max() == pytest.approx(1.25, abs=0.01)
    # as often down as up
    assert np.log(factors).mean() == pytest.approx(0, abs=0.03)
    expected = np.clip(np.arange(20) * factors[:, None], 0, 19)
    np.testing.assert_allclose(warped, expected, atol=1e-4)


def test_time_stretches_about_the_middle_and_shifts() -> None:
    stretched = Warp(freq_stretch=0, time_stretch=0.5).apply(FRAMES, ONEHOT, rng())[0][:, 0]
    np.testing.assert_allclose(stretched[:, 10], 10, atol=1e-5)
    slopes = stretched[:, 11] - stretched[:, 10]
    assert (slopes.min(), slopes.max()) == (pytest.approx(1 / 1.5, abs=0.02), pytest.approx(1.5, abs=0.02))
    shifted = Warp(freq_stretch=0, time_stretch=0, time_shift=0.2).apply(FRAMES, ONEHOT, rng())[0][:, 0]
    shifts = shifted[:, 10] - 10
    assert (shifts.min(), shifts.max()) == (pytest.approx(-4.2, abs=0.1), pytest.approx(4.2, abs=0.1))
    np.testing.assert_allclose(shifted, np.clip(np.arange(21) + shifts[:, None], 0, 20), atol=1e-4)


def test_rows_shift_by_a_share() -> None:
    shifted = Warp(freq_stretch=0, time_stretch=0, freq_shift=0.1).apply(ROWS, ONEHOT, rng())[0][:, 10, 0] - 10
    assert (shifted.min(), shifted.max()) == (pytest.approx(-2, abs=0.05), pytest.approx(2, abs=0.05))


@pytest.mark.parametrize("augmentation", [Warp(probability=0.3), Filter(probability=0.3)])
def test_the_others_stay_as_they_are(augmentation: Warp | Filter) -> None:
    x = np.random.default_rng(1).normal(size=(200, 12, 15)).astype(np.float32)
    same = (augmentation.apply(x, ONEHOT, rng())[0] == x).all(axis=(1, 2))
    assert same.mean() == pytest.approx(0.7, abs=0.12)


def test_a_filter_is_a_gain_over_the_rows_alone() -> None:
    x = np.random.default_rng(1).normal(0, 4, size=(200, 9, 30)).astype(np.float32)
    gains = Filter(scale=0.5, n_points=3).apply(x, ONEHOT, rng())[0] - x
    np.testing.assert_allclose(gains, np.broadcast_to(gains[:, :, :1], gains.shape), atol=1e-4)
    curves = gains[:, :, 0] / x.std(axis=(1, 2))[:, None]
    assert curves[:, [0, 4, 8]].std() == pytest.approx(0.5, rel=0.1)
    # straight between the points
    np.testing.assert_allclose(curves[:, 2], (curves[:, 0] + curves[:, 4]) / 2, atol=1e-3)


def test_one_point_is_one_gain_for_all_rows() -> None:
    gains = Filter(n_points=1).apply(FRAMES, ONEHOT, rng())[0] - FRAMES
    np.testing.assert_allclose(gains, np.broadcast_to(gains[:, :1, :1], gains.shape), atol=1e-4)
