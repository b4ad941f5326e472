"""Sounds by the names tables give them: the right file or none, whatever the spelling."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.datasets.ingest.file_tree import Entry, Tree
from audioclf.datasets.ingest.sound_names import MISSING, OUTSIDE, Finder, folded, is_absolute, joined

_WORD = st.text(st.sampled_from("abäÅ19 -_é"), min_size=1, max_size=4).map(lambda word: f"x{word}".rstrip())
_NAMES = st.lists(
    st.lists(_WORD, min_size=1, max_size=4).map(lambda parts: "/".join(parts) + ".wav"), min_size=1, max_size=12,
    unique_by=folded,
)  # fmt: skip
_TABLE = Entry("meta/t.csv", Path("/nowhere/meta/t.csv"))


def finder(names: list[str], asked: list[str]) -> Finder:
    entries = (*(Entry(name, Path("/nowhere") / name) for name in names), _TABLE)
    return Finder(Tree("set", Path("/nowhere"), entries), _TABLE, asked)


def found(names: list[str], asked: list[str]) -> list[str | None]:
    answers = map(finder(names, asked).find, asked)
    return [None if isinstance(answer, str) else answer.name for answer in answers]


@given(_NAMES, st.sampled_from(["/home/me/", "C:\\data\\", "\\\\server\\share\\", "old/", "file:///x/"]))
def test_whole_names_are_found_below_any_root(names: list[str], root: str) -> None:
    asked = [root + (name.replace("/", "\\") if "\\" in root else name) for name in names]
    assert found(names, asked) == names


@given(_NAMES, st.sampled_from(["NFC", "NFD"]), st.sampled_from([str.upper, str.lower, str.swapcase, str]))
def test_any_spelling_of_a_name_is_found(names: list[str], form: str, case: object) -> None:
    spelled = [unicodedata.normalize(form, case(name)) for name in names]  # type: ignore[operator]
    assert found(names, [f"/root/{name}" for name in spelled]) == names


@given(_NAMES, st.lists(_WORD.map(lambda word: f"{word}.wav"), max_size=12, unique_by=folded), st.booleans())
def test_a_name_gives_its_own_file_or_none(names: list[str], asked: list[str], absolute: bool) -> None:
    """Names without folders: the one file called so, or a reason where none or several are."""
    wanted = [f"/root/{name}" if absolute else name for name in asked]
    for name, answer in zip(asked, found(names, wanted), strict=True):
        called = [one for one in names if folded(one.rsplit("/", 1)[-1]) == folded(name)]
        exact = [one for one in called if one in (name, f"meta/{name}", f"../{name}")]
        assert answer in (called if len(called) == 1 else [*exact, None])


@given(_NAMES, st.text(max_size=30))
def test_no_name_is_a_crash_or_leads_out(names: list[str], name: str) -> None:
    answer = finder(names, [name]).find(name)
    assert isinstance(answer, str) or answer.name in (*names, _TABLE.name)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("../../x.wav", OUTSIDE), ("/x.wav", OUTSIDE), ("C:x.wav", OUTSIDE), ("a\0.wav", MISSING), ("", MISSING)],
)
def test_what_is_not_found_says_why(name: str, reason: str) -> None:
    assert finder(["x.wav", "y.wav", "z.wav"], ["y.wav", "z.wav", name]).find(name) == reason


def test_the_rest_of_a_row_decides_between_two() -> None:
    both = finder(["p/x.wav", "q/x.wav"], ["x.wav"])
    assert both.find("x.wav") == "2 files fit it: 'p/x.wav', 'q/x.wav'."
    chosen = both.find("x.wav", lambda entry: entry.name.startswith("q"))
    assert isinstance(chosen, Entry)
    assert chosen.name == "q/x.wav"


@pytest.mark.parametrize(
    ("here", "place", "name"),
    [("a/b", "../c", "a/c"), ("", "..", None), ("a", "../..", None), ("a", "./x\\y", "a/x/y"), ("a", "/etc", None)],
)
def test_places_seen_from_a_folder(here: str, place: str, name: str | None) -> None:
    assert joined(here, place) == name


@pytest.mark.parametrize("name", ["/a", "\\a", "\\\\server\\a", "C:\\a", "c:a", "file:///a"])
def test_absolute_names(name: str) -> None:
    assert is_absolute(name)
    assert not is_absolute(f"x{name[1:]}".replace(":", "_"))
