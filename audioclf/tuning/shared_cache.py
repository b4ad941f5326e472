"""Features that several points share, kept in memory as well as on disk."""

from __future__ import annotations

from typing import Any

from audioclf.core import settings
from audioclf.core.files import BoundedCache
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore


class SharedStore(FeatureStore):
    """A feature store that remembers what was asked for last, so that the next point need not read it again.

    Another process gets a plain one: what it computes reaches this one through the disk.

    Parameters
    ----------
    share : float
        Part of a job's memory that may be used for it.
    """

    def __init__(self, share: float = 0.25) -> None:
        super().__init__()
        most = share * settings.number("job_memory_gb") * 1e9
        self._known: BoundedCache[str, Array] = BoundedCache(most, lambda values: values.nbytes)

    def __reduce__(self) -> tuple[Any, ...]:
        return FeatureStore, (self.folder, self.max_bytes)

    def get(self, key: str) -> Array | None:
        """Values from memory, else from disk."""
        values = self._known.get(key)
        if values is None:
            values = super().get(key)
            if values is not None:
                self._known.put(key, values)
        return values

    def put(self, key: str, values: Array) -> None:
        """Keep values in memory and on disk."""
        self._known.put(key, values)
        super().put(key, values)
