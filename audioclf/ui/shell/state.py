"""What a user has chosen, as one object under one key of the session, and in the page's address.

A widget's own value is gone one page later, so pages read and write this object. The data
set, clip and run stand in the address too: a refresh or a shared link shows the same.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.documents import parse_json

_KEY = "audioclf"
_NAMES = ("workspace", "data", "options", "clip", "run", "search", "draft")


@dataclass
class State:
    """One session's choices.

    Attributes
    ----------
    data : str
        Name of a known data set, or path of a folder; empty before anything is chosen.
    options : dict
        What :func:`audioclf.load_dataset` is given beside the name.
    clip : str
        Id of the chosen clip (:func:`audioclf.ui.sound.clip_picker.ids`).
    run : str
        Id of the chosen run.
    search : str
        Id of the chosen search.
    tray : list of str
        Ids of the clips put aside for a comparison.
    workspace : str
        Whose runs are seen and made.
    draft : str
        Id of the settings that the session began with or keeps (:mod:`audioclf.ui.forms.drafts`).
    linked : str
        The clip an address asked for, until a page has found it; a clip chosen on another page is no such promise.
    """

    data: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    clip: str = ""
    run: str = ""
    search: str = ""
    tray: list[str] = field(default_factory=list)
    workspace: str = workspaces.DEFAULT
    draft: str = ""
    linked: str = ""
    _seen: dict[str, str] = field(default_factory=dict)
    _written: dict[str, str] = field(default_factory=dict)

    def choose(self, data: str, options: Mapping[str, Any] | None = None) -> None:
        """Choose another data set; the chosen clips and the run belonged to the old one."""
        if (data, dict(options or {})) != (self.data, self.options):
            if self.data:
                self.run = ""
            self.data, self.options = data, dict(options or {})
            self.clip, self.linked, self.tray = "", "", []

    def query(self) -> dict[str, str]:
        """The part that belongs in the address."""
        options = json.dumps(self.options, separators=(",", ":")) if self.data and self.options else ""
        query = {"data": self.data, "options": options}
        query |= {name: getattr(self, name) for name in ("clip", "run", "search", "draft")}
        return self.place() | {name: value for name, value in query.items() if value}

    def place(self) -> dict[str, str]:
        """The part that says whose data sets and runs are seen: empty on a private machine."""
        return {"workspace": self.workspace} if self.workspace != workspaces.DEFAULT else {}

    def enter(self, wanted: str | None) -> None:
        """Enter the workspace that an address asks for; what was chosen in another one stays there.

        Raises
        ------
        WorkspaceError
            When a shared server is asked for something that is no id.
        """
        if self.workspace != workspaces.DEFAULT and not wanted:
            return  # a link within the app that carries no address
        found = workspaces.resolve(wanted)
        if found != self.workspace:
            if self.workspace != workspaces.DEFAULT:
                self.choose("")
                self.run = self.search = self.draft = ""
            self.workspace = found

    def adopt(self, query: Mapping[str, str]) -> None:
        """Take over what an address says, where it is a new one.

        A quick rerun may still carry the address from before the last change, so only an
        address that was neither written nor seen last counts.
        """
        found = {name: query[name] for name in _NAMES if query.get(name)}
        if self.workspace == workspaces.DEFAULT or (found and found not in (self._written, self._seen)):
            self.enter(found.get("workspace"))
        if found and found not in (self._written, self._seen):
            if "data" in found:
                try:
                    options = parse_json(found.get("options") or "{}")
                except ValueError:
                    options = {}
                self.choose(found["data"], options if isinstance(options, dict) else {})
            self.clip = found.get("clip", self.clip)
            self.linked = found.get("clip", "")
            self.run = found.get("run", self.run)
            self.search = found.get("search", self.search)
            # an address of before the last change must not bring its settings back
            self.draft = self.draft or found.get("draft", "")
        self._seen = found

    def publish(self) -> None:
        """Write the address where it differs, in one message: each that changes it would be an entry of the history."""
        query = self.query()
        address = st.query_params.to_dict()
        others = {name: value for name, value in address.items() if name not in _NAMES}
        if {**others, **query} != address:
            st.query_params.from_dict({**others, **query})
        self._written = query


def current() -> State:
    """The session's state; made on first use."""
    if not isinstance(st.session_state.get(_KEY), State):
        st.session_state[_KEY] = State()
    state: State = st.session_state[_KEY]
    return state
