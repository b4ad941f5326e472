"""A data set as plain values, for a process that works on it without reading its files again."""

from __future__ import annotations

from dataclasses import astuple
from pathlib import Path
from typing import Any

from audioclf.audio.io import AudioInfo
from audioclf.datasets import Clip, Dataset


def packed(dataset: Dataset) -> dict[str, Any]:
    """What JSON can hold of a data set: its name and its clips."""
    return {
        "name": dataset.name,
        "clips": [
            [str(c.path), c.label, astuple(c.info), c.start, c.duration, c.group, c.fold, c.file, c.split]
            for c in dataset.clips
        ],
    }


def unpacked(values: dict[str, Any]) -> Dataset:
    """The data set that :func:`packed` was given."""
    clips = tuple(Clip(Path(path), label, AudioInfo(*info), *rest) for path, label, info, *rest in values["clips"])
    return Dataset(str(values["name"]), clips)
