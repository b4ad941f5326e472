"""Charts of rankings, of parts of the test clips and of changed clips hold what was measured."""

from __future__ import annotations

import json
from typing import Any

from audioclf.plots.alteration import before_after_chart, robustness_chart
from audioclf.plots.ranking import ranking_chart, shares_chart


def rows_of(chart: Any, group: int = 0) -> list[dict[str, Any]]:
    json.dumps(chart, allow_nan=False)
    return list(chart["layer"][group]["data"]["values"])


def test_a_curve_keeps_its_order_and_a_name_is_text_in_an_expression() -> None:
    strange = "a' || alert(1) || '\"<b>"
    curves = {strange: [[0, 0, 1.0], [0.5, 1, 0.4], [1, 1, 0.0]], "b": []}
    chart = ranking_chart(curves, kind="roc", chosen=strange)
    assert [(row["x"], row["y"], row["order"]) for row in rows_of(chart)] == [(0, 0, 0), (0.5, 1, 1), (1, 1, 2)]
    test = chart["layer"][0]["layer"][0]["encoding"]["opacity"]["condition"]["test"]
    assert json.loads(test.removeprefix("datum.class === ")) == strange
    assert len(chart["layer"]) == 2, "with the diagonal of chance"
    assert len(ranking_chart(curves, kind="pr")["layer"]) == 1


def test_shares_stand_in_the_order_given_with_the_whole_as_a_line() -> None:
    rows = [{"name": name, "share": 0.5, "low": 0.4, "high": 0.6, "n": 10} for name in ("z", "a")]
    chart = shares_chart(rows, whole=0.7)
    assert [row["name"] for row in rows_of(chart)] == ["z", "a"]
    assert rows_of(chart, 1) == [{"share": 0.7}]
    assert len(shares_chart(rows)["layer"]) == 1


def test_classes_that_became_probable_are_shown_among_those_that_were() -> None:
    before, after = [0.7, 0.2, 0.1, 0.0, 0.0], [0.1, 0.0, 0.0, 0.0, 0.9]
    rows = rows_of(before_after_chart(list("abcde"), before, after, most=3, true="a"))
    assert [(row["class"], row["before"], row["after"]) for row in rows] == [
        ("a ✓", 0.7, 0.1),
        ("b", 0.2, 0.0),
        ("e", 0.0, 0.9),
    ]


def test_a_class_without_clips_has_no_line() -> None:
    chart = robustness_chart([1, 2], [[0.5, None], [0.25, None]], [0.5, 0.25], ["a", "b"], unit="dB", chosen="a")
    assert {row["class"] for row in rows_of(chart)} == {"a"}
    assert [row["accuracy"] for row in rows_of(chart, 1)] == [0.5, 0.25]
