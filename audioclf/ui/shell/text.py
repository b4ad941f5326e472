"""Names are text: what a user or a file brings is shown as it is, never as Markdown or HTML."""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable

from audioclf.core.text import duration
from audioclf.datasets import ByteCount

_PUNCTUATION = re.compile(r"([!\"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~])")
_LINK = re.compile(r"(www)(?=\.)|(?<=[A-Za-z0-9])(@)(?=[A-Za-z0-9])|(?<=[A-Za-z])(:)(?=//)", re.IGNORECASE)
_UNITS = {"second": (1, 90, 5), "minute": (60, 90 * 60, 1), "hour": (3600, float("inf"), 1)}
"""Units of an estimated time: seconds in one, seconds up to which it is taken, and steps it is rounded to."""

_WORD_JOINER = "\u2060"


def plain(text: object, most: int = 0) -> str:
    """Text on one line without control characters, cut in the middle where it is longer than ``most``.

    Control characters include the ones that turn the direction of everything after them.
    """
    cleaned = str(text)
    if not cleaned.isprintable():
        cleaned = "".join(" " if unicodedata.category(c) in ("Cc", "Zl", "Zp") else c for c in cleaned)
        cleaned = "".join(c for c in cleaned if unicodedata.category(c) not in ("Cf", "Cs", "Co") or c == "\u200d")
    cleaned = cleaned.strip()
    if most and len(cleaned) > most:
        tail = most // 3
        cleaned = f"{cleaned[: most - tail - 1]}…{cleaned[-tail:]}"
    return cleaned


def escape(text: object, most: int = 0) -> str:
    """Text that Streamlit's Markdown shows letter by letter: no emphasis, links, formulas, icons or HTML.

    Addresses would be made into links even with their punctuation escaped, so an invisible
    word joiner stands inside them.
    """
    joined = _LINK.sub(lambda found: f"{found.group(0)}{_WORD_JOINER}", plain(text, most))
    return _PUNCTUATION.sub(r"\\\1", joined)


def count(number: int, one: str, many: str = "") -> str:
    """Number with its noun: ``1 clip``, ``1,200 clips``."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def progress(done: int, total: int) -> str:
    """How far something is: ``1,200 of 3,000 files``, ``3.2 of 16.0 MB``; empty before anything is known.

    Amounts are rounded down, so that the whole is named only once it is there.
    """
    if isinstance(done, ByteCount):
        unit, size = ("MB", 1e6) if max(done, total) >= 1e6 else ("kB", 1e3)
        had = math.floor(10 * done / size) / 10 if done < total else done / size
        return f"{had:,.1f}" + (f" of {total / size:,.1f}" if total else "") + f" {unit}"
    return f"{done:,} of {count(total, 'file')}" if total else ""


def distinct(texts: Iterable[str]) -> list[str]:
    """The texts, those that repeat an earlier one with a number behind: choices are identified by their text."""
    seen: dict[str, int] = {}
    known: dict[str, None] = {}
    for text in texts:
        stated = text
        while stated in known:
            seen[text] = seen.get(text, 1) + 1
            stated = f"{text} ({seen[text]})"
        known[stated] = None
    return list(known)


seconds = duration
"""How pages write a length of time."""


def span(low: float, high: float) -> str:
    """A range of seconds for people, no finer than it is known: ``10 to 30 seconds``, ``20 seconds to 6 minutes``."""
    (first, small), (last, large) = _rounded(low), _rounded(high)
    if small != large and low > 0.5 * _UNITS[large][0]:
        first, small = max(1, round(low / _UNITS[large][0])), large
    if small != large:
        return f"{count(first, small)} to {count(last, large)}"
    return count(last, large) if first == last else f"{first:,} to {count(last, large)}"


def _rounded(value: float) -> tuple[int, str]:
    """Seconds as a number of units, no finer than an estimate is."""
    unit = next(unit for unit, (_, most, _) in _UNITS.items() if value <= most)
    size, _, step = _UNITS[unit]
    return max(step, round(value / size / step) * step), unit


def size(n_bytes: float) -> str:
    """Memory for people: ``120 MB``, ``1.4 GB``."""
    return f"{n_bytes / 1e9:.1f} GB" if n_bytes >= 0.95e9 else f"{max(10, round(n_bytes / 1e7) * 10):,} MB"
