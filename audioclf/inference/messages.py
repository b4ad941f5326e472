"""What the processes send each other: clips by their place, feature maps as plain values and arrays."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy.typing as npt

from audioclf.audio.io import AudioInfo
from audioclf.datasets import Clip
from audioclf.features.base import Axis, FeatureMap

Arrays = dict[str, npt.NDArray[Any]]


def clip_of(about: Mapping[str, Any]) -> Clip:
    """The clip that :func:`about_clip` described: where its samples are, without a label."""
    info = AudioInfo(0, 0, 0, "", "")
    return Clip(Path(about["path"]), "", info, start=about["start"], duration=about["duration"], file=about["name"])


def about_clip(clip: Clip) -> dict[str, Any]:
    """Where a clip's samples are, in plain values."""
    return {"path": str(clip.path), "start": clip.start, "duration": clip.duration, "name": clip.name}


def packed_map(shown: FeatureMap) -> tuple[dict[str, Any], Arrays]:
    """A feature map with its axes, as plain values and arrays."""
    return (
        {
            "axes": [{"label": axis.label, "unit": axis.unit, "scale": axis.scale} for axis in shown.axes],
            "map": {"label": shown.label, "unit": shown.unit, "feature": shown.feature},
        },
        {"map": shown.values, **{f"axis {number}": axis.values for number, axis in enumerate(shown.axes)}},
    )


def unpacked_map(values: Mapping[str, Any], arrays: Arrays) -> FeatureMap:
    """What :func:`packed_map` was given."""
    axes = tuple(Axis(arrays[f"axis {number}"], **about) for number, about in enumerate(values["axes"]))
    return FeatureMap(arrays["map"], axes, **values["map"])
