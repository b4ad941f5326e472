"""Run an exported model with its own runtime and nothing else: ``python -m audioclf.export.runtime MODEL IN OUT``.

``IN`` holds windows [shape=(n, n_samples)] as ``.npy``, ``OUT`` becomes their probabilities [shape=(n, n_classes)].
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np


def opened(path: str) -> Callable[[Any], Any]:
    """A model as a function of samples [shape=(1, n_samples)]."""
    suffix = Path(path).suffix
    if suffix == ".onnx":
        import onnxruntime

        session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
        return lambda y: session.run(["probabilities"], {"samples": y})[0]
    if suffix == ".tflite":
        from ai_edge_litert.interpreter import Interpreter

        interpreter = Interpreter(path)
        interpreter.allocate_tensors()
        given, found = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]

        def invoke(y: Any) -> Any:
            interpreter.set_tensor(given, y)
            interpreter.invoke()
            return interpreter.get_tensor(found)

        return invoke
    import keras

    model = keras.models.load_model(path, compile=False)  # safe mode: a file that brings code is refused
    return lambda y: np.asarray(model(y))


def main(arguments: list[str]) -> int:
    """Answer every window."""
    model, given, found = arguments
    predict = opened(model)
    np.save(found, np.concatenate([predict(window[np.newaxis]) for window in np.load(given)]).astype(np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
