"""Features on disk, named by what they were made from: the second time costs a file read."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import time
import zlib
from pathlib import Path
from typing import Final

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.core import settings
from audioclf.core.files import write_atomic
from audioclf.features.base import Array, Feature

VERSION: Final = 1
"""Raised whenever loading or a feature begins to give other numbers, so that old files are not read again."""

_CHECKSUM: Final = 4
_ABANDONED: Final = 3600.0


def store_key(
    content: str, audio: AudioSettings, n_samples: int, feature: Feature, change: str = "", weights: str = ""
) -> str:
    """Name under which the values of one feature of one clip are kept: the same for the same values, on any machine.

    Parameters
    ----------
    content : str
        ``Clip.key``: hash of the clip's bytes and the stretch that is used.
    audio : AudioSettings
        How the clip is read; its ``duration`` counts as ``n_samples``, the length every clip is brought to.
    change : str
        Name of what was done to the samples first; empty where they are as they were.
    weights : str
        ``feature.weights_id``, which the caller asks for once for all clips.
    """
    made_from = [VERSION, content, {**audio.to_dict(), "duration": n_samples}, feature.to_dict()]
    made_from += [change] if change else []
    made_from += [{"weights": weights}] if weights else []
    return hashlib.blake2b(json.dumps(made_from, sort_keys=True).encode(), digest_size=16).hexdigest()


class FeatureStore:
    """Folder of ``.npy`` files that several processes may read and write at once.

    A file is written beside its place and moved there whole, followed by a checksum: whoever
    reads finds all of it, or a miss. What cannot be written is not kept, and nothing else happens.

    Parameters
    ----------
    folder : Path or None
        Where the files are; None takes ``features`` in the cache folder.
    max_bytes : int or None
        Size that :meth:`trim` brings the folder below; None takes the setting ``feature_store_gb``.
    """

    def __init__(self, folder: Path | None = None, max_bytes: int | None = None) -> None:
        self.folder = settings.cache_folder() / "features" if folder is None else folder
        self.max_bytes = int(settings.number("feature_store_gb") * 1e9) if max_bytes is None else max_bytes

    def get(self, key: str) -> Array | None:
        """Values kept under ``key``, read-only; None when there are none or their file is damaged."""
        path = self._path(key)
        try:
            values = _unpack(path.read_bytes())
        except OSError:
            return None
        with contextlib.suppress(OSError):
            if values is None:
                path.unlink()
            else:
                os.utime(path)
        return values

    def put(self, key: str, values: Array) -> None:
        """Keep ``values`` (float32) under ``key``."""
        path = self._path(key)
        with contextlib.suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(path, _pack(values))

    def trim(self) -> None:
        """Delete what was not used for longest until nine tenths of ``max_bytes`` are left, and abandoned writes."""
        kept: list[tuple[float, int, Path]] = []
        for path in self.folder.glob("??/*"):
            with contextlib.suppress(OSError):
                found = path.stat()
                if path.suffix == ".npy":
                    kept.append((found.st_mtime, found.st_size, path))
                elif found.st_mtime < time.time() - _ABANDONED:
                    path.unlink()
        size = sum(bytes_ for _, bytes_, _ in kept)
        if size <= self.max_bytes:
            return
        for _, bytes_, path in sorted(kept):
            with contextlib.suppress(OSError):
                path.unlink()
                size -= bytes_
            if size <= 0.9 * self.max_bytes:
                return

    def _path(self, key: str) -> Path:
        return self.folder / key[:2] / f"{key}.npy"


def _pack(values: Array) -> bytes:
    file = io.BytesIO()
    np.save(file, np.ascontiguousarray(values, np.float32), allow_pickle=False)
    data = file.getvalue()
    return data + zlib.crc32(data).to_bytes(_CHECKSUM, "little")


def _unpack(data: bytes) -> Array | None:
    view = memoryview(data)[:-_CHECKSUM]
    if not view or zlib.crc32(view) != int.from_bytes(data[-_CHECKSUM:], "little"):
        return None
    head = io.BytesIO(data[:256])
    try:
        np.lib.format.read_magic(head)
        shape, _, dtype = np.lib.format.read_array_header_1_0(head)
        return np.frombuffer(view, dtype, offset=head.tell()).reshape(shape)
    except (ValueError, EOFError):
        return None
