"""Whose data sets and runs are seen on a shared server, and how full the workspace is."""

from __future__ import annotations

import streamlit as st

from audioclf.core import workspaces
from audioclf.core.text import size_text
from audioclf.ui.shell.state import State
from audioclf.ui.shell.text import escape


def draw(state: State) -> None:
    """Say in the sidebar how full the user's workspace is; nothing on a private machine."""
    if not workspaces.shared():
        return
    full = workspaces.usage(state.workspace)
    used = size_text(full.used)
    st.caption("Your workspace")
    if full.quota is not None:
        words = f"{used} of {size_text(full.quota)}"
        st.progress(min(full.used / full.quota, 1.0), text=escape(words))
    else:
        st.text(used)
    if not full.free:
        st.warning(
            "It is full: delete runs or data sets before you add sounds or train again.", icon=":material/warning:"
        )
    st.caption(
        "Only people who have the address of this page can see what is in it. Bookmark it to come back, and do not"
        " share it."
    )
