"""The browser's history has one entry per visited page, not one per choice made on it.

Streamlit adds an entry for every change of the address within a page and offers no way to replace the last one.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st

_SCRIPT = f"<script>{Path(__file__).with_name('history.js').read_text(encoding='utf-8')}</script>"


def one_entry_per_page() -> None:
    """Have the browser replace its entry while the page stays the same; draws nothing."""
    st.html(_SCRIPT, unsafe_allow_javascript=True)
