"""Intervals over groups: closed forms, published cases, and how often the truth lies inside."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from audioclf.core.errors import ParameterError
from audioclf.training.intervals import FEW, accuracy_interval, interval_words, mean_interval


def test_without_groups_it_is_wilsons_over_clips() -> None:
    right = [True] * 81 + [False] * 182
    for groups in (None, [None] * 263):
        found = accuracy_interval(right, groups)
        assert (found.low, found.high) == pytest.approx((0.2553, 0.3662), abs=5e-5)  # Newcombe 1998
        assert interval_words(found.to_dict()) == "Wilson over 263 clips"


def test_of_few_equal_groups_it_is_students_t_of_their_accuracies() -> None:
    rng = np.random.default_rng(3)
    shares = np.array([0.2, 0.9, 0.5, 0.7, 0.4, 0.8])
    right = np.array([rng.permutation(50) < 50 * share for share in shares])
    found = accuracy_interval(right.ravel(), np.repeat([f"s{n}" for n in range(6)], 50).tolist())
    expected = stats.t.interval(0.95, 5, shares.mean(), stats.sem(shares))
    assert (found.low, found.high) == pytest.approx((max(expected[0], 0), min(expected[1], 1)))
    assert interval_words(found.to_dict()) == "Student's t over 6 groups"


def test_of_unequal_groups_the_error_is_that_of_a_ratio() -> None:
    totals, counts = np.array([3.0, 9.0, 2.0]), np.array([4, 10, 8])
    values = np.concatenate([[1.0] * int(t) + [0.0] * (n - int(t)) for t, n in zip(totals, counts, strict=True)])
    found = mean_interval(values, np.repeat(["a", "b", "c"], counts).tolist(), "groups")
    mean = 14 / 22
    error = np.sqrt(((totals - mean * counts) ** 2).sum() / 2 * 3) / 22
    assert (found.high - found.low) / 2 == pytest.approx(stats.t.ppf(0.975, 2) * error)
    assert (found.high + found.low) / 2 == pytest.approx(mean)


def test_of_few_groups_tested_in_three_splits_or_more_it_is_over_the_splits() -> None:
    right = np.arange(120) % 3 > 0
    groups = [f"g{n % 6}" for n in range(120)]
    splits = [f"fold-{n % 6 // 2}" for n in range(120)]
    assert interval_words(accuracy_interval(right, groups, splits).to_dict()) == "Student's t over 3 splits"
    torn = [f"fold-{n % 5}" for n in range(120)]
    assert interval_words(accuracy_interval(right, groups, torn).to_dict()) == "Student's t over 6 groups"


def test_of_many_groups_it_is_a_bootstrap_as_wide_as_theory_has_it() -> None:
    rng = np.random.default_rng(0)
    shares = rng.choice([0.1, 0.9], 200)
    right = (rng.random((200, 10)) < shares[:, None]).ravel()
    groups = [f"g{n // 10}" for n in range(2000)]
    found = accuracy_interval(right, groups)
    assert interval_words(found.to_dict()) == "bootstrap over 200 groups"
    means = right.reshape(200, 10).mean(axis=1)
    assert found.high - found.low == pytest.approx(2 * 1.96 * stats.sem(means), rel=0.1)
    alone = accuracy_interval(right)
    assert found.high - found.low > 2 * (alone.high - alone.low)


@pytest.mark.parametrize("n_groups", [6, 30])
def test_the_truth_lies_inside_about_as_often_as_promised(n_groups: int) -> None:
    rng = np.random.default_rng(n_groups)
    groups = [f"g{n // 20}" for n in range(20 * n_groups)]
    inside = {"groups": 0, "clips": 0}
    for _ in range(200):
        shares = rng.beta(3.5, 1.5, n_groups)  # mean 0.7
        right = (rng.random((n_groups, 20)) < shares[:, None]).ravel()
        for name, known in (("groups", groups), ("clips", None)):
            found = accuracy_interval(right, known)
            inside[name] += found.low <= 0.7 <= found.high
    assert inside["groups"] >= 0.9 * 200
    assert inside["clips"] < 0.8 * 200, "clips of one group are related, so Wilson's is too narrow"


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.integers(0, 30)), min_size=1, max_size=80))
def test_it_holds_the_accuracy_and_never_is_narrower_than_wilsons(clips: list[tuple[bool, int]]) -> None:
    right = [correct for correct, _ in clips]
    found = accuracy_interval(right, [f"g{group}" for _, group in clips])
    alone = accuracy_interval(right)
    assert 0 <= found.low <= alone.low <= np.mean(right) + 1e-12
    assert np.mean(right) - 1e-12 <= alone.high <= found.high <= 1


def test_one_group_says_nothing_about_others_and_a_clip_without_one_is_its_own() -> None:
    assert (
        interval_words(accuracy_interval([True, False], ["a", "a"]).to_dict()) == "Wilson over the clips of one group"
    )
    found = accuracy_interval([True, False, True], ["a", None, None])
    assert (found.over, found.n) == ("groups", 3)
    assert interval_words({"interval": [0.1, 0.2]}) == ""
    with pytest.raises(ParameterError, match="at least one clip"):
        accuracy_interval([])
    with pytest.raises(ParameterError, match="two of them"):
        mean_interval([1.0], ["a"], "groups")
    assert FEW > 2
