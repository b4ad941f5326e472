"""A long recording with its cuts drawn over it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.datasets.segmentation import Cut
from audioclf.plots.segmentation import MOST, cuts_chart

LEVELS = np.concatenate([np.full(100, -6.0206), np.full(100, -120.0)])


def _values(cuts: list[Cut], span: tuple[float, float]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    marks, wave = (layer["data"]["values"] for layer in cuts_chart(LEVELS, 0.01, cuts, span)["layer"])
    return marks, wave


def test_the_outline_is_the_level_on_a_linear_scale_and_silence_is_flat() -> None:
    _, wave = _values([Cut(0.0, 1.0)], (0.0, 2.0))
    assert len(wave) == 200
    assert [point["t"] for point in wave[:3]] == [0.0, 0.01, 0.02]
    assert wave[50]["high"] == pytest.approx(1.0) == -wave[50]["low"]
    assert wave[150]["high"] == pytest.approx(0.0, abs=1e-4)


def test_only_cuts_in_the_stretch_are_drawn_and_they_end_with_it() -> None:
    marks, wave = _values([Cut(0.0, 0.4), Cut(0.5, 1.0, "late"), Cut(1.6, 0.2)], (1.0, 1.5))
    assert [(mark["from"], mark["to"], mark["begins"], mark["class"]) for mark in marks] == [(1.0, 1.5, 0.5, "late")]
    assert (wave[0]["t"], len(wave)) == (1.0, 50)


def test_no_more_than_a_page_can_bear_is_drawn() -> None:
    marks, _ = _values([Cut(n * 0.001, 0.001) for n in range(MOST + 50)], (0.0, 2.0))
    assert len(marks) == MOST
