"""What the processes send each other: dataclasses as plain values, and arrays by name.

A message is a frame of one ``.npz`` archive (no pickle): arrays by name, and one JSON text for the rest.
"""

from __future__ import annotations

import dataclasses
import functools
import io
import itertools
import json
import struct
import types
import typing
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]
Frame = tuple[dict[str, Any], Arrays]

MAX_FRAME = 1 << 30

T = TypeVar("T")

_hints = functools.cache(typing.get_type_hints)


def packed(value: Any) -> tuple[Any, Arrays]:
    """Plain values and arrays of a dataclass, or of a list or mapping of some."""
    arrays: Arrays = {}

    def plain(part: Any) -> Any:
        if isinstance(part, np.ndarray):
            arrays[name := f"{len(arrays)}"] = part
            return name
        if dataclasses.is_dataclass(part):
            return {field.name: plain(getattr(part, field.name)) for field in dataclasses.fields(part)}
        if isinstance(part, Mapping):
            return {key: plain(item) for key, item in part.items()}
        if isinstance(part, list | tuple):
            return [plain(item) for item in part]
        return str(part) if isinstance(part, Path) else part

    return plain(value), arrays


def unpacked(kind: type[T], values: Any, arrays: Mapping[str, npt.NDArray[Any]] = types.MappingProxyType({})) -> T:
    """What :func:`packed` was given.

    Parameters
    ----------
    kind : type
        Of what was packed: a dataclass, or a list, tuple or mapping of some, such as ``list[Clip]``.
    values, arrays
        As :func:`packed` gives them, also after JSON.
    """
    found: T = _made(kind, values, arrays)
    return found


def _made(kind: Any, values: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    origin, given = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        (kind,) = (one for one in given if one is not type(None))
        return None if values is None else _made(kind, values, arrays)
    if dataclasses.is_dataclass(kind):
        hints = _hints(kind)  # type: ignore[arg-type]
        return kind(**{name: _made(hints[name], value, arrays) for name, value in values.items()})  # type: ignore[operator]
    if origin is tuple:
        kinds = itertools.repeat(given[0]) if given[1:] == (...,) else given
        return tuple(_made(one, value, arrays) for one, value in zip(kinds, values, strict=False))
    if origin is list:
        return [_made(given[0], value, arrays) for value in values]
    if isinstance(origin, type) and issubclass(origin, Mapping):
        return {key: _made(given[1], value, arrays) for key, value in values.items()}
    if origin is np.ndarray:
        return arrays[values]
    return Path(values) if kind is Path else values


def write_frame(stream: BinaryIO, values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Send one message."""
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(values).encode(), dtype=np.uint8)
    np.savez(packed, json=text, **{f"array_{name}": array for name, array in arrays.items()})  # type: ignore[arg-type]
    body = packed.getvalue()
    stream.write(struct.pack("<Q", len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Frame:
    """Receive one message.

    Raises
    ------
    EOFError
        When the other end has gone.
    """
    (size,) = struct.unpack("<Q", _exactly(stream, 8))
    if size > MAX_FRAME:
        raise EOFError("no frame")
    with np.load(io.BytesIO(_exactly(stream, size)), allow_pickle=False) as packed:
        values = json.loads(packed["json"].tobytes())
        arrays = {name.removeprefix("array_"): packed[name] for name in packed.files if name != "json"}
    return values, arrays


def _exactly(stream: BinaryIO, size: int) -> bytes:
    found = stream.read(size)  # a buffered stream gives less at its end alone
    if len(found) < size:
        raise EOFError("the other end has gone")
    return found
