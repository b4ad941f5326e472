"""A publisher's file of weights turned into our own, in a process of its own.

HDF5 and TensorFlow's checkpoints are read by large libraries written in C. Whatever a foreign file does to them, it
happens in a process that ends afterwards; what comes back is an ``.npz`` of known arrays, or one sentence.
"""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from audioclf.core import forkserver
from audioclf.core.errors import AudioclfError
from audioclf.core.limits import cap_memory
from audioclf.core.npz import write_arrays
from audioclf.embeddings import mobilenet, weights
from audioclf.embeddings.weights import Array, Layout

TITLE: Final = "YAMNet"

_SECONDS: Final = 300.0
_MEMORY: Final = 4.0
_REFUSED: Final = 3
_INDEX: Final = "variables.index"
_DATA: Final = "variables.data-00000-of-00001"


def convert(source: Path, target: Path) -> None:
    """Read the weights of YAMNet from a file or folder, and keep them as ``.npz``.

    Parameters
    ----------
    source : Path
        An ``.h5`` file as Keras 2 saves weights, or a folder with a TensorFlow checkpoint (``variables.index`` and
        ``variables.data-00000-of-00001``), or that of a SavedModel around it.
    target : Path

    Raises
    ------
    AudioclfError
        When it is neither, or holds anything else.
    """
    process = forkserver.start(
        "audioclf.embeddings.convert",
        str(source.absolute()),
        str(target.absolute()),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        code = process.wait(_SECONDS)
        stated = process.stdout.read().decode(errors="replace").strip() if code == _REFUSED else ""
    except subprocess.TimeoutExpired:
        raise weights.refusal(source, TITLE, "reading it does not end") from None
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
    if code:
        raise weights.refusal(source, TITLE, stated or "reading it fails")


def main() -> None:
    """Convert ``sys.argv[1]`` to ``sys.argv[2]``; the reason why not goes to standard output."""
    source, target = map(Path, sys.argv[1:])
    try:
        found = weights.checked(_read(source), mobilenet.layout())
        target.parent.mkdir(parents=True, exist_ok=True)
        write_arrays(target, found)
    except OSError as error:
        print(error.strerror or error)
    except (AudioclfError, ValueError, KeyError, RuntimeError, MemoryError) as error:
        print(error)
    except Exception as error:  # whatever h5py and TensorFlow stumble over in a foreign file
        print(type(error).__name__)
    else:
        return
    sys.stdout.flush()
    os._exit(_REFUSED)


def _read(source: Path) -> dict[str, Array]:
    folder = source.parent if source.name == _INDEX else source
    for place in (folder, folder / "variables"):
        if (place / _INDEX).is_file():
            return _from_checkpoint(place)
    if source.is_dir():
        raise ValueError(f"the folder has no {_INDEX}")
    _require_size(source)
    return _from_h5(source)


def _require_size(path: Path) -> None:
    most = 2 * 4 * sum(np.prod(shape) for shape in mobilenet.layout().values())
    if path.stat().st_size > most:
        raise ValueError("it is larger than these weights are")


def _from_h5(path: Path) -> dict[str, Array]:
    """Arrays in the order in which Keras 2 lists layers and their weights; names of layers do not count."""
    cap_memory(_MEMORY)
    import h5py

    layout = mobilenet.layout()
    with h5py.File(path, "r") as file:
        found = list(itertools.islice(_listed(file), len(layout) + 1))
        if len(found) != len(layout):
            raise ValueError("it lists another number of arrays")
        return {
            name: _dataset(group, listed, name, shape)
            for (group, listed), (name, shape) in zip(found, layout.items(), strict=True)
        }


def _listed(file: Any) -> Iterator[tuple[Any, str]]:
    """Group and name of every array, as the file's attributes list them."""
    for layer in _names(file, "layer_names"):
        group = _below(file, layer)
        for name in _names(group, "weight_names"):
            yield group, name


def _names(group: Any, attribute: str) -> list[str]:
    if attribute not in group.attrs:
        raise ValueError("it is no file of weights of Keras 2")
    return [name.decode() if isinstance(name, bytes) else str(name) for name in group.attrs[attribute]]


def _below(group: Any, name: str) -> Any:
    """What a group holds under a name of several steps; no link to another place or file is followed."""
    import h5py

    for step in filter(None, name.split("/")):
        if not isinstance(group, h5py.Group) or not isinstance(group.get(step, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} is not in it")
        group = group[step]
    return group


def _dataset(group: Any, listed: str, name: str, shape: tuple[int, ...]) -> Array:
    import h5py

    item = _below(group, listed)
    if not isinstance(item, h5py.Dataset) or item.external or item.is_virtual or item.chunks is not None:
        raise ValueError(f"{listed} is no plain array in this file")
    if listed.rpartition("/")[2].partition(":")[0] != name.rpartition("/")[2] or item.shape != shape:
        raise ValueError(f"{listed} of shape {item.shape} stands where {name} of shape {shape} was expected")
    if item.dtype != np.float32:
        raise ValueError(f"{listed} is {item.dtype}, float32 was expected")
    return np.asarray(item[()], np.float32)


def _from_checkpoint(folder: Path) -> dict[str, Array]:
    """Arrays of a checkpoint, in which layers with weights are numbered in their order."""
    for name in (_INDEX, _DATA):
        _require_size(folder / name)
    import tensorflow as tf

    layout = mobilenet.layout()
    reader = tf.train.load_checkpoint(str(folder / "variables"))
    shapes, dtypes = reader.get_variable_to_shape_map(), reader.get_variable_to_dtype_map()
    found = {}
    for name, key in _keys(layout).items():
        match = [full for full in shapes if full.endswith(f"{key}/.ATTRIBUTES/VARIABLE_VALUE")]
        if len(match) != 1 or tuple(shapes[match[0]]) != layout[name] or dtypes[match[0]] != tf.float32:
            raise ValueError(f"it has no {key} of shape {layout[name]}")
        found[name] = np.asarray(reader.get_tensor(match[0]))
    return found


def _keys(layout: Layout) -> dict[str, str]:
    """What a checkpoint calls every array."""
    layers = list(dict.fromkeys(name.rpartition("/")[0] for name in layout))
    numbers = {layer: number for number, layer in enumerate(layers)}
    return {
        name: f"_yamnet/layer_with_weights-{numbers[name.rpartition('/')[0]]}/{name.rpartition('/')[2]}"
        for name in layout
    }


if __name__ == "__main__":
    main()
