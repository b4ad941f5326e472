"""Charts of a search: points over a value and over all values, importance."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pytest

from audioclf.plots.tuning import importance_spec, parallel_spec, values_chart


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


def test_parallel_coordinates_lie_between_0_and_1_on_every_axis_the_best_point_in_a_layer_of_its_own() -> None:
    settings = [
        {"training.learning_rate": 10.0 ** (-number / 3), "model.kind": "mlp" if number % 2 else "cnn", "training.n": 4}
        for number in range(12)
    ]
    names = {"training.learning_rate": "learning_rate", "model.kind": "model.kind", "training.n": "n"}
    figures = [0.5 + number / 100 for number in range(12)]
    spec = parallel_spec(settings, figures, names=names, metric="val_loss", best=3)
    others, best, ticks = (layer["data"]["values"] for layer in spec["layer"])
    assert {row["point"] for row in best} == {3}
    assert {row["point"] for row in others} == set(range(12)) - {3}
    axes = ["learning_rate", "model.kind", "n", "Validation loss"]
    assert spec["layer"][0]["encoding"]["x"]["sort"] == axes
    for axis in axes:
        places = [row["place"] for row in [*others, *best] if row["axis"] == axis]
        assert len(places) == 12
        assert min(places) == 0
        assert max(places) == (0 if axis == "n" else pytest.approx(1))
    rates = sorted(row["place"] for row in [*others, *best] if row["axis"] == "learning_rate")
    assert rates == pytest.approx([number / 11 for number in range(12)])  # even on a logarithmic axis
    assert {row["text"] for row in ticks if row["axis"] == "model.kind"} == {"mlp", "cnn"}
    json.dumps(spec, allow_nan=False)
    alt.Chart.from_dict(spec)  # checks it against the schema


def test_parallel_coordinates_of_equal_results() -> None:
    spec = parallel_spec([{"a": 1}, {"a": 2}], [0.5, 0.5], names={"a": "a"}, metric="val_accuracy")
    assert {row["place"] for row in spec["layer"][0]["data"]["values"] if row["axis"] != "a"} == {0}


def test_importance_is_a_bar_for_each_parameter() -> None:
    spec = importance_spec({"n_mels": 0.75, "learning_rate": 0.25})
    assert rows(spec) == [
        {"parameter": "n_mels", "share": 0.75},
        {"parameter": "learning_rate", "share": 0.25},
    ]
    alt.Chart.from_dict(spec)
