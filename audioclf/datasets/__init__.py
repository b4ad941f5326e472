"""Data sets: those known by name, and every way to read one's own.

A module here that defines a :class:`~audioclf.datasets.source.Source` adds a set known by name, one that defines a
:class:`~audioclf.datasets.source.Reader` adds a way to read a path; :func:`load_dataset` finds both by itself.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from audioclf.core.errors import DatasetError
from audioclf.core.params import unknown
from audioclf.core.registry import Registry
from audioclf.datasets.base import ByteCount, Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest import archive, staging
from audioclf.datasets.ingest.file_tree import Tree, file_tree, folder_tree
from audioclf.datasets.source import Reader, Source

SOURCES: Registry[Source] = Registry(Source, "audioclf.datasets.catalog", "data set")  # type: ignore[type-abstract]
"""Every data set known by name."""

READERS: Registry[Reader] = Registry(Reader, "audioclf.datasets.readers", "way to read a data set")  # type: ignore[type-abstract]
"""Every way to read a path, in the order they are asked."""


def available() -> tuple[type[Source], ...]:
    """All data sets known by name, with title, description, licence, citation, and options in ``describe()``."""
    return tuple(SOURCES.values())


def load_dataset(
    name_or_path: str | Path,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    **options: Any,
) -> Dataset:
    """A data set by name, or one's own by path.

    Parameters
    ----------
    name_or_path : str or Path
        A name out of :func:`available`, or a path of one's own data: a folder per class, or whatever else one of
        :data:`READERS` takes. A name wins over a folder of that name; write ``./name`` for the folder.
    progress : callable, optional
        Called with how many of how many files are done.
    should_stop : callable, optional
        Asked now and then whether to end early.
    **options
        Parameters of the set or of the reader; ``kind`` chooses a reader instead of the one that suits the path.

    Returns
    -------
    Dataset
        Its ``source`` together with the options loads it again, in any process on this machine.

    Raises
    ------
    DatasetError
        When there is neither a set of that name nor something at that path.
    ParameterError
        When an option is unknown or out of range.
    Stopped
        When ``should_stop`` said so.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, str) and name in SOURCES:
        source = SOURCES[name].from_dict(options)
        return source.load(progress=progress, should_stop=should_stop)
    path = _existing(name)
    tree = mount(path, progress=progress, should_stop=should_stop)
    staging.settle(path)
    reader = READERS.make(options) if "kind" in options else _suiting(tree).from_dict(options)
    return reader.read(tree, progress=progress, should_stop=should_stop)


def _existing(name: str) -> Path:
    try:
        path = Path(name).expanduser().resolve()
        if name.strip() and path.exists():
            return path
    except (OSError, RuntimeError, ValueError):
        pass
    if any(separator in name for separator in "/\\"):
        raise DatasetError(f"Nothing is at '{name}', a data set was expected there; check the path.")
    raise DatasetError(unknown(name, SOURCES, "data set, and no file or folder here either"))


def mount(path: Path, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Tree:
    """The files at a path that exists: of a folder, of an archive, or of the folder around one file.

    Raises
    ------
    DatasetError
        When an archive cannot be read or unpacked.
    """
    if path.is_dir():
        return staging.stored_tree(path) if staging.is_stored(path) else folder_tree(path, should_stop=should_stop)
    if archive.is_archive(path):
        folder = archive.unpack(path, progress=progress, should_stop=should_stop)
        return replace(staging.stored_tree(folder), path=path)
    return file_tree(path)


def _suiting(tree: Tree) -> type[Reader]:
    for reader in READERS.values():
        if reader.suits(tree):
            return reader
    raise DatasetError(
        f"'{tree.name}' is no data set that can be read; choose a folder with a folder of sounds for every class."
    )


__all__ = [
    "READERS",
    "SOURCES",
    "ByteCount",
    "Clip",
    "Dataset",
    "Problem",
    "Progress",
    "Reader",
    "ShouldStop",
    "Source",
    "available",
    "load_dataset",
]
