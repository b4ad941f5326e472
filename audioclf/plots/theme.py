"""Colours of the figures, for a light and a dark page."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, Final

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown

SEQUENTIAL: Final = "magma"
"""Colour map of everything that runs from little to much; it reads the same to every eye and in print."""

DIVERGING: Final = "coolwarm"
"""Colour map of differences: one colour for less, another for more, pale where there is none."""


@dataclass(frozen=True)
class Theme:
    """Colours of one kind of page.

    Attributes
    ----------
    text, muted : str
        Titles and ticks; frames.
    grid : str
        Lines behind a curve.
    page : str
        What the transparent figure is meant to lie on.
    line : str
        A single curve.
    """

    text: str
    muted: str
    grid: str
    page: str
    line: str


THEMES: Final = {
    "light": Theme(text="#221a2c", muted="#8f8698", grid="#e4dcea", page="#ffffff", line="#a8327d"),
    "dark": Theme(text="#f1ecf6", muted="#7f748e", grid="#382d4a", page="#120d1b", line="#f1719a"),
}


def theme_of(name: str) -> Theme:
    """Theme by name.

    Raises
    ------
    ParameterError
    """
    if name not in THEMES:
        raise ParameterError(unknown(name, THEMES, "theme"), "theme")
    return THEMES[name]


def plain(text: str, most: int = 90) -> str:
    """A name as one line that the figures' font can draw: no mathematics, no line breaks, not endless."""
    line = "".join(c if _drawable(c) else "\N{WHITE SQUARE}" for c in " ".join(text.split()))
    return line if len(line) <= most else f"{line[: most * 2 // 3]}…{line[-most // 4 :]}"


@functools.lru_cache(maxsize=4096)
def _drawable(character: str) -> bool:
    return bool(_font().get_char_index(ord(character)))


@functools.cache
def _font() -> Any:
    from matplotlib.font_manager import FontProperties, findfont, get_font

    return get_font(findfont(FontProperties(family=["DejaVu Sans"])))
