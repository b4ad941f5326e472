"""The expected calibration error in closed form, and what chance makes of it."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from audioclf.training.metrics import metrics
from audioclf.training.reliability import Bin, Reliability, reliability


def of(confidences: list[float], right: list[bool]) -> tuple[np.ndarray, np.ndarray]:
    """Two classes, the first predicted with each probability."""
    shares = np.array([[confidence, 1 - confidence] for confidence in confidences])
    return np.where(right, 0, 1), shares


def test_the_error_is_that_of_a_hand_calculation() -> None:
    # bins of 1/15: 0.62 in (9/15, 10/15], 0.9 and 0.92 in (13/15, 14/15]
    found = reliability(*of([0.62, 0.62, 0.90, 0.92], [True, False, True, True]))
    assert found.error == pytest.approx((2 * abs(0.5 - 0.62) + 2 * abs(1 - 0.91)) / 4)
    assert [(each.n, each.accuracy) for each in found.bins] == [(2, 0.5), (2, 1.0)]
    assert [each.confidence for each in found.bins] == pytest.approx([0.62, 0.91])
    assert (found.bins[0].low, found.bins[0].high) == pytest.approx((9 / 15, 10 / 15))
    assert (found.n, found.few) == (4, True)
    assert (found.confidence, found.accuracy) == pytest.approx((0.765, 0.75))


def test_over_and_under_confidence_in_one_bin_cancel_as_published() -> None:
    found = reliability(*of([0.75, 0.75, 0.75, 0.75], [True, True, True, False]))
    assert found.error == pytest.approx(0)


def test_certain_answers_are_in_the_last_bin_and_a_bound_belongs_to_the_bin_below() -> None:
    found = reliability(*of([1.0, 1.0], [True, False]))
    assert found.bins == (Bin(14 / 15, 1.0, 2, 1.0, 0.5),)
    assert found.error == found.confidence - found.accuracy == 0.5
    assert found.chance == 0  # who is certain may never err
    assert reliability([0], [[0.75, 0.25]], n_bins=4).bins[0].high == 0.75


def test_no_class_can_be_predicted_with_less_than_its_share() -> None:
    found = reliability([0, 1], np.full((2, 20), 0.05))
    assert (found.bins[0].low, found.error) == (0.0, pytest.approx(0.45))


def test_chance_of_one_bin_is_that_of_a_binomial() -> None:
    from scipy.stats import binom

    n = 60
    found = reliability(*of([0.8] * n, [True] * n))
    distances = np.abs(np.arange(n + 1) / n - 0.8)
    weights = binom.pmf(np.arange(n + 1), n, 0.8)
    order = np.argsort(distances)
    expected = distances[order][np.searchsorted(weights[order].cumsum(), 0.95)]
    assert found.chance == pytest.approx(expected, abs=1.5 / n)
    assert found.error == pytest.approx(0.2)


def test_a_calibrated_model_stays_below_chance_and_a_sure_one_does_not() -> None:
    rng = np.random.default_rng(0)
    below = 0
    for _ in range(40):
        confidence = rng.uniform(0.5, 1, 100)
        below += (found := reliability(*of(confidence.tolist(), (rng.random(100) < confidence).tolist()))).error <= (
            found.chance
        )
    assert below >= 34  # 38 by design
    confidence = rng.uniform(0.9, 1, 300)
    wrong = reliability(*of(confidence.tolist(), (rng.random(300) < 0.7).tolist()))
    assert wrong.error > 3 * wrong.chance
    assert not wrong.few


def test_chance_shrinks_with_the_square_root_of_the_clips() -> None:
    few, many = (reliability(*of([0.7] * n, [True] * n)).chance for n in (100, 10_000))
    assert few / many == pytest.approx(math.sqrt(100), rel=0.3)


def test_metrics_hold_it_as_json_and_it_is_read_again() -> None:
    shares = np.random.default_rng(0).dirichlet(np.ones(3), 50)
    found = metrics(np.arange(50) % 3, shares, ["a", "b", "c"])["calibration"]
    read = Reliability.from_dict(json.loads(json.dumps(found, allow_nan=False)))
    assert read.to_dict() == found
    assert sum(each.n for each in read.bins) == read.n == 50


@pytest.mark.parametrize(
    "change",
    [{"bins": None}, {"bins": []}, {"bins": [1]}, {"error": "x"}, {"error": float("nan")}, {"chance": 7}, {"n": None}],
)
def test_what_a_damaged_file_holds_is_refused(change: dict[str, object]) -> None:
    plain = reliability([0, 1], [[0.9, 0.1], [0.2, 0.8]]).to_dict()
    with pytest.raises(ValueError, match="calibration"):
        Reliability.from_dict(plain | change)
