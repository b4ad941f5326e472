"""The reliability diagram: bars, dots and the diagonal, as a finished specification."""

from __future__ import annotations

import altair as alt
import pytest

from audioclf.plots import reliability_chart

BINS = [
    {"low": 0.6, "high": 2 / 3, "n": 4, "confidence": 0.63, "accuracy": 0.25},
    {"low": 14 / 15, "high": 1.0, "n": 40, "confidence": 0.98, "accuracy": 1.0},
]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_bar_reaches_the_accuracy_and_a_dot_marks_the_probability(theme: str) -> None:
    spec = reliability_chart(BINS, theme=theme)
    diagonal, bins = spec["layer"]
    assert [(row["sure"], row["right"]) for row in diagonal["data"]["values"]] == [(0, 0), (1, 1)]
    bar, gap, dot, clips = (layer["encoding"] for layer in bins["layer"])
    assert (bar["x"]["field"], bar["x2"]["field"], bar["y"]["field"]) == ("low", "high", "accuracy")
    assert (gap["y"]["field"], gap["y2"]["field"]) == ("accuracy", "confidence")
    assert dot["x"]["field"] == dot["y"]["field"] == "confidence"
    assert clips["text"]["field"] == "n"
    assert [row["top"] for row in bins["data"]["values"]] == [0.63, 1.0]
    alt.Chart.from_dict(spec)  # holds to the schema


def test_bins_that_are_given_stay_as_they_are() -> None:
    before = [dict(each) for each in BINS]
    reliability_chart(BINS)
    assert before == BINS
