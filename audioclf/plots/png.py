"""Figures as PNG, SVG or PDF."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from audioclf.core.errors import ParameterError
from audioclf.core.files import write_atomic

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def to_png(figure: Figure, *, transparent: bool = True) -> bytes:
    """Figure as PNG, in the size and resolution it was made for.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    transparent : bool
        Without a background, to lie on a page of its theme; else with that page's colour.
    """
    buffer = io.BytesIO()
    # Fast compression: a spectrogram hardly shrinks, and a page waits for it.
    figure.savefig(buffer, format="png", transparent=transparent, pil_kwargs={"compress_level": 1})
    return buffer.getvalue()


def to_svg(figure: Figure, *, transparent: bool = True) -> bytes:
    """Figure as SVG, in the size it was made for."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="svg", transparent=transparent, metadata={"Date": None})
    return buffer.getvalue()


def to_pdf(figure: Figure, *, transparent: bool = True) -> bytes:
    """Figure as PDF, in the size it was made for."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="pdf", transparent=transparent, metadata={"CreationDate": None})
    return buffer.getvalue()


FORMATS: dict[str, Callable[..., bytes]] = {".png": to_png, ".svg": to_svg, ".pdf": to_pdf}
"""What draws a figure, by the ending of the file."""


def save(figure: Figure, path: Path, *, transparent: bool = False) -> None:
    """Write a figure to a ``.png``, ``.svg`` or ``.pdf`` file, whole or not at all.

    Raises
    ------
    ParameterError
        For any other ending, or where nothing can be written.
    """
    if path.suffix.lower() not in FORMATS:
        raise ParameterError(f"A picture's name must end in .png, .svg or .pdf, got '{path.name}'; rename it.", "out")
    data = FORMATS[path.suffix.lower()](figure, transparent=transparent)
    try:
        write_atomic(path, data)
    except OSError as error:
        raise ParameterError(
            f"'{path}' cannot be written ({error.strerror}); name a file in a folder that exists and is yours.", "out"
        ) from error
