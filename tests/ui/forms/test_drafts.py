"""Settings kept in the workspace: by session and data set, whatever lies where they are read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import streamlit as st

from audioclf.core import workspaces
from audioclf.core.errors import ParameterError
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.ui.forms import drafts
from audioclf.ui.shell.current_dataset import key
from audioclf.ui.shell.state import State

CHANGED = Experiment(dataset=DatasetChoice("a"), training=Training(epochs=7))
Session = Callable[..., State]


@pytest.fixture
def session(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Session]:
    """``session(address)``: a new session, as a reload begins one."""
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path))

    def begin(query: dict[str, str] | None = None, data: str = "a") -> State:
        st.session_state.clear()
        state = State(data=data)
        state.adopt(query or {})
        return state

    yield begin
    st.session_state.clear()


def folder() -> Path:
    return workspaces.folder() / drafts.FOLDER


def write(text: str, draft: str = "0123456789ab") -> dict[str, str]:
    folder().mkdir(exist_ok=True)
    (folder() / f"{draft}.json").write_text(text, encoding="utf-8")
    return {"data": "a", "draft": draft}


def test_a_reload_brings_back_what_was_changed(session: Session) -> None:
    state = session()
    drafts.begin(state, Experiment(dataset=DatasetChoice("a")))
    drafts.keep(state, Experiment(dataset=DatasetChoice("a")))
    assert not state.draft, "nothing was changed"
    drafts.keep(state, CHANGED)
    assert drafts.restored(session(state.query())) == CHANGED
    assert drafts.restored(session({"data": "a"})) is None, "another session"


def test_each_data_set_has_its_own(session: Session) -> None:
    state = session()
    drafts.keep(state, CHANGED)
    state.choose("b", {"kind": "folder"})
    assert drafts.restored(state) is None
    other = CHANGED.replace(dataset=DatasetChoice("b", {"kind": "folder"}, share=0.5), training=Training(epochs=9))
    drafts.keep(state, other)
    assert drafts.restored(state) == other
    state.choose("a")
    assert drafts.restored(state) == CHANGED


def test_two_sessions_of_one_address_never_overwrite_each_other(session: Session) -> None:
    first = session()
    drafts.keep(first, CHANGED)
    address = first.query()
    second = session(address)
    drafts.keep(second, CHANGED.replace(training=Training(epochs=8)))
    assert second.draft != first.draft
    assert drafts.restored(session(address)) == CHANGED
    assert drafts.restored(session(second.query())) == CHANGED.replace(training=Training(epochs=8))


def test_an_address_of_before_changes_nothing(session: Session) -> None:
    state = session()
    drafts.keep(state, CHANGED)
    mine = state.draft
    state.adopt({"data": "a", "draft": "0123456789ab"})
    assert state.draft == mine


@pytest.mark.parametrize(
    "text", ["", "{", "[1]", '{"a": 1}', "[" * 10_000, '{"x": "' + "y" * 2**19 + '"}', "\x00", '{"dataset [": "x"}']
)
def test_what_is_no_draft_is_ignored(session: Session, text: str) -> None:
    assert drafts.restored(session(write(text))) is None


@pytest.mark.parametrize("draft", ["../../secret", "0123456789AB", "", "0" * 12, "0123456789ab/../0123456789ab"])
def test_what_is_no_id_is_never_a_path(session: Session, draft: str) -> None:
    write(json.dumps({key("a", {}): CHANGED.to_toml()}))
    (workspaces.folder() / "secret.json").write_text(json.dumps({key("a", {}): CHANGED.to_toml()}))
    assert drafts.restored(session({"data": "a", "draft": draft})) is None


@pytest.mark.parametrize(
    ("toml", "expected"),
    [
        ("[training]\nepochs = 'many'", "epochs"),
        ("[from_the_future]\nx = 1", "part of an experiment"),
        ("x = " + "[" * 200 + "]" * 200, "nested"),
        ('[model]\nkind = "custom"\nbuilder = "evil:build"', "which the app does not do"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(session: Session, toml: str, expected: str) -> None:
    state = session(write(json.dumps({key("a", {}): toml})))
    with pytest.raises(ParameterError, match=expected):
        drafts.restored(state)
    assert drafts.restored(state) is None


def test_settings_of_other_sounds_are_not_taken(session: Session) -> None:
    other = CHANGED.replace(dataset=DatasetChoice("/etc"))
    assert drafts.restored(session(write(json.dumps({key("a", {}): other.to_toml()})))) is None


def test_the_oldest_go(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drafts, "MOST", 3)
    for number in range(4):
        write("{}", f"{number:012x}")
        os.utime(folder() / f"{number:012x}.json", (number, number))
    state = session()
    drafts.keep(state, CHANGED.replace(model=MODELS["tree"]()))
    assert {file.stem for file in folder().iterdir()} == {f"{2:012x}", f"{3:012x}", state.draft}


def test_without_room_the_session_goes_on(session: Session) -> None:
    state = session()
    folder().parent.mkdir(parents=True, exist_ok=True)
    folder().write_text("a file where the folder would be")
    drafts.keep(state, CHANGED)
    assert not state.draft
    assert drafts.restored(state) == CHANGED
