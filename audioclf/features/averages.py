"""What the feature maps of a class have in common: their mean, the one nearest to it, and how two means differ."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.features.base import FeatureMap, stack


def mean_map(maps: Sequence[FeatureMap]) -> tuple[FeatureMap, int]:
    """Mean of equally shaped feature maps, and the place of the map with the smallest mean square distance to it.

    The maps are of sounds of one length, so that their axes are the same. Levels are averaged in dB.

    Raises
    ------
    ParameterError
        When there is no map, or their shapes differ.
    """
    if not maps:
        raise ParameterError("A mean needs at least one clip, got none; choose a class with clips.")
    values = stack(maps)
    mean = values.mean(axis=0)
    distances = np.square(values - mean).reshape(len(maps), -1).mean(axis=1)
    return dataclasses.replace(maps[0], values=mean), int(distances.argmin())


def difference_map(one: FeatureMap, other: FeatureMap) -> FeatureMap:
    """``one - other`` of two maps of one feature: above zero where the first has more; errors as of :func:`stack`."""
    first, second = stack([one, other])
    return dataclasses.replace(one, values=first - second)
