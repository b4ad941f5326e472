"""Clips of two classes that are alike in all else: the same note on another instrument, the same words."""

from __future__ import annotations

import re

from audioclf.core.errors import DatasetError
from audioclf.datasets.base import Clip, Dataset

_PARTS = re.compile(r"[^\W_]+")


def counterpart(dataset: Dataset, clip: Clip, label: str) -> tuple[Clip, str]:
    """The clip of another class that is most like a clip, as far as the data know.

    A common group (of rendered notes their pitch, of recordings their speaker) counts most, then what the file
    names have in common at the same place: of ``7_jackson_32`` and ``3_jackson_32`` the speaker and the take, of
    acted speech the sentence.

    Beside that clip (the first one where nothing is in common) comes what both share, for people; empty for nothing.

    Raises
    ------
    DatasetError
        When the class has no clip.
    """
    candidates = dataset.of(label)
    if not candidates:
        raise DatasetError(f"The class '{label}' has no clips; choose another class.")
    parts = _parts(clip)
    best = max(candidates, key=lambda other: (_same_group(clip, other), len(_common(parts, _parts(other)))))
    shared = " ".join(_common(parts, _parts(best)))
    if shared:
        return best, shared
    return best, clip.group or "" if _same_group(clip, best) else ""


def _same_group(one: Clip, other: Clip) -> bool:
    return one.group is not None and one.group == other.group


def _parts(clip: Clip) -> list[str]:
    """Words and numbers of the file's own name."""
    stem = (clip.file or clip.path.name).replace("\\", "/").rsplit("/", 1)[-1].rsplit(".", 1)[0]
    return _PARTS.findall(stem)


def _common(one: list[str], other: list[str]) -> list[str]:
    return [a for a, b in zip(one, other, strict=False) if a == b]
