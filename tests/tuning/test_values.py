"""Values to try: as people type them, as they are spelled, and the ends of a range."""

from __future__ import annotations

from typing import Any

import pytest

from audioclf.core.errors import ParameterError
from audioclf.tuning import Range, read_values, spelled


@pytest.mark.parametrize(("low", "high", "log"), [(2, 1, False), (1, 1, False), (0, 1, True)])
def test_a_range_has_two_ends(low: float, high: float, log: bool) -> None:
    with pytest.raises(ParameterError):
        Range(low, high, log)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("1024, 2048", (1024, 2048)),
        ("0.1,1e-3", (0.1, 0.001)),
        ("true,false", (True, False)),
        ("mlp, compact-cnn", ("mlp", "compact-cnn")),
        ("[8, 8], [16]", ([8, 8], [16])),
        ("", ()),
        ("1e-4:1e-2:log", Range(1e-4, 1e-2, True)),
        ("16 : 64", Range(16, 64)),
    ],
)
def test_values_are_read_as_people_type_them(text: str, values: Any) -> None:
    assert read_values(text) == values
    if isinstance(values, tuple) and values and not isinstance(values[0], list):
        assert read_values(", ".join(spelled(value) for value in values)) == values


def test_a_range_that_is_none_is_told() -> None:
    with pytest.raises(ParameterError, match="two numbers"):
        read_values("a:b")
