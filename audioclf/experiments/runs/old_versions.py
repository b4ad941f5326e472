"""What earlier versions wrote into a run's folder under other names, read as it is written now.

They called a fit a part: a column of ``history.csv``, a list of ``model.json`` and two values of
``status.json``. Which split and which member a part was stood in its name alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

STATUS = {"part": "fit", "n_parts": "n_fits"}


def renamed(status: Mapping[str, Any]) -> dict[str, Any]:
    """Values of ``status.json`` under their names of today."""
    return {STATUS.get(name, name): value for name, value in status.items()}


def signature(stored: dict[str, Any]) -> dict[str, Any]:
    """``model.json`` with its fits, each with its number of split and member."""
    found = {name: value for name, value in stored.items() if name != "parts"}
    fits = stored.get("fits", stored.get("parts", []))
    found["fits"] = [{"split_index": numbers(str(fit["id"]))[0], **fit} for fit in fits]
    return found


def numbers(fit: str) -> tuple[int | None, int | None]:
    """Split and member of a fit by its name in old files; None where the name holds neither."""
    match = re.fullmatch(r"s(\d{1,6})-m(\d{1,6})", fit)
    return (int(match[1]), int(match[2])) if match else (None, None)
