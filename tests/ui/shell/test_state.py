"""The address reproduces what a user has chosen, and an old one never takes a choice back."""

from __future__ import annotations

from audioclf.ui.shell.state import State


def test_an_address_brings_back_the_same_choices() -> None:
    state = State()
    state.choose("instruments", {"programs": [0, 40]})
    state.clip, state.run = "abc", "20260101-1"
    other = State()
    other.adopt(state.query())
    assert (other.data, other.options, other.clip, other.run) == (
        "instruments",
        {"programs": [0, 40]},
        "abc",
        "20260101-1",
    )


def test_another_data_set_forgets_the_clips_of_the_old_one() -> None:
    state = State(data="a", clip="k", tray=["k"])
    state.choose("a")
    assert state.clip == "k"
    state.choose("b")
    assert (state.clip, state.tray) == ("", [])


def test_a_rerun_that_still_carries_the_old_address_changes_nothing() -> None:
    state = State()
    state.adopt({"data": "a"})
    state.choose("b")
    state.adopt({"data": "a"})
    assert state.data == "b"


def test_a_new_address_wins() -> None:
    state = State()
    state.adopt({"data": "a"})
    state.adopt({"data": "c", "clip": "k"})
    assert (state.data, state.clip) == ("c", "k")


def test_an_address_without_choices_changes_nothing() -> None:
    state = State(data="a", clip="k")
    state.adopt({})
    assert (state.data, state.clip) == ("a", "k")


def test_options_that_are_no_json_are_left_out() -> None:
    for options in ("{", "[1]", '"x"'):
        state = State()
        state.adopt({"data": "a", "options": options})
        assert (state.data, state.options) == ("a", {})
