"""Data sets: those known by name, and every way to read one's own.

A module here that defines a :class:`~audioclf.datasets.source.Source` adds a set known by name, one that defines a
:class:`~audioclf.datasets.layout.Reader` adds a way to read a path; :func:`load_dataset` finds both by itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audioclf.core.errors import DatasetError
from audioclf.core.params import unknown
from audioclf.core.registry import Registry
from audioclf.datasets.base import ByteCount, Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest import archive, staging
from audioclf.datasets.ingest.file_tree import Tree, file_tree, folder_tree
from audioclf.datasets.layout import Candidate, Question, Reader, Reading
from audioclf.datasets.readers.manifest import ManifestReader, unused
from audioclf.datasets.source import Source

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
        Parameters of the set or of its reader; ``kind`` chooses a reader instead of the one that suits the path.

    Returns
    -------
    Dataset
        Its ``source`` together with the options loads it again, in any process on this machine.

    Raises
    ------
    DatasetError
        When there is neither a set of that name nor something at that path, when the files leave a question open (see
        :func:`understand`), or when no clip can be used.
    ParameterError
        When an option is unknown or out of range.
    Stopped
        When ``should_stop`` asked for it.
    """
    name = str(name_or_path)
    if isinstance(name_or_path, str) and name in SOURCES:
        source = SOURCES[name].from_dict(options)
        dataset = source.load(progress=progress, should_stop=should_stop)
        dataset.require_clips()
        return dataset
    reading = understand(name, progress=progress, should_stop=should_stop, **options)
    return reading.load(progress=progress, should_stop=should_stop)


def understand(
    path: str | Path | Tree,
    *,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    **options: Any,
) -> Reading:
    """What a folder, archive, table or recording is understood as, before its sounds are read.

    Parameters
    ----------
    path : str, Path or Tree
        One's own data, or its listing where that is there already.
    progress, should_stop : callable, optional
        As in :func:`load_dataset`; an archive is unpacked.
    **options
        As in :func:`load_dataset`.

    Returns
    -------
    Reading
        Clips, classes, folds, groups and the official split, where each comes from, and the questions that only the
        owner of the data can answer. ``reading.load()`` gives the data set.

    Raises
    ------
    DatasetError
        When nothing is at the path, or nothing in it can be read.
    ParameterError
        When an option is unknown or out of range.

    Examples
    --------
    >>> reading = audioclf.understand("UrbanSound8K")  # doctest: +SKIP
    >>> reading.sentence()  # doctest: +SKIP
    "8,732 clips, 10 classes from column 'class', 10 folds from column 'fold', 1,297 groups from column 'fsID'; this is
    the layout of UrbanSound8K."
    """
    tree = path if isinstance(path, Tree) else mount(_existing(str(path)), progress=progress, should_stop=should_stop)
    reader = READERS.make(options) if "kind" in options else _suiting(tree, options).from_dict(options)
    reading = reader.understand(tree)
    if reader.kind != ManifestReader.kind and not tree.pointed:
        return replace(reading, remarks=(*reading.remarks, *unused(tree)))
    return reading


def existing(name: str) -> Path | None:
    """The full path that a text names; None where nothing is there, or it is no path."""
    try:
        path = Path(name).expanduser().resolve()
        return path if name.strip() and path.exists() else None
    except (OSError, RuntimeError, ValueError):
        return None


def _existing(name: str) -> Path:
    path = existing(name)
    if path is not None:
        return path
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


def _suiting(tree: Tree, options: Mapping[str, Any]) -> type[Reader]:
    """Reader that suits the files, or the only one that has these options."""
    found = next((reader for reader in READERS.values() if reader.suits(tree)), None)
    if found is not None:
        able = [reader for reader in READERS.values() if set(options) <= set(reader.describe())]
        return able[0] if len(able) == 1 else found
    raise DatasetError(
        f"'{tree.name}' is no data set that can be read; choose a folder with a folder of sounds for every class."
    )


__all__ = [
    "READERS",
    "SOURCES",
    "ByteCount",
    "Candidate",
    "Clip",
    "Dataset",
    "Problem",
    "Progress",
    "Question",
    "Reader",
    "Reading",
    "ShouldStop",
    "Source",
    "available",
    "load_dataset",
    "understand",
]
