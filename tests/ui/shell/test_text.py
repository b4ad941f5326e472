"""Names are text: nothing a file or a person brings becomes markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.datasets import ByteCount
from audioclf.ui.shell.text import count, distinct, escape, plain, progress, seconds, span


def unescaped(text: str) -> str:
    """What Markdown makes of backslash escapes and nothing else."""
    out, i = "", 0
    while i < len(text):
        i += text[i] == "\\"
        out += text[i]
        i += 1
    return out


@given(st.text())
def test_escaped_text_reads_as_the_plain_text(text: str) -> None:
    assert unescaped(escape(text)).replace("\u2060", "") == plain(text).replace("\u2060", "")


@given(st.text())
def test_no_punctuation_stands_unescaped(text: str) -> None:
    escaped = escape(text)
    rest = escaped.replace("\\\\", "")
    for mark in "<>[]`*_$:#|~&":
        assert rest.count(mark) == rest.count("\\" + mark)


@given(st.text(), st.integers(8, 60))
def test_plain_text_is_one_short_line(text: str, most: int) -> None:
    shown = plain(text, most)
    assert len(shown) <= most
    assert not set(shown) & set("\n\r\t\x00\u202e\u2066\u2028")


@pytest.mark.parametrize("address", ["www.example.com", "http://example.com", "HTTPS://x.y", "me@example.com"])
def test_addresses_are_broken_so_that_no_link_is_made(address: str) -> None:
    assert address not in unescaped(escape(address))
    assert "\u2060" in escape(address)


def test_direction_marks_are_taken_out() -> None:
    assert plain("evil\u202egnp.exe") == "evilgnp.exe"


def test_numbers_for_people() -> None:
    assert count(1, "clip") == "1 clip"
    assert count(1200, "clip") == "1,200 clips"
    assert count(2, "class", "classes") == "2 classes"
    assert [seconds(x) for x in (0.005, 0.477, 35, 60, 250, 7500, 7200)] == [
        "5 ms", "0.48 s", "35 s", "1 min", "4 min 10 s", "2 h 5 min", "2 h",
    ]  # fmt: skip


def test_numbered_choices_meet_no_text_that_is_there_already() -> None:
    reported = distinct(["a", "a", "a (2)", "a (2)", "a", "b"])
    assert len(set(reported)) == len(reported)
    assert reported[:2] == ["a", "a (2)"]


def test_choices_that_say_the_same_are_numbered() -> None:
    assert distinct(["a", "b", "a", "a"]) == ["a", "b", "a (2)", "a (3)"]


def test_progress_is_told_in_what_is_counted() -> None:
    assert progress(1200, 3000) == "1,200 of 3,000 files"
    assert progress(0, 0) == ""
    assert progress(ByteCount(3_200_000), ByteCount(16_000_000)) == "3.2 of 16.0 MB"
    assert progress(ByteCount(3_200_000), ByteCount(0)) == "3.2 MB"
    assert progress(ByteCount(15_990_000), ByteCount(16_000_000)) == "15.9 of 16.0 MB", "not all of it yet"
    assert progress(ByteCount(300), ByteCount(1_500)) == "0.3 of 1.5 kB"
    assert progress(ByteCount(1_500), ByteCount(1_500)) == "1.5 of 1.5 kB"


@pytest.mark.parametrize(
    ("low", "high", "message"),
    [
        (1, 2, "5 seconds"),
        (9, 33, "10 to 35 seconds"),
        (50, 130, "1 to 2 minutes"),
        (8, 200, "10 seconds to 3 minutes"),
        (100, 4000, "2 to 67 minutes"),
        (2000, 7200, "1 to 2 hours"),
        (120, 20_000, "2 minutes to 6 hours"),
        (10, 20_000, "10 seconds to 6 hours"),
    ],
)
def test_a_range_of_time_is_no_finer_than_it_is_known(low: float, high: float, message: str) -> None:
    assert span(low, high) == message
