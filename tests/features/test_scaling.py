"""Scaling equals scikit-learn where it has the same, and learns from training clips only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.preprocessing import MinMaxScaler, StandardScaler

from audioclf.core.errors import RunError
from audioclf.features.scaling import SCALINGS, Scaler, Scaling


@pytest.fixture
def x() -> np.ndarray:
    return np.random.default_rng(0).normal(3, 20, (30, 6, 5)).astype(np.float32)


@pytest.mark.parametrize(("mode", "peer"), [("minmax", MinMaxScaler), ("standard", StandardScaler)])
def test_equals_scikit_learn(mode: str, peer: type, x: np.ndarray) -> None:
    train, test = x[:20], x[20:]
    expected = peer().fit(train.reshape(20, -1)).transform(test.reshape(10, -1)).reshape(test.shape)
    np.testing.assert_allclose(Scaler.fit(Scaling(mode=mode), train).apply(test), expected, atol=2e-5)


def test_rows_have_mean_zero_and_deviation_one(x: np.ndarray) -> None:
    scaled = Scaler.fit(Scaling(mode="row-standard"), x).apply(x)
    np.testing.assert_allclose(scaled.mean((0, 2)), 0, atol=1e-5)
    np.testing.assert_allclose(scaled.std((0, 2)), 1, atol=1e-5)


@pytest.mark.parametrize("mode", ["clip-minmax", "clip-standard"])
def test_clip_modes_know_no_other_clip(mode: str, x: np.ndarray) -> None:
    scaler = Scaler.fit(Scaling(mode=mode), x)
    np.testing.assert_array_equal(scaler.apply(x)[:3], scaler.apply(x[:3]))
    if mode == "clip-minmax":
        assert scaler.apply(x).min() == 0
        assert scaler.apply(x).max() == 1


@pytest.mark.parametrize("mode", SCALINGS)
def test_constant_values_stay_finite_and_files_go_round(mode: str, tmp_path: Path) -> None:
    x = np.full((4, 3, 2), 7, np.float32)
    scaler = Scaler.fit(Scaling(mode=mode), x)
    scaler.save(tmp_path / "scaling.npz")
    again = Scaler.load(tmp_path / "scaling.npz").apply(x)
    assert np.isfinite(again).all()
    np.testing.assert_array_equal(again, scaler.apply(x))


def test_a_damaged_file_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "scaling.npz").write_bytes(b"no archive")
    with pytest.raises(RunError, match="train the run again"):
        Scaler.load(tmp_path / "scaling.npz")
