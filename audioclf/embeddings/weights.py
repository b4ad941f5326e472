"""Weights as this package keeps them: an ``.npz`` of arrays with known names and shapes, and nothing else."""

from __future__ import annotations

import hashlib
import io
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import AudioclfError

Array = npt.NDArray[np.float32]
Layout = Mapping[str, tuple[int, ...]]

_HEADER = 512
"""Bytes that an array's own header and its entry in the archive stay below."""


def read(path: Path, layout: Layout, title: str) -> dict[str, Array]:
    """Read an archive; sizes are compared with the layout before anything of that size is allocated.

    Parameters
    ----------
    path : Path
    layout : mapping of str to tuple of int
        Name and shape of every array that is expected.
    title : str
        Whose weights these are, for errors.

    Raises
    ------
    AudioclfError
        When the file is not there, is damaged, or holds anything but these arrays of finite float32.
    """
    most = sum(4 * math.prod(shape) + 3 * _HEADER for shape in layout.values())
    try:
        if path.stat().st_size > most:
            raise ValueError("it is larger than these weights are")
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if sorted(member.filename for member in members) != sorted(f"{name}.npy" for name in layout):
                raise ValueError("it holds other arrays")
            read = {item.filename.removesuffix(".npy"): _array(archive, item, layout) for item in members}
        return checked({name: read[name] for name in layout}, layout)
    except (OSError, ValueError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error) as error:
        raise refusal(path, title, error) from error


def digest(weights: Mapping[str, Array]) -> str:
    """Hash of arrays and their names [32 hexadecimal digits]."""
    found = hashlib.blake2b(digest_size=16)
    for name, array in weights.items():
        found.update(name.encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


def checked(weights: dict[str, Array], layout: Layout) -> dict[str, Array]:
    """The weights themselves where they are finite float32 arrays of the shapes of the layout.

    Raises
    ------
    ValueError
    """
    for name, shape in layout.items():
        array = weights[name]
        if array.shape != shape or array.dtype != np.float32:
            raise ValueError(f"{name} is {array.dtype} of shape {array.shape}, float32 of shape {shape} was expected")
        if not np.isfinite(array).all() or (name.endswith("variance") and array.min() < 0):
            raise ValueError(f"{name} holds numbers that no trained network has")
    return weights


def refusal(path: Path, title: str, error: object) -> AudioclfError:
    """Error that says that a file does not hold these weights, and why."""
    why = " ".join(str(error).split()).rstrip(".")
    if isinstance(error, FileNotFoundError):
        why = "it is not there"
    elif isinstance(error, OSError):
        why = error.strerror or why
    return AudioclfError(
        f"{path.name} was expected to hold the weights of {title} and cannot be used ({why}); name the publisher's"
        " file, or leave the setting empty to fetch it."
    )


def _array(archive: zipfile.ZipFile, item: zipfile.ZipInfo, layout: Layout) -> Array:
    name = item.filename.removesuffix(".npy")
    n_bytes = 4 * math.prod(layout[name])
    if not n_bytes <= item.file_size <= n_bytes + _HEADER:
        raise ValueError(f"{name} has another size")
    data = archive.read(item)
    head = io.BytesIO(data)
    if np.lib.format.read_magic(head) != (1, 0):
        raise ValueError(f"{name} is no array")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(head)
    if fortran or dtype != np.float32 or shape != layout[name]:
        raise ValueError(f"{name} is {dtype} of shape {shape}, float32 of shape {layout[name]} was expected")
    return np.frombuffer(data, np.float32, offset=head.tell()).reshape(shape)
