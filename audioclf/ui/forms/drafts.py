"""Settings on their way to a training, kept in the user's workspace: they outlive a reload of the page.

A draft is a small file of one session, with an experiment for each data set that settings were changed for, and what
the forms of other pages hold (a split, a search); its id stands in the address. A session that opens the address of
another one, which a reload makes it do, begins with what that draft holds and writes one of its own from the first
change on: two browsers never overwrite each other.
"""

from __future__ import annotations

import json
import logging
import re
import secrets
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.documents import read_json
from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.files import write_atomic
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.models.trust import require_allowed
from audioclf.ui.shell.current_dataset import key
from audioclf.ui.shell.state import State

FOLDER = "drafts"
MOST = 1000
"""Drafts of a workspace; of more, those not written to for longest go."""

_MOST_TEXTS = 24
_MAX_BYTES = 2**18
_KEY = "train.drafts"
_ID = re.compile(r"[0-9a-f]{12}")

_log = logging.getLogger(__name__)


@dataclass
class _Drafts:
    """What a session knows of its drafts.

    Attributes
    ----------
    workspace : str
    texts : dict
        Experiments as TOML, by the key of their data set, and other forms' values as JSON, by form and key; the one
        changed last at the end.
    own : str
        Id of the file that this session writes; empty before the first change.
    suggested : Experiment or None
        What the forms began with where nothing was kept: no change of the user's.
    """

    workspace: str
    texts: dict[str, str]
    own: str = ""
    suggested: Experiment | None = field(default=None)


def restored(state: State) -> Experiment | None:
    """The settings kept for the chosen data set, or None where there are none.

    Raises
    ------
    ParameterError
        When what is kept cannot be used, as where another version has written it.
    """
    texts, about = _of_session(state).texts, key(state.data, state.options)
    if about not in texts:
        return None
    try:
        experiment = Experiment.from_toml(texts[about])
        require_allowed(experiment.model)
    except AudioclfError as error:
        del texts[about]
        raise ParameterError(f"The settings kept for these sounds cannot be used, so these are new. {error}") from None
    if experiment.dataset.replace(clips_per_class=0, share=1.0) != DatasetChoice(state.data, dict(state.options)):
        del texts[about]
        return None
    return experiment


def begin(state: State, suggested: Experiment) -> None:
    """Know what the forms begin with, so that it is not kept before something was changed."""
    _of_session(state).suggested = suggested


def keep(state: State, experiment: Experiment) -> None:
    """Keep what the forms hold for the chosen data set, where a user has changed it."""
    drafts, about = _of_session(state), key(state.data, state.options)
    if about not in drafts.texts and experiment == drafts.suggested:
        return
    _put(state, drafts, about, experiment.to_toml())


def form(state: State, name: str) -> dict[str, Any]:
    """What another form was left with for the chosen data set; empty where nothing in it was changed."""
    text = _of_session(state).texts.get(f"{name} {key(state.data, state.options)}", "")
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return values if isinstance(values, dict) else {}


def keep_form(state: State, name: str, values: Mapping[str, Any]) -> None:
    """Keep the values of another form, as JSON takes them, for the chosen data set, from the first change on."""
    held, about = f"{_KEY}.{name}", key(state.data, state.options)
    before, st.session_state[held] = st.session_state.get(held), (about, values)
    if before is not None and before[0] == about and before[1] != values:
        _put(state, _of_session(state), f"{name} {about}", json.dumps(values))


def _put(state: State, drafts: _Drafts, about: str, text: str) -> None:
    if drafts.texts.pop(about, None) == text:
        drafts.texts[about] = text
        return
    drafts.texts[about] = text
    drafts.texts = dict(list(drafts.texts.items())[-_MOST_TEXTS:])
    if not drafts.own:
        drafts.own = secrets.token_hex(6)
    try:
        _write(drafts)
    except (OSError, AudioclfError) as error:  # a full disk takes no settings; the session still holds them
        _log.warning("the settings of a session were not kept: %s", error)
    else:
        state.draft = drafts.own


def _of_session(state: State) -> _Drafts:
    drafts = st.session_state.get(_KEY)
    if not isinstance(drafts, _Drafts) or drafts.workspace != state.workspace:
        drafts = st.session_state[_KEY] = _Drafts(state.workspace, read(state.workspace, state.draft))
    return drafts


def read(workspace: str, draft: str) -> dict[str, str]:
    """Texts of a draft by the key of their data set; none where there is no such draft, or it is damaged."""
    made = any(folder.name == workspace for folder in workspaces.folders())  # a visit alone makes no folder
    if not made or not _ID.fullmatch(draft):
        return {}
    try:
        texts = read_json(_path(workspace, draft), _MAX_BYTES)
    except (OSError, ValueError):
        return {}
    known = isinstance(texts, dict) and all(isinstance(text, str) for text in texts.values())
    return texts if known else {}


def _path(workspace: str, draft: str) -> Path:
    return workspaces.folder(workspace) / FOLDER / f"{draft}.json"


def _write(drafts: _Drafts) -> None:
    path = _path(drafts.workspace, drafts.own)
    text = json.dumps(drafts.texts)
    if len(text) > _MAX_BYTES:
        raise ParameterError(f"they are larger than {_MAX_BYTES:,} bytes")
    workspaces.require_room(len(text), drafts.workspace)
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        _forget_oldest(path.parent)
    write_atomic(path, text)


def _forget_oldest(folder: Path) -> None:
    files = list(folder.glob("*.json"))
    if len(files) < MOST:
        return
    with suppress(OSError):  # another session clears up, too
        for old in sorted(files, key=lambda file: file.stat().st_mtime)[: len(files) - MOST + 1]:
            old.unlink(missing_ok=True)
