"""A Keras model written as ONNX, LiteRT or ``.keras``."""

from __future__ import annotations

import contextlib
import logging
import os
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from audioclf.core.errors import AudioclfError, RunError
from audioclf.export.network import INPUT, OUTPUT


def to_keras(model: Any, path: Path) -> None:
    """Write a ``.keras`` file: standard layers, which open without this package."""
    with quiet("Keras", model):
        model.save(path)


def to_onnx(model: Any, path: Path) -> None:
    """Write ONNX, with one input ``samples`` and one output ``probabilities``.

    Raises
    ------
    RunError
        When a layer has no such form.
    """
    import onnx

    with quiet("ONNX", model):
        model.export(str(path), format="onnx", input_signature=signature(model), verbose=False)
    # the converter names outputs after the last operation
    written = onnx.load(path)
    (output,) = written.graph.output
    before, output.name = output.name, OUTPUT
    for node in written.graph.node:
        node.output[:] = [OUTPUT if name == before else name for name in node.output]
        node.input[:] = [OUTPUT if name == before else name for name in node.input]
    onnx.checker.check_model(written)
    onnx.save(written, path)


def to_litert(model: Any, path: Path) -> None:
    """Write LiteRT, of built-in operations only: whatever runs LiteRT runs it.

    Raises
    ------
    RunError
        When a layer has no such form.
    """
    import tensorflow as tf

    builtins = {"supported_ops": [tf.lite.OpsSet.TFLITE_BUILTINS]}
    with quiet("LiteRT", model):
        model.export(str(path), format="litert", input_signature=signature(model), verbose=False, target_spec=builtins)


def signature(model: Any) -> list[Any]:
    """The model's input under its name, for Keras's exporters."""
    import keras

    return [keras.InputSpec(shape=tuple(model.inputs[0].shape), dtype="float32", name=INPUT)]


@contextlib.contextmanager
def quiet(what: str, model: Any) -> Iterator[None]:
    """Keep the converters' notes to themselves, and give what they stumble over as one sentence.

    Raises
    ------
    RunError
    """
    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        with silent(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except AudioclfError:
        raise
    except Exception as error:  # the converters raise whatever a layer makes them stumble over
        first = " ".join(str(error).split())[:160]
        raise RunError(
            f"{model.name} cannot be written as {what} ({type(error).__name__}: {first}); choose another format."
        ) from error


@contextlib.contextmanager
def silent() -> Iterator[None]:
    """Discard standard error, also what C++ libraries write there before any log level applies."""
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


WRITERS: dict[str, Callable[[Any, Path], None]] = {"keras": to_keras, "onnx": to_onnx, "litert": to_litert}
