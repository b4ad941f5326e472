"""What a link asks for and is not there: one sentence and a button, never something else in its place."""

from __future__ import annotations

import streamlit as st

from audioclf.ui.shell.text import escape


def missing(sentence: str, button: str, key: str) -> bool:
    """Show in a sentence, escaped here, what is missing; returns whether the button out of it was pressed."""
    st.warning(escape(sentence), icon=":material/link_off:")
    return st.button(button, icon=":material/list:", key=f"missing.{key}")
