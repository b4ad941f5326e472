"""What a link asks for and is not there: one sentence and a button, never something else in its place."""

from __future__ import annotations

import streamlit as st

from audioclf.ui.shell.text import escape


def missing(sentence: str, button: str, key: str) -> bool:
    """Show that something is missing; returns whether the user wants to choose another.

    Parameters
    ----------
    sentence : str
        What was asked for and why it cannot be shown; user text in it is escaped here.
    button : str
        What the way out is called.
    key : str
    """
    st.warning(escape(sentence), icon=":material/link_off:")
    return st.button(button, icon=":material/list:", key=f"missing.{key}")
