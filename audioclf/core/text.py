"""How values are written for people."""

from __future__ import annotations

from collections.abc import Iterable


def duration(seconds: float | None) -> str:
    """Length of time: ``5 ms``, ``0.48 s``, ``35 s``, ``4 min 10 s``, ``2 h 5 min``; nothing where it is not known."""
    if seconds is None:
        return ""
    if 0 < seconds < 0.01:
        return f"{1000 * seconds:.2g} ms"
    if seconds < 9.995:
        return f"{seconds:.2f} s"
    if seconds < 59.5:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def size_text(n_bytes: float) -> str:
    """Amount of data for people: ``1.2 GB``, ``340 kB``."""
    for unit, factor in (("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if n_bytes >= 0.9995 * factor:
            return f"{n_bytes / factor:.3g} {unit}"
    return f"{n_bytes:.0f} bytes"


def markdown_table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown; cells are written as they are."""
    names = list(header)
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (names, ["---"] * len(names), *rows))
