"""Components of the pages: their scripts and style sheets, put together from files that they share."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import streamlit as st

_UI = Path(__file__).parents[1]


def joined(*files: str) -> str:
    """Text files one behind the other, each named from ``audioclf/ui``."""
    return "\n".join((_UI / file).read_text(encoding="utf-8") for file in files)


@functools.cache
def component(name: str, root: str, css: tuple[str, ...], js: tuple[str, ...]) -> Any:
    """The component of a name, registered when it is first drawn.

    Parameters
    ----------
    name : str
    root : str
        Class of the element it is drawn into.
    css, js : tuple of str
        Files as for :func:`joined`.
    """
    return st.components.v2.component(
        f"audioclf_{name}", html=f"<div class='{root}'></div>", css=joined(*css), js=joined(*js)
    )
