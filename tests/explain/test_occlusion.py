"""Occlusion against a model whose answer is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.explain import occlusion


def share_of_block(x: Any) -> Any:
    """Class 1 has the mean of rows 4-7, frames 6-8; the rest does not matter."""
    share = np.clip(x[:, 4:8, 6:9].mean(axis=(1, 2)), 0, 1)
    return np.stack([1 - share, share], axis=1)


def test_only_the_place_that_matters_is_hot() -> None:
    x = np.zeros((16, 16), np.float32)
    x[4:8, 6:9] = 1
    heat = occlusion(share_of_block, x, 1, patch=(1, 1), fill=0.0)
    expected = np.zeros((16, 16))
    expected[4:8, 6:9] = 1 / 12
    np.testing.assert_allclose(heat, expected, atol=1e-6)
    assert (occlusion(share_of_block, x, 0, patch=(1, 1), fill=0.0) == 0).all()


def test_overlapping_patches_are_averaged() -> None:
    x = np.ones((4,), np.float32)

    def first(x: Any) -> Any:
        return np.stack([x[:, 0], 1 - x[:, 0]], axis=1)

    # Patches 0-1, 1-2, 2-3: only the first covers value 0, and value 1 is in that one and in a harmless one.
    np.testing.assert_allclose(occlusion(first, x, 0, patch=(2,), stride=(1,), fill=0.0), [1, 0.5, 0, 0])


def test_the_mean_stands_in_a_patch_unless_told_otherwise() -> None:
    x = np.array([0.0, 1.0, 1.0, 1.0], np.float32)

    def last(x: Any) -> Any:
        return np.stack([x[:, 3], 1 - x[:, 3]], axis=1)

    np.testing.assert_allclose(occlusion(last, x, 0, patch=(1,)), [0, 0, 0, 0.25])


@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 40)),
    channels=st.integers(0, 2),
    step=st.integers(1, 50),
)
def test_every_place_is_covered_whatever_the_size(shape: tuple[int, int], channels: int, step: int) -> None:
    x = np.ones(shape + ((channels,) if channels else ()), np.float32)

    def changed(x: Any) -> Any:
        lost = (x.reshape(len(x), -1) != 1).any(axis=1)
        return np.stack([1.0 - lost, 0.0 + lost], axis=1)

    # Every patch costs all the probability, so that a place no patch covered would be NaN and not 1.
    assert (occlusion(changed, x, 0, fill=5.0, stride=(step, step)) == 1).all()


def test_a_real_classifier_on_curves() -> None:
    from sklearn.linear_model import LogisticRegression

    rng = np.random.default_rng(0)
    y = np.arange(60) % 2
    x = rng.normal(size=(60, 48)).astype(np.float32)
    x[:, 8:12] += 3 * y[:, None]
    model = LogisticRegression().fit(x, y)
    heat = occlusion(model.predict_proba, x[1], 1)
    assert heat.shape == (48,)
    assert 6 <= heat.argmax() <= 13


@pytest.mark.parametrize(
    ("number", "options"),
    [(2, {}), (-1, {}), (0, {"patch": (0, 1)}), (0, {"patch": (17, 1)}), (0, {"patch": (2,)}), (0, {"stride": (0, 1)})],
)
def test_what_cannot_be_is_refused(number: int, options: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        occlusion(share_of_block, np.zeros((16, 16), np.float32), number, **options)
