"""The map of a data set: every clip's place on a plane and its neighbours, kept by content.

An atlas is made once for the same clips, compared by the same vectors of the same weights; then it is read.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from audioclf.core import settings
from audioclf.core.errors import RunError
from audioclf.core.npz import read_plain, write_arrays
from audioclf.datasets import Clip
from audioclf.features.base import Array
from audioclf.inference import neighbours
from audioclf.inference.neighbours import Numbers
from audioclf.similarity import projection, vectors

Progress = Callable[[int, int], None]

NEIGHBOURS: Final = 24
"""Neighbours of every clip that are kept."""

KEPT: Final = 64
"""Atlases that stay on disk."""

_VERSION: Final = 3


@dataclass(frozen=True, eq=False)
class Atlas:
    """Where clips lie, and what is near to each.

    Attributes
    ----------
    places : np.ndarray [shape=(n_clips, 2)], float32 in -1 to 1
    near : np.ndarray [shape=(n_clips, k)], int
        Numbers of the nearest clips, the nearest first.
    similarity : np.ndarray [shape=(n_clips, k)], float32
        Cosine of each.
    """

    places: Array
    near: Numbers
    similarity: Array


def make(
    clips: Sequence[Clip],
    space: str,
    method: str = "tsne",
    *,
    run: Path | None = None,
    n_jobs: int = -1,
    progress: Progress | None = None,
) -> Atlas:
    """The atlas of some clips, out of the cache where it is there.

    Parameters
    ----------
    clips : sequence of Clip
    space : str
        Of :data:`audioclf.similarity.vectors.SPACES`, or ``"run"``.
    method : str
        Of :data:`audioclf.similarity.projection.METHODS`.
    run : Path, optional
        Folder of the run whose last layer they are compared by.
    n_jobs : int
    progress : callable, optional

    Raises
    ------
    AudioclfError
    """
    path = folder() / f"{_key(clips, space, method, run)}.npz"
    with contextlib.suppress(RunError):
        if path.is_file():
            return _read(path, len(clips))
    if space == vectors.RUN:
        assert run is not None
        values = vectors.of_run(run, clips, progress=progress)
    else:
        values = vectors.of_clips(clips, space, n_jobs=n_jobs, progress=progress)
    units = vectors.units_of(values, space)
    near, similarity = neighbours.nearest(units, units, NEIGHBOURS, same=True)
    found = Atlas(projection.project(units, method), near, similarity)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(path, {"places": found.places, "near": near, "similarity": similarity})
        _trim(path.parent)
    return found


def folder() -> Path:
    """Where atlases are kept."""
    return settings.cache_folder() / "atlases"


def _key(clips: Sequence[Clip], space: str, method: str, run: Path | None) -> str:
    about: list[Any] = [_VERSION, space, method, vectors.identity(space)]
    if run is not None:
        about += [str(run), (run / "model.json").stat().st_mtime_ns]
    digest = hashlib.blake2b(json.dumps(about).encode(), digest_size=16)
    for clip in clips:
        digest.update(clip.key.encode())
    return digest.hexdigest()


def _read(path: Path, n: int) -> Atlas:
    arrays = read_plain(path, ("places", "near", "similarity"))
    try:
        places, similarity = arrays["places"].astype(np.float32), arrays["similarity"].astype(np.float32)
        near = arrays["near"].astype(np.int64)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{path.name} is no atlas.") from error
    if places.shape != (n, 2) or len(near) != n or near.shape != similarity.shape or (near >= n).any():
        raise RunError(f"{path.name} is of other clips.")
    return Atlas(places, near, similarity)


def _trim(place: Path) -> None:
    files = sorted(place.glob("*.npz"), key=lambda path: path.stat().st_mtime)
    for path in files[:-KEPT]:
        path.unlink(missing_ok=True)
