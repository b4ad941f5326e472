"""Parameters: described once, checked when the value is made."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param


@dataclass(frozen=True)
class Sample(Parameters):
    kind = "sample"
    title = "Sample"

    n: int = param(3, "A count.", low=1, high=10)
    rate: float = param(0.5, "A rate.", above=0, high=1, unit="Hz")
    mode: str = param("a", "A choice.", choices=("a", "b"))
    limit: float | None = param(None, "A limit, or none.", low=0)
    sizes: tuple[int, ...] = param((1, 2), "Several.", low=0)
    flag: bool = param(False, "Yes or no.")


@pytest.mark.parametrize(
    ("field", "value", "part"),
    [
        ("n", 0, "at least 1"),
        ("n", 11, "at most 10"),
        ("n", 2.5, "whole number"),
        ("n", True, "whole number"),
        ("n", "3", "whole number"),
        ("n", float("nan"), "whole number"),
        ("rate", 0, "above 0 Hz"),
        ("rate", float("nan"), "finite"),
        ("rate", float("inf"), "finite"),
        ("mode", "c", "no value of mode"),
        ("limit", -1, "at least 0"),
        ("sizes", (1, -1), "at least 0"),
        ("sizes", "12", "list"),
        ("flag", 1, "true or false"),
    ],
)
def test_a_wrong_value_is_refused_beside_its_field(field: str, value: object, part: str) -> None:
    with pytest.raises(ParameterError, match=part) as caught:
        Sample(**{field: value})
    assert caught.value.field == field


def test_plain_values_go_round() -> None:
    sample = Sample(n=4, limit=2.0, sizes=(3,))
    assert sample.to_dict() == {
        "kind": "sample",
        "n": 4,
        "rate": 0.5,
        "mode": "a",
        "limit": 2.0,
        "sizes": [3],
        "flag": False,
    }
    assert Sample.from_dict(sample.to_dict()) == sample
    assert "limit" not in Sample().to_dict()


def test_numbers_of_another_type_are_brought_to_theirs() -> None:
    sample = Sample(n=4.0, rate=1, limit=3)
    assert (type(sample.n), type(sample.rate), type(sample.limit)) == (int, float, float)


def test_an_unknown_name_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'sizes'"):
        Sample.from_dict({"size": 3})
    with pytest.raises(ParameterError, match="did you mean 'limit'"):
        Sample().replace(limits=3)


@given(st.integers(), st.floats(), st.text(max_size=3))
def test_what_exists_is_valid(n: int, rate: float, mode: str) -> None:
    try:
        sample = Sample(n=n, rate=rate, mode=mode)
    except ParameterError:
        return
    assert 1 <= sample.n <= 10
    assert 0 < sample.rate <= 1
    assert sample.mode in ("a", "b")
