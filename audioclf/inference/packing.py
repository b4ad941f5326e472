"""Feature maps as plain values and arrays, for the pipe between a page and the process that runs the models."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.features.base import Axis, FeatureMap

Arrays = dict[str, npt.NDArray[Any]]


def packed_map(shown: FeatureMap) -> tuple[dict[str, Any], Arrays]:
    """A feature map with its axes, as plain values and arrays."""
    return (
        {
            "axes": [{"label": axis.label, "unit": axis.unit, "scale": axis.scale} for axis in shown.axes],
            "map": {"label": shown.label, "unit": shown.unit, "feature": shown.feature},
        },
        {
            "map": np.asarray(shown.values),
            **{f"axis {number}": np.asarray(axis.values) for number, axis in enumerate(shown.axes)},
        },
    )


def unpacked_map(values: Mapping[str, Any], arrays: Arrays) -> FeatureMap:
    """What :func:`packed_map` was given."""
    axes = tuple(Axis(arrays[f"axis {number}"], **about) for number, about in enumerate(values["axes"]))
    return FeatureMap(arrays["map"], axes, **values["map"])
