"""Decoded sounds and their features, kept between two questions about the same sound, up to a bound."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from audioclf.audio.level import LevelMeter
from audioclf.core.files import BoundedCache
from audioclf.features import FeatureMap
from audioclf.features.base import Array

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Sound:
    """A decoded sound.

    Attributes
    ----------
    y : np.ndarray [shape=(n,)]
        Samples at the experiment's rate.
    meter : LevelMeter
        What was measured of its channels before they were mixed.
    """

    y: Array
    meter: LevelMeter

    @property
    def nbytes(self) -> int:
        """Size of the samples."""
        return self.y.nbytes


class SoundCache:
    """What was asked for last, by name; what was not used for longest goes first.

    Parameters
    ----------
    max_bytes : int
        Size of all that is kept; 0 keeps nothing.

    Attributes
    ----------
    made : Counter
        How many sounds were decoded (``"decoded"``) and feature maps computed (``"computed"``).
    """

    def __init__(self, max_bytes: int = 256_000_000) -> None:
        self.max_bytes = max_bytes
        self.made: Counter[str] = Counter()
        self._kept: BoundedCache[Hashable, Any] = BoundedCache(max_bytes, _size)

    def samples(self, key: Hashable, decode: Callable[[], T]) -> T:
        """Samples by name, decoded where they are not kept; never to be changed. Without a name they are not kept."""
        return self._get(key, decode, "decoded")

    def feature(self, key: Hashable, compute: Callable[[], FeatureMap]) -> FeatureMap:
        """A feature map by name, computed where it is not kept; never to be changed. Without a name it is not kept."""
        return self._get(key, compute, "computed")

    def _get(self, key: Hashable, make: Callable[[], T], what: str) -> T:
        kept: T | None = None if key is None else self._kept.get(key)
        if kept is not None:
            return kept
        value = make()
        self.made[what] += 1
        if key is not None and _size(value) <= self.max_bytes:  # one that is larger would push out all others
            self._kept.put(key, value)
        return value


def _size(kept: Any) -> int:
    return int((kept.values if isinstance(kept, FeatureMap) else kept).nbytes)


def file_key(path: Path) -> tuple[str, int, int]:
    """Names the content of a file as it is now: path, size and time of its last change."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a name with a null character
        return str(path), 0, 0
    return str(path), found.st_size, found.st_mtime_ns
