"""What a model says along a sound: every window and class where it belongs."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.plots import windows_chart


def test_every_window_has_its_stretch_and_probability() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.1, 0.1, 0.8]])
    drawn = windows_chart([0.0, 2.0], 2.0, ["a", "b", "c"], rows, most=2)["layer"][0]
    values = drawn["data"]["values"]
    assert {(row["class"], row["start"], row["end"]): row["probability"] for row in values} == {
        ("c", 0.0, 2.0): 0.1,
        ("a", 0.0, 2.0): 0.7,
        ("c", 2.0, 4.0): 0.8,
        ("a", 2.0, 4.0): 0.1,
    }
    assert drawn["encoding"]["y"]["scale"]["domain"] == ["c", "a"]
    assert drawn["encoding"]["color"]["scale"]["domain"] == [0, 1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nothing_looks_like_the_page(theme: str) -> None:
    drawn = windows_chart([0.0], 1.0, ["a", "b"], [[0.5, 0.5]], theme=theme)["layer"][0]
    assert drawn["encoding"]["color"]["scale"]["reverse"] == (theme == "light")


def test_shapes_that_do_not_fit_are_a_sentence() -> None:
    with pytest.raises(ParameterError, match="2 windows and 3 classes"):
        windows_chart([0.0, 1.0], 1.0, ["a", "b", "c"], [[1, 0, 0]])
