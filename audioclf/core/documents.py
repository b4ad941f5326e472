"""JSON and TOML from files that anyone may have written: bounded in size, depth and numbers.

A parser's own ways to fail (recursion, numbers beyond Python's limits) become a :class:`ValueError` with a clause that
its caller puts into a sentence of its own.
"""

from __future__ import annotations

import json
import stat
import tomllib
from pathlib import Path
from typing import Any, Final

MAX_BYTES: Final = 64 * 2**20
MAX_TOML_LENGTH: Final = 2**18
_MAX_DOTS: Final = 2000
"""In a line of TOML: tomllib's memory grows with the square of a dotted key's parts (100,000 of them take 40 GB)."""
MAX_DEPTH: Final = 40
_MAX_INTEGER: Final = 2**63


def read_json(path: Path, max_bytes: int = MAX_BYTES) -> Any:
    """Value of a JSON file in UTF-8; an OSError or ValueError as of :func:`read_text` and :func:`parse_json`."""
    return parse_json(read_text(path, max_bytes))


def parse_json(text: str) -> Any:
    """Value of JSON text; a ValueError where it is none, nested too deeply, or holds numbers beyond 64 bits."""
    try:
        value = json.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check(value)
    return value


def parse_toml(text: str) -> dict[str, Any]:
    """Table of TOML text; a ValueError as of :func:`parse_json`, or where it is too large."""
    if len(text) > MAX_TOML_LENGTH:
        raise ValueError(f"it is longer than {MAX_TOML_LENGTH:,} characters")
    if max(line.count(".") for line in text.split("\n")) > _MAX_DOTS:
        raise ValueError(f"a line of it holds more than {_MAX_DOTS:,} dots")
    try:
        value = tomllib.loads(text)
    except RecursionError:
        raise ValueError("it is nested too deeply") from None
    _check(value)
    return value


def read_text(path: Path, max_bytes: int) -> str:
    """Text of a regular file in UTF-8.

    An OSError where it cannot be read; a ValueError where it is no regular file (a pipe would wait for ever), too
    large, or not UTF-8.
    """
    found = path.stat()
    if not stat.S_ISREG(found.st_mode):
        raise ValueError("it is no regular file")
    if found.st_size > max_bytes:
        raise ValueError(f"it is larger than {max_bytes:,} bytes")
    return path.read_text(encoding="utf-8")


def _check(value: Any) -> None:
    """Raise where containers are nested too deeply for what reads them, or integers too large to become a float."""
    level = [value]
    for _ in range(MAX_DEPTH):
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below.extend(item.values())
            elif isinstance(item, list):
                below.extend(item)
            elif isinstance(item, int) and not -_MAX_INTEGER <= item < _MAX_INTEGER:
                raise ValueError("it holds an integer of more than 64 bits")
        if not below:
            return
        level = below
    raise ValueError(f"it is nested more than {MAX_DEPTH} deep")
