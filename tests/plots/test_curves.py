"""Charts of numbers hold those numbers, in a form a browser can read."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from audioclf.core.errors import ParameterError
from audioclf.plots import balance_chart, history_chart, probability_chart, rate_chart


def rows_of(chart: Any, layer: int = 0) -> list[dict[str, Any]]:
    json.dumps(chart, allow_nan=False)
    return list(chart["layer"][layer]["data"]["values"])


def history(fits: tuple[str, ...] = ("main",), epochs: int = 3) -> list[dict[str, Any]]:
    return [
        {
            "fit": fit,
            "epoch": epoch,
            "loss": 1 / epoch,
            "accuracy": 1 - 1 / (epoch + 1),
            "val_loss": None if epoch == 1 else 1.1 / epoch,
            "val_accuracy": float("nan") if epoch == 1 else 0.5,
        }
        for fit in fits
        for epoch in range(1, epochs + 1)
    ]


@pytest.mark.parametrize("measure", ["loss", "accuracy"])
def test_curves_hold_what_was_measured(measure: str) -> None:
    rows = rows_of(history_chart(history(), measure=measure))
    training = [row for row in rows if row["curve"] == "Training"]
    assert [row["epoch"] for row in training] == [1, 2, 3]
    assert [row["value"] for row in training] == [row[measure] for row in history()]
    assert [row["epoch"] for row in rows if row["curve"] == "Validation"] == [2, 3]


def test_epochs_begin_at_one_and_the_kept_one_is_marked() -> None:
    chart = history_chart(history(), best_epoch=2)
    assert chart["layer"][0]["encoding"]["x"]["scale"]["domain"] == [1, 3]
    assert rows_of(chart, 1) == [{"epoch": 2, "text": "kept: epoch 2"}]


def test_several_fits_have_a_line_each_and_their_mean() -> None:
    each, mean, _ = history_chart(history(("fold-1", "fold-2")))["layer"][0]["layer"]
    assert each["encoding"]["detail"]["field"] == "fit"
    assert mean["encoding"]["y"]["aggregate"] == "mean"


def test_a_training_that_has_not_begun_is_an_empty_chart() -> None:
    assert rows_of(history_chart([])) == []


def test_an_unknown_measure_is_refused() -> None:
    with pytest.raises(ParameterError, match="did you mean 'accuracy'"):
        history_chart(history(), measure="acuracy")


def test_probabilities_are_ranked_and_bounded_in_number() -> None:
    classes = [f"class.{n}[x]" for n in range(12)]
    rows = rows_of(probability_chart(classes, [0.01] * 10 + [0.0004, 0.8996], most=3, true="class.0[x]"))
    assert [row["class"] for row in rows] == ["class.11[x]", "class.0[x] ✓", "class.1[x]"]
    assert [row["text"] for row in rows] == ["90.0 %", "1.0 %", "1.0 %"]
    rows = rows_of(probability_chart(classes, [0.01] * 10 + [0.0004, 0.8996], most=2, true="class.10[x]"))
    assert [row["class"] for row in rows] == ["class.11[x]", "class.0[x]", "class.10[x] ✓"], "the true class is shown"
    assert rows_of(probability_chart(["a"], [0.0004]))[0]["text"] == "< 0.1 %"


def test_classes_keep_their_order() -> None:
    chart = balance_chart({"b": 3, "a": 5})
    assert rows_of(chart) == [{"class": "b", "clips": 3}, {"class": "a", "clips": 5}]
    assert chart["layer"][0]["encoding"]["y"]["scale"]["domain"] == ["b", "a"]
    assert rows_of(balance_chart({})) == []


def test_the_learning_rate_has_a_curve_of_its_own() -> None:
    rows = [row | {"learning_rate": 0.1 ** row["epoch"]} for row in history(epochs=4)]
    assert [row["rate"] for row in rows_of(rate_chart(rows))] == [row["learning_rate"] for row in rows]
    assert rate_chart(rows)["layer"][0]["encoding"]["y"]["scale"]["type"] == "log"
    assert rows_of(rate_chart([row | {"learning_rate": None} for row in history()])) == []


def test_a_cosine_stays_a_cosine() -> None:
    rates = [0.001 * (1 + math.cos(math.pi * step / 100)) / 2 + 1e-9 for step in range(101)]
    rows = [{"epoch": number, "learning_rate": rate} for number, rate in enumerate(rates, start=1)]
    assert rate_chart(rows)["layer"][0]["encoding"]["y"]["scale"] == {"zero": True}


def test_a_curve_alone_has_no_legend() -> None:
    alone = [row | {"val_loss": None} for row in history()]
    assert history_chart(alone, measure="loss")["layer"][0]["encoding"]["color"]["legend"] is None
    assert history_chart(history(), measure="loss")["layer"][0]["encoding"]["color"]["legend"] is not None
