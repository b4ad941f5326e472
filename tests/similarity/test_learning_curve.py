"""Learning curves: what trains, what is tested, and what they say."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import binomtest

import audioclf
from audioclf.core.errors import DatasetError
from audioclf.datasets.splits import Holdout
from audioclf.inference.messages import packed, unpacked
from audioclf.plots.learning import learning_chart
from audioclf.similarity.learning_curve import SCRATCH, LearningCurve, Point, learning_curve, title


def test_both_ways_are_tested_on_the_same_clips(class_folders: Path) -> None:
    dataset = audioclf.load_dataset(class_folders)
    told: list[tuple[int, int]] = []
    found = learning_curve(
        dataset,
        Holdout(test_size=0.34),
        ("speech-embedding", SCRATCH),
        sizes=(1,),
        n_jobs=1,
        progress=lambda *done: told.append(done),
    )
    line = found.of("speech-embedding")
    assert [(point.per_class, point.n_train) for point in line] == [(1, 2), (4, 8)]
    assert [len(point.accuracies) for point in line] == [5, 1]
    assert [len(point.accuracies) for point in found.of(SCRATCH)] == [2, 1]
    assert {point.n_test for point in found.points} == {4}
    assert line[-1].accuracy == 1.0
    assert told[-1] == (1000, 1000)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert unpacked(LearningCurve, *packed(found)) == found
    assert "recognized by the" in found.sentence
    with pytest.raises(DatasetError, match="choose one"):
        learning_curve(dataset, Holdout(), ())


def test_the_interval_is_wilsons_where_one_draw_was_made() -> None:
    low, high = Point("yamnet", 5, 50, (0.8,), 50).interval
    known = binomtest(40, 50).proportion_ci(method="wilson")
    assert (low, high) == pytest.approx((known.low, known.high), abs=1e-4)
    wider = Point("yamnet", 5, 50, (0.7, 0.9), 50).interval
    assert wider[0] < low
    assert wider[1] > high


def test_the_sentence_names_what_would_help() -> None:
    def curve(embedded: tuple[float, ...], scratch: tuple[float, ...]) -> LearningCurve:
        points = [
            Point(way, n, 10 * n, (accuracy,), 100)
            for way, line in (("yamnet", embedded), (SCRATCH, scratch))
            for n, accuracy in zip((5, 10, 20), line, strict=True)
        ]
        return LearningCurve(tuple(points), "")

    assert "by more clips" in curve((0.5, 0.6, 0.8), (0.4, 0.6, 0.75)).sentence
    assert f"by the {title('yamnet')}" in curve((0.9, 0.91, 0.92), (0.3, 0.4, 0.5)).sentence
    assert "will gain little" in curve((0.9, 0.91, 0.91), (0.9, 0.9, 0.9)).sentence
    assert curve((0.5, 0.6, 0.7), (0.5, 0.7, 0.9)).ways == (SCRATCH, "yamnet")


def test_the_chart_holds_every_point() -> None:
    row = {"way": "a", "clips": 5, "train": 50, "accuracy": 0.8, "low": 0.7, "high": 0.9}
    assert learning_chart([row], ["a"])["layer"][0]["data"]["values"] == [row]
