"""Charts of several runs hold what each of them measured."""

from __future__ import annotations

import json
from typing import Any

import pytest

from audioclf.core.errors import ParameterError
from audioclf.plots import accuracies_chart, histories_chart


def rows_of(chart: Any) -> list[dict[str, Any]]:
    json.dumps(chart, allow_nan=False)
    return list(chart["layer"][0]["data"]["values"])


def history(fit: str, losses: list[float | None]) -> list[dict[str, Any]]:
    return [
        {"fit": fit, "epoch": number, "loss": 2.0, "accuracy": 0.1, "val_loss": loss, "val_accuracy": 0.5}
        for number, loss in enumerate(losses, 1)
    ]


def test_of_several_models_in_a_run_the_mean_is_drawn() -> None:
    folds = history("s00-m0", [1.0, 0.5]) + history("s01-m0", [3.0, float("nan"), 0.25])
    rows = rows_of(histories_chart({"folds": folds, "one": history("s00-m0", [4.0])}, measure="loss"))
    assert [(row["run"], row["epoch"], row["value"]) for row in rows] == [
        ("folds", 1, 2.0),
        ("folds", 2, 0.5),
        ("folds", 3, 0.25),
        ("one", 1, 4.0),
    ]
    assert {row["curve"] for row in rows} == {"Validation"}


def test_a_run_that_validates_nothing_shows_its_training() -> None:
    unvalidated = [row | {"val_accuracy": None} for row in history("s00-m0", [None, None])]
    rows = rows_of(histories_chart({"a": unvalidated, "b": history("s00-m0", [1.0])}))
    assert [(row["run"], row["curve"]) for row in rows] == [("a", "Training"), ("a", "Training"), ("b", "Validation")]
    both = rows_of(histories_chart({"b": history("s00-m0", [1.0])}, side="Both"))
    assert {row["curve"]: row["value"] for row in both} == {"Training": 0.1, "Validation": 0.5}


@pytest.mark.parametrize("wrong", [{"measure": "los"}, {"side": "Test"}])
def test_an_unknown_curve_is_said(wrong: dict[str, str]) -> None:
    with pytest.raises(ParameterError):
        histories_chart({}, **wrong)


def test_accuracies_stand_in_order_with_their_intervals() -> None:
    rows = rows_of(accuracies_chart([("b", 0.9, 0.8, 0.95), ("a", 0.5, None, None)]))
    assert [(row["run"], row["accuracy"], row["low"], row["high"]) for row in rows] == [
        ("b", 0.9, 0.8, 0.95),
        ("a", 0.5, 0.5, 0.5),
    ]
    assert [row["text"] for row in rows] == ["90.0%", "50.0%"]
