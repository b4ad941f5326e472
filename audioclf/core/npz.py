"""Arrays in a file that is data and nothing else: uncompressed ``.npz``, checked before it is read."""

from __future__ import annotations

import math
import zipfile
from collections.abc import Collection, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import RunError
from audioclf.core.files import atomic

Arrays = dict[str, npt.NDArray[np.generic]]
Expected = Mapping[str, tuple[tuple[int, ...], str]]


def write_arrays(path: Path, arrays: Mapping[str, npt.NDArray[np.generic]]) -> None:
    """Write named arrays in one step that either happens or does not."""
    with atomic(path, durable=True) as file:
        np.savez(file, **arrays)  # type: ignore[arg-type]


def headers(path: Path) -> dict[str, tuple[tuple[int, ...], str]]:
    """Shape and dtype of every array in the file, as its headers say them; a RunError when it is no such file."""
    found: dict[str, tuple[tuple[int, ...], str]] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                if info.compress_type != zipfile.ZIP_STORED or not info.filename.endswith(".npy"):
                    raise ValueError(info.filename)
                with archive.open(info) as file:
                    version = np.lib.format.read_magic(file)
                    if version != (1, 0):
                        raise ValueError(info.filename)
                    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
                    if dtype.hasobject or file.tell() + dtype.itemsize * math.prod(shape) != info.file_size:
                        raise ValueError(info.filename)
                found[info.filename.removesuffix(".npy")] = (tuple(shape), dtype.str)
    except Exception as error:  # numpy gives a header to Python's own parser, which raises whatever it stumbles over
        raise RunError(
            f"{path.name} was expected to hold plain arrays and cannot be read as such; the file is damaged or of"
            " another program, so run the experiment again."
        ) from error
    return found


def read_plain(path: Path, names: Collection[str] = ()) -> Arrays:
    """Read all arrays of a file, or those of these names that it holds; no more than the file itself is allocated.

    A RunError when the file is no such file.
    """
    found = headers(path)
    return read_arrays(path, {name: found[name] for name in found if not names or name in names})


def read_arrays(path: Path, expected: Expected) -> Arrays:
    """Read the expected arrays (shape and dtype string by name); all others in the file are left alone.

    The file's headers are held against what is expected before anything is allocated.

    Raises
    ------
    RunError
        When an array is missing or of another shape or type.
    """
    found = headers(path)
    for name, wanted in expected.items():
        if found.get(name) != wanted:
            there = f"{found[name][0]} {found[name][1]}" if name in found else "nothing"
            raise RunError(
                f"{path.name} does not fit the model: {name} was expected as {wanted[0]} {wanted[1]}, and there is"
                f" {there}; the recipe beside it is of another model."
            )
    try:
        with np.load(path, allow_pickle=False) as archive:
            return {name: archive[name] for name in expected}
    except (OSError, ValueError, zipfile.BadZipFile, EOFError) as error:
        raise RunError(f"{path.name} is damaged and cannot be read; run the experiment again.") from error
