"""Values in words."""

from __future__ import annotations

import pytest

from audioclf.core.text import duration


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, ""),
        (0.48, "0.48 s"),
        (9.996, "10 s"),
        (35.2, "35 s"),
        (59.7, "1 min"),
        (250, "4 min 10 s"),
        (3599.6, "1 h"),
        (7500, "2 h 5 min"),
    ],
)
def test_a_duration_is_written_in_the_units_it_is_thought_in(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text
