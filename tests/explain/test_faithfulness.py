"""Maps are judged by what becomes of the class: with models whose answer is known."""

from __future__ import annotations

import json

import numpy as np
import pytest

from audioclf.explain import Subject, Verdict, iou, judge, points_into
from audioclf.explain.faithfulness import SHARES, area, rank
from audioclf.explain.pointing import box_mask
from audioclf.explain.sanity import overlap, rank_correlation
from audioclf.inference.messages import packed, unpacked

SHAPE = (20, 30)


def subject(where: tuple[slice, slice]) -> Subject:
    """A model that sees one place alone: the more of it is left, the likelier class 0."""
    x = np.random.default_rng(0).uniform(0.5, 1, SHAPE).astype(np.float32)

    def predict(batch: np.ndarray) -> np.ndarray:
        value = 0.05 + 0.9 * (batch[:, *where] > 0).mean(axis=(1, 2))
        return np.stack([value, 1 - value], axis=1)

    return Subject(x, np.zeros_like(x), predict, ())


PLACE = (slice(4, 10), slice(5, 15))


def test_a_true_map_beats_random_places_and_the_loudest() -> None:
    heat = np.zeros(SHAPE, np.float32)
    heat[PLACE] = 1
    found = judge(subject(PLACE), heat, 0)
    assert found.probability == pytest.approx(0.95)
    assert found.marked == pytest.approx(0.05, abs=0.01)
    assert found.random > 0.5
    assert found.loudest == pytest.approx(0.86, abs=0.06)
    assert found.beats == 1
    assert not found.is_random
    assert not found.loudest_wins
    assert found.warning() == ""
    assert found.drop == pytest.approx(0)
    assert found.fidelity
    assert found.faithfulness == pytest.approx(0.9, abs=0.01)
    assert area(found.deletion["marked"]) < area(found.deletion["random"])
    assert area(found.insertion["marked"]) > area(found.insertion["random"])
    assert found.deletion["marked"][0] == found.insertion["marked"][-1] == found.probability
    sentence = found.sentence("Violin")
    assert sentence.startswith("Removing the marked tenth takes Violin from 0.95 to 0.05; a random tenth to 0.")
    assert unpacked(Verdict, json.loads(json.dumps(packed(found)[0]))) == found


def test_a_map_of_another_place_and_one_of_noise_are_called_random() -> None:
    heat = np.zeros(SHAPE, np.float32)
    heat[15:19, 18:28] = 1
    assert judge(subject(PLACE), heat, 0).is_random
    noise = np.random.default_rng(1).random(SHAPE).astype(np.float32)
    found = judge(subject(PLACE), noise, 0)
    assert found.is_random
    assert "no better than one at a random place" in found.warning()


def test_a_model_of_what_is_loud_is_best_shown_by_what_is_loud() -> None:
    x = np.random.default_rng(0).uniform(0.1, 1, SHAPE).astype(np.float32)
    loud = x > np.quantile(x, 0.9)

    def predict(batch: np.ndarray) -> np.ndarray:
        value = 0.05 + 0.9 * (batch[:, loud] > 0).mean(axis=1)
        return np.stack([value, 1 - value], axis=1)

    heat = np.zeros(SHAPE, np.float32)
    heat[:10] = 1
    found = judge(Subject(x, np.zeros_like(x), predict, ()), heat, 0)
    assert found.loudest == pytest.approx(0.05, abs=0.01)
    assert found.loudest_wins
    assert found.warning()


def test_ranks_are_shares_and_ties_are_broken_at_random() -> None:
    heat = np.array([[3.0, 1.0], [2.0, 0.0]])
    np.testing.assert_array_equal(rank(heat, np.random.default_rng(0)), [[0, 0.5], [0.25, 0.75]])
    flat = rank(np.zeros(1000), np.random.default_rng(0))
    assert np.corrcoef(flat, np.arange(1000))[0, 1] == pytest.approx(0, abs=0.1)
    assert area(tuple(SHARES)) == pytest.approx(0.5)


def test_maps_agree_with_themselves_and_not_with_noise() -> None:
    rng = np.random.default_rng(0)
    first, second = rng.random(SHAPE), rng.random(SHAPE)
    assert overlap(first, first) == pytest.approx(1)
    assert overlap(first, second) == pytest.approx(0.1, abs=0.1)
    assert rank_correlation(first, first) == pytest.approx(1)
    assert rank_correlation(first, -first) == pytest.approx(-1)
    assert rank_correlation(first, second) == pytest.approx(0, abs=0.1)
    assert rank_correlation(first, np.zeros(SHAPE)) == 0


def test_pointing_into_a_box_of_time_and_frequency() -> None:
    times, frequencies = np.arange(30) * 0.1, np.arange(20) * 100.0
    truth = box_mask(times, frequencies, (0.5, 1.01, 400, 600))
    assert np.argwhere(truth).min(axis=0).tolist() == [4, 5]
    assert np.argwhere(truth).max(axis=0).tolist() == [6, 10]
    assert box_mask(times, frequencies, (0.5, 0.5, 449, 449)).sum() == 1
    heat = np.zeros(SHAPE)
    assert not points_into(heat, truth)
    heat[5, 7] = 1
    assert points_into(heat, truth)
    assert iou(heat, truth) == pytest.approx(1 / 18)
    assert iou(truth.astype(float), truth) == 1
    heat[15, 20] = 2
    assert not points_into(heat, truth)
