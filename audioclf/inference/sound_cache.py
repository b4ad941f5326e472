"""Decoded sounds and their features, kept between two questions about the same sound, up to a bound."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

from audioclf.audio.level import LevelMeter
from audioclf.features import FeatureMap
from audioclf.features.base import Array

T = TypeVar("T")


class _Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


S = TypeVar("S", bound=_Sized)


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
        self._kept: OrderedDict[Hashable, tuple[int, Any]] = OrderedDict()
        self._size = 0

    def samples(self, key: Hashable, decode: Callable[[], S]) -> S:
        """Samples by name, decoded where they are not kept; never to be changed. Without a name they are not kept."""
        return self._get(key, decode, lambda y: y.nbytes, "decoded")

    def feature(self, key: Hashable, compute: Callable[[], FeatureMap]) -> FeatureMap:
        """A feature map by name, computed where it is not kept; never to be changed. Without a name it is not kept."""
        return self._get(key, compute, lambda shown: shown.values.nbytes, "computed")

    def _get(self, key: Hashable, make: Callable[[], T], size_of: Callable[[T], int], what: str) -> T:
        if key is not None and key in self._kept:
            self._kept.move_to_end(key)
            kept: T = self._kept[key][1]
            return kept
        value = make()
        self.made[what] += 1
        size = size_of(value)
        if key is not None and size <= self.max_bytes:
            self._kept[key] = (size, value)
            self._size += size
        while self._size > self.max_bytes:
            _, (freed, _) = self._kept.popitem(last=False)
            self._size -= freed
        return value


def file_key(path: Path) -> tuple[str, int, int]:
    """Names the content of a file as it is now: path, size and time of its last change."""
    try:
        found = path.stat()
    except (OSError, ValueError):  # ValueError: a name with a null character
        return str(path), 0, 0
    return str(path), found.st_size, found.st_mtime_ns
