"""LiteRT with int8 convolutions: everything around them stays in float32, because a level in dB has no room in 256
steps."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.export.convert import quiet, signature
from audioclf.features.base import Array

QUANTISED: Final = ("CONV_2D", "DEPTHWISE_CONV_2D")
"""Operations that are quantised, weights and values."""


def to_litert(model: Any, windows: Array, path: Path) -> None:
    """Write LiteRT whose convolutions are int8.

    Parameters
    ----------
    model : keras.Model
        From samples to probabilities.
    windows : np.ndarray [shape=(n, n_samples)], float32
        Sounds that show in which range the values lie.
    path : Path

    Raises
    ------
    ParameterError
        When there are no convolutions.
    RunError
        When a layer has no such form.
    """
    import tensorflow as tf

    def seen() -> Iterator[list[Array]]:
        for window in windows:
            yield [window[np.newaxis]]

    with quiet("LiteRT in int8", model), tempfile.TemporaryDirectory(prefix="audioclf-export-") as folder:
        model.export(folder, format="tf_saved_model", input_signature=signature(model), verbose=False)
        names = _operations(tf.lite.TFLiteConverter.from_saved_model(folder).convert())
        if names.isdisjoint(QUANTISED):
            raise ParameterError(
                "Only convolutions are quantised to int8, and this model has none; leave int8 out.", "int8"
            )
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = seen
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        options = tf.lite.experimental.QuantizationDebugOptions(denylisted_ops=sorted(names - set(QUANTISED)))
        debugger = tf.lite.experimental.QuantizationDebugger(
            converter=converter, debug_dataset=seen, debug_options=options
        )
        path.write_bytes(debugger.get_nondebug_quantized_model())


def _operations(written: bytes) -> set[str]:
    """Names of the operations of a LiteRT model."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=written)
    return {str(details["op_name"]) for details in interpreter._get_ops_details()}
