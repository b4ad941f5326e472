"""What the processes send each other: clips by their place, feature maps as plain values and arrays.

A message is a frame of one ``.npz`` archive (no pickle): arrays by name, and one JSON text for the rest.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioInfo
from audioclf.datasets import Clip
from audioclf.features.base import Axis, FeatureMap

Arrays = dict[str, npt.NDArray[Any]]

MAX_FRAME = 1 << 30


def clip_of(about: Mapping[str, Any]) -> Clip:
    """The clip that :func:`about_clip` described: where its samples are, without a label."""
    info = AudioInfo(0, 0, 0, "", "")
    return Clip(Path(about["path"]), "", info, start=about["start"], duration=about["duration"], file=about["name"])


def about_clip(clip: Clip) -> dict[str, Any]:
    """Where a clip's samples are, in plain values."""
    return {"path": str(clip.path), "start": clip.start, "duration": clip.duration, "name": clip.name}


def packed_map(shown: FeatureMap) -> tuple[dict[str, Any], Arrays]:
    """A feature map with its axes, as plain values and arrays."""
    return (
        {
            "axes": [{"label": axis.label, "unit": axis.unit, "scale": axis.scale} for axis in shown.axes],
            "map": {"label": shown.label, "unit": shown.unit, "feature": shown.feature},
        },
        {"map": shown.values, **{f"axis {number}": axis.values for number, axis in enumerate(shown.axes)}},
    )


def unpacked_map(values: Mapping[str, Any], arrays: Arrays) -> FeatureMap:
    """What :func:`packed_map` was given."""
    axes = tuple(Axis(arrays[f"axis {number}"], **about) for number, about in enumerate(values["axes"]))
    return FeatureMap(arrays["map"], axes, **values["map"])


def write_frame(stream: BinaryIO, values: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Send one message."""
    packed = io.BytesIO()
    text = np.frombuffer(json.dumps(values).encode(), dtype=np.uint8)
    np.savez(packed, json=text, **{f"array_{name}": array for name, array in arrays.items()})  # type: ignore[arg-type]
    body = packed.getvalue()
    stream.write(struct.pack("<Q", len(body)))
    stream.write(body)
    stream.flush()


def read_frame(stream: BinaryIO) -> tuple[dict[str, Any], Arrays]:
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
