"""What the files of a run must hold before anything is made of them: they may be a stranger's."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from audioclf.core.errors import RunError

_MAX_CLASSES: Final = 100_000
_MAX_SIZE: Final = 2**31
"""Values of one example."""


class Metrics(dict[str, Any]):
    """What metrics.json holds; a figure that is missing is a :class:`RunError`."""

    def __init__(self, values: Mapping[str, Any], run: str) -> None:
        super().__init__(values)
        self._run = run

    def __missing__(self, name: str) -> Any:
        raise RunError(f"metrics.json of run '{self._run}' lacks {name!r}; the run is damaged, so run it again.")


def require_signature(signature: Any) -> None:
    """Raise where what model.json holds is not what the run's models need.

    Raises
    ------
    ValueError
        With a clause that says what is wrong.
    """
    if not isinstance(signature, Mapping):
        raise ValueError("it is no table")
    classes, shapes, listed = (signature.get(key) for key in ("classes", "input_shapes", "fits"))
    if not (isinstance(classes, list) and 1 < len(classes) <= _MAX_CLASSES and all(map(_is_text, classes))):
        raise ValueError("classes is no list of two names or more")
    if len(set(classes)) < len(classes):
        raise ValueError("a class is listed twice")
    duration = signature.get("duration")
    if isinstance(duration, bool) or not isinstance(duration, int | float) or not 0 < duration < math.inf:
        raise ValueError("duration is no number of seconds above 0")
    if type(signature.get("version", 1)) is not int:
        raise ValueError("version is no whole number")
    if not (isinstance(shapes, list) and shapes and all(map(_is_shape, shapes))):
        raise ValueError("input_shapes is no list of shapes")
    if not (isinstance(listed, list) and listed):
        raise ValueError("it lists no models")
    for model in listed:
        member = model.get("member") if isinstance(model, Mapping) else None
        if type(member) is not int or not 0 <= member < len(shapes):
            raise ValueError("a model is of no member of the experiment")
        if not all(isinstance(model.get(key), str) for key in ("id", "split")):
            raise ValueError("a model has no id or no split")


def require_own_files(folder: Path, root: Path, what: str) -> None:
    """Raise a RunError where a link in a folder leads out of a root: reading it reads a file of somebody else."""
    try:
        with os.scandir(folder) as entries:
            links = [entry for entry in entries if entry.is_symlink()]
    except OSError:
        return
    if links:
        inside = Path(os.path.realpath(root))
        for link in links:
            if not Path(os.path.realpath(link.path)).is_relative_to(inside):
                raise RunError(
                    f"{link.name!r} in {what} is a link to a file outside its folder, which is neither read nor"
                    " written; put the file itself there."
                )


def _is_text(value: Any) -> bool:
    if not isinstance(value, str) or not value:
        return False
    try:
        value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return False
    return True


def _is_shape(value: Any) -> bool:
    if not (isinstance(value, list) and 1 <= len(value) <= 4):
        return False
    return all(type(size) is int and size > 0 for size in value) and math.prod(value) <= _MAX_SIZE
