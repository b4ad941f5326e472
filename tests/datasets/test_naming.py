"""What names tell: class numbers, and the schemes of published sets."""

from __future__ import annotations

import pytest

from audioclf.datasets import naming
from audioclf.datasets.naming import Named


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (["001 - Dog bark", "002 - Rain"], ["Dog bark", "Rain"]),
        (["1_up", "2_down"], ["up", "down"]),
        (["1. Up", "10. Down"], ["Up", "Down"]),
        (["001 - Dog bark", "Rain"], ["001 - Dog bark", "Rain"]),
        (["10 degrees", "20 degrees"], ["10 degrees", "20 degrees"]),
        (["0", "1"], ["0", "1"]),
        (["808 kick", "808 snare"], ["808 kick", "808 snare"]),
        (["3D", "2D"], ["3D", "2D"]),
        ([], []),
    ],
)
def test_leading_numbers(names: list[str], expected: list[str]) -> None:
    assert naming.without_numbers(names) == expected


@pytest.mark.parametrize(
    ("stem", "scheme", "named"),
    [
        ("1-100032-A", "ESC", Named(None, "100032", 1)),
        ("5-9032-A-0", "ESC", Named("0", "9032", 5)),
        ("7_jackson_4", "FSDD", Named("7", "jackson", 0)),
        ("7_jackson_5", "FSDD", Named("7", "jackson", 1)),
        ("3_07_49", "AudioMNIST", Named("3", "07")),
        ("jazz.00054", "GTZAN", Named("jazz")),
        ("0a7c2a8d_nohash_0", "Speech Commands", Named(None, "0a7c2a8d")),
    ],
)
def test_schemes(stem: str, scheme: str, named: Named) -> None:
    found = naming.recognise([stem, stem])
    assert found is not None
    assert found.name == scheme
    assert naming.read(found, stem) == named
    assert naming.recognise([stem, "something else"]) is None


def test_nothing_is_recognised_in_nothing() -> None:
    assert naming.recognise([]) is None


def test_natural_order_of_any_text() -> None:
    assert sorted(["take ٣", "Take 2", "²", "", "take 10"], key=naming.natural) == [
        "",
        "take 2".capitalize(),
        "take ٣",
        "take 10",
        "²",
    ]
    assert sorted(["a10", "a9", "a"], key=naming.natural) == ["a", "a9", "a10"]
