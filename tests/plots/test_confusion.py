"""The confusion matrix has the true class on y, and a click tells the cell."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.plots import Look, confusion_chart, confusion_figure, to_png

COUNTS = np.array([[8, 2, 0], [1, 5, 0], [0, 0, 0]])
CLASSES = ["dog.bark", "rain", "$un"]


def cells(chart: Any) -> dict[tuple[str, str], dict[str, Any]]:
    return {(row["true"], row["predicted"]): row for row in chart["layer"][0]["data"]["values"]}


def test_rows_are_true_classes() -> None:
    chart = confusion_chart(COUNTS, CLASSES)
    assert chart["layer"][0]["encoding"]["y"]["field"] == "true"
    assert chart["layer"][0]["encoding"]["x"]["field"] == "predicted"
    found = cells(chart)
    assert found["dog.bark", "rain"]["clips"] == 2
    assert found["rain", "dog.bark"]["clips"] == 1
    assert found["dog.bark", "dog.bark"]["share"] == 0.8
    assert [found[c, "rain"]["text"] for c in CLASSES] == ["2", "5", "·"]


def test_shares_are_of_the_true_class_and_an_unseen_class_divides_by_nothing() -> None:
    found = cells(confusion_chart(COUNTS, CLASSES, normalised=True, theme="dark"))
    assert found["dog.bark", "dog.bark"]["text"] == "0.80"
    assert found["rain", "rain"]["depth"] == pytest.approx(5 / 6)
    assert found["$un", "$un"]["share"] == 0


def test_a_click_selects_a_cell_by_both_classes() -> None:
    (chosen,) = confusion_chart(COUNTS, CLASSES)["layer"][0]["layer"][0]["params"]
    assert chosen["name"] == "cell"
    assert chosen["select"]["fields"] == ["true", "predicted"]


def test_many_classes_are_coloured_but_not_written() -> None:
    n = 40
    assert len(confusion_chart(np.eye(n, dtype=int), [str(k) for k in range(n)])["layer"][0]["layer"]) == 1
    assert to_png(confusion_figure(np.eye(n, dtype=int), [str(k) for k in range(n)]))


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("normalised", [False, True])
def test_the_figure_says_the_same(theme: str, normalised: bool) -> None:
    figure = confusion_figure(COUNTS, CLASSES, normalised=normalised, title="Test", look=Look(theme, 500, 480))
    (axes,) = figure.axes
    assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted class", "True class")
    assert [label.get_text() for label in axes.get_yticklabels()] == CLASSES
    written = {(round(t.get_position()[1]), round(t.get_position()[0])): t.get_text() for t in axes.texts}
    assert written[0, 1] == ("0.20" if normalised else "2")
    assert written[1, 0] == ("0.17" if normalised else "1")
    assert to_png(figure)


def test_a_matrix_of_other_classes_is_refused() -> None:
    for call in (confusion_chart, confusion_figure):
        with pytest.raises(ParameterError, match=r"2 classes has shape \(2, 2\), got \(3, 3\)"):
            call(COUNTS, ["a", "b"])
        with pytest.raises(ParameterError):
            call(np.zeros((0, 0)), [])
