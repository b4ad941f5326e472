"""The chart of a search: every point over its value, the chosen one on top."""

from __future__ import annotations

from typing import Any

import pytest

from audioclf.plots.tuning import values_chart


def rows(chart: Any) -> list[dict[str, Any]]:
    """The points as the chart holds them."""
    return list(chart["layer"][0]["data"]["values"])


@pytest.mark.parametrize("values", [(512, 1024, 512), ("mlp", "cnn", "mlp"), (True, False, True), (0.1, 0.5, 0.1)])
def test_few_values_stand_side_by_side_in_order_with_their_mean(values: tuple[Any, ...]) -> None:
    chart = values_chart(values, (0.5, 0.2, 0.4), name="x", metric="val_loss", titles=("a", "b", "c"), best=1)
    assert len(chart["layer"][0]["layer"]) == 2
    shown = rows(chart)
    assert [row["best"] for row in shown] == [False, False, True]
    assert shown[-1]["point"] == "b"
    assert {row["value"] for row in shown} == {f"{v:g}" if isinstance(v, float) else str(v) for v in values}


def test_many_numbers_lie_on_a_line_and_what_was_not_measured_is_left_out() -> None:
    rates = [10 ** (-number / 4) for number in range(12)]
    chart = values_chart(rates, [*range(11), float("nan")], name="learning_rate", metric="val_accuracy")
    (group,) = chart["layer"]
    assert len(group["layer"]) == 1
    assert group["encoding"]["x"]["type"] == "quantitative"
    assert group["encoding"]["x"]["scale"]["type"] == "log"
    assert len(rows(chart)) == 11
