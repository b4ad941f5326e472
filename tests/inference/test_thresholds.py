"""Thresholds of classes for a wanted precision or recall."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.experiments.runs import Run
from audioclf.inference.thresholds import calibrate, read_thresholds, save_thresholds

P = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05])
HIT = np.array([1, 1, 0, 1, 1, 0, 1, 0, 0, 0])  # class 0


def rows() -> tuple[Any, Any]:
    return np.stack([P, 1 - P], axis=1), 1 - HIT


def test_a_precision_takes_the_lowest_threshold_that_reaches_it() -> None:
    first, _ = calibrate(*rows(), ["a", "b"], precision=0.8)
    assert (first.value, first.precision, first.recall, first.n, first.reached) == (0.5, 0.8, 0.8, 5, True)
    first, _ = calibrate(*rows(), ["a", "b"], precision=1.0)
    assert (first.value, first.recall) == (0.8, 0.4)


def test_a_recall_takes_the_highest_threshold_that_reaches_it() -> None:
    first, _ = calibrate(*rows(), ["a", "b"], recall=1.0)
    assert (first.value, first.recall) == (0.3, 1.0)
    assert first.precision == pytest.approx(5 / 7)
    first, _ = calibrate(*rows(), ["a", "b"], recall=0.4)
    assert first.value == 0.8


def test_what_cannot_be_reached_is_marked_and_the_best_is_taken() -> None:
    wrong = np.array([[0.9, 0.1], [0.8, 0.2], *[[0.7, 0.3]] * 5])
    (one,) = calibrate(wrong, np.array([1, 1, 0, 0, 0, 0, 0]), ["a", "b"], precision=0.95)
    assert not one.reached
    assert one.precision == pytest.approx(5 / 7)


def test_a_class_of_few_clips_has_none_and_one_figure_is_wanted() -> None:
    assert [one.label for one in calibrate(P[:, None], HIT * 0, ["a", "b"][:1], recall=0.5)] == ["a"]
    assert not calibrate(P[:4, None], np.zeros(4), ["a"], recall=0.5)
    for wrong in ({}, {"precision": 0.5, "recall": 0.5}, {"recall": 0.0}, {"precision": 1.2}):
        with pytest.raises(ParameterError, match="either a precision or a recall"):
            calibrate(*rows(), ["a", "b"], **wrong)


def test_they_are_kept_beside_the_run(tmp_path: Path) -> None:
    found = calibrate(*rows(), ["a", "b"], precision=0.8)
    save_thresholds(cast("Run", SimpleNamespace(folder=tmp_path, name="r")), found, "precision 0.8")
    assert read_thresholds(tmp_path) == (found, "precision 0.8")
    (tmp_path / "thresholds.json").write_text('{"thresholds": [{"label": "a", "value": 7}], "wanted": ""}')
    assert read_thresholds(tmp_path) == ([], "")
