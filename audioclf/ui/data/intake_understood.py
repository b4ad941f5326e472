"""What files are understood as: one sentence and some of the rows, before they are loaded."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from audioclf.core.errors import AudioclfError
from audioclf.datasets import Reader, Reading, understand
from audioclf.ui.data.intake_store import Brought
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape, plain

_MANY = 20_000
_SUMMARY, _READ = "intake.summary", "intake.reading"


def read(brought: Brought, reader: Reader) -> Reading | None:
    """How a reader with its options would read the files; None where it cannot, which loading them says.

    Of very many files only what was understood at first is shown: a page is not to wait for the rest.
    """
    if brought.reading is not None and brought.reading.reader == reader:
        return brought.reading
    if len(brought.tree.entries) > _MANY:
        return None
    key = (brought.path, repr(reader))
    last = st.session_state.get(_READ)
    if last is None or last[0] != key:
        try:
            found = understand(brought.tree, **reader.to_dict())
        except AudioclfError:
            found = None
        last = st.session_state[_READ] = (key, found)
    reading: Reading | None = last[1]
    return reading


def draw(shown: Mapping[str, Any]) -> None:
    """The sentence of a reading, and the rows and remarks below it; of its values, since it lists every clip itself."""
    st.info(escape(shown["sentence"]), icon=":material/fact_check:")
    columns = ("file", "label", "group", "fold", "split")
    rows = [{name: plain(row[name], 100) for name in columns if name in row} for row in shown["sample"]]
    if rows:
        with st.expander("Some of the rows"):
            st.dataframe(rows, hide_index=True)
    for remark in shown["remarks"]:
        st.caption(escape(remark))


def remember(path: str, reading: Reading | None) -> None:
    """Keep what is shown of a reading for the page that loads the files."""
    st.session_state.pop(_READ, None)
    st.session_state[_SUMMARY] = (path, reading.to_dict()) if reading is not None else None


def chosen(state: State) -> None:
    """Draw how the chosen files were understood, where they were brought in by this session."""
    kept = st.session_state.get(_SUMMARY)
    if kept is not None and kept[0] == state.data:
        draw(kept[1])
