"""Weights that a network begins with: found in Keras's cache, fetched by its loader, or read from a named file."""

from __future__ import annotations

import contextlib
import socket
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from audioclf.core.errors import AudioclfError, ParameterError

IMAGENET: Final = "imagenet"
NONE: Final = "none"

_failed: AudioclfError | None = None
"""Why the weights could not be had: the models of one run do not ask and wait one after the other."""

_SECONDS: Final = 20.0
_LARGEST: Final = 1 << 29
"""Bytes of all arrays of a file of weights: VGG16 without its top has 59 MB of them."""


def check_file(name: str) -> None:
    """Raise a ParameterError unless a name can be that of a file of weights; opens nothing."""
    path = Path(name).expanduser()
    if path.suffix != ".h5":
        raise ParameterError(
            f"weights is 'imagenet', 'none' or the path of a file of weights that ends in .h5, got {name!r}.", "weights"
        )
    if not path.is_file():
        raise ParameterError(f"The file of weights {name!r} is not there; correct the path.", "weights")


def read_file(name: str) -> Any:
    """VGG16 without top, with the weights of a file.

    The file is HDF5 that holds arrays and nothing else: no reference to another file is followed, and
    Keras reads the arrays of its own layers alone.

    Raises
    ------
    ParameterError
        When it is no such file, or of another network.
    """
    check_file(name)
    path = Path(name).expanduser()
    import h5py
    import keras

    try:
        with h5py.File(path, "r") as file:
            if _bytes(file) > _LARGEST:
                raise ValueError("it holds more than one network of this size has")
        with warnings.catch_warnings():
            # Keras warns where a layer is not in the file, and leaves it at random
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", UserWarning)
            return keras.applications.VGG16(include_top=False, weights=str(path))
    except Exception as error:  # whatever h5py and Keras stumble over in a foreign file
        raise ParameterError(
            f"{path.name} was expected to hold the weights of VGG16 without its top (.weights.h5, or .h5 as Keras"
            f" publishes them), and cannot be read as such ({_short(error)}); name another file.",
            "weights",
        ) from error


def _bytes(group: Any) -> int:
    """Size of all arrays below a group.

    Raises
    ------
    ValueError
        Where something in it lies in another file.
    """
    import h5py

    size = 0
    for name in group:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"{name} lies somewhere else")
        item = group[name]
        if isinstance(item, h5py.Group):
            size += _bytes(item)
        elif item.external:
            raise ValueError(f"{name} lies in another file")
        else:
            size += item.nbytes
    return size


def fetch_imagenet() -> Any:
    """VGG16 without top, with the ImageNet weights that Keras publishes: from its cache (``~/.keras/models``), where
    they are put when they are first fetched.

    Raises
    ------
    AudioclfError
        When they are not there and cannot be fetched.
    """
    global _failed
    if _failed is not None:
        raise _failed
    import keras

    try:
        # Keras says on standard output that it fetches, where a command's own answer stands
        with _patience(_SECONDS), contextlib.redirect_stdout(sys.stderr):
            return keras.applications.VGG16(include_top=False, weights=IMAGENET)
    except Exception as error:  # Keras raises a plain Exception where the network fails
        _failed = AudioclfError(
            f"The ImageNet weights of VGG16 are not in Keras's cache and could not be fetched ({_short(error)});"
            " connect to the internet once, or put vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5 into"
            " ~/.keras/models, name such a file as weights, or set without_weights to 'random'."
        )
        raise _failed from error


@contextmanager
def _patience(seconds: float) -> Iterator[None]:
    """Bound how long a silent server is waited for: Keras's loader has no limit of its own."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _short(error: Exception) -> str:
    text = " ".join(str(error).split()).rstrip(".")
    return text if len(text) <= 160 else f"{text[:157]}..."
