"""What a network gives for examples, batch by batch: through Keras, or through onnxruntime without TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core import onnx
from audioclf.core.errors import Stopped
from audioclf.core.limits import cores

Array = npt.NDArray[np.float32]
ShouldStop = Callable[[], bool]

BATCH: Final = 64
"""Examples at once, and fewer where the largest layer would take more than"""
MEMORY: Final = 1 << 28
"""bytes."""

ONNX_BATCH: Final = 8
"""Examples at once through onnxruntime, which gains nothing by more."""


@dataclass(frozen=True, eq=False)
class Forward:
    """A network that does not learn any more.

    Attributes
    ----------
    run : callable
        Outputs of a batch [shape=(n, *input_shape)].
    input_shape : tuple of int
        Of one example, as the network takes it.
    output_shapes : tuple of tuple of int
        Of one example: the probabilities and, where it is known, what the last layer is given.
    batch : int
        Examples at once.
    """

    run: Callable[[Array], Sequence[Any]]
    input_shape: tuple[int, ...]
    output_shapes: tuple[tuple[int, ...], ...]
    batch: int

    @property
    def embeds(self) -> bool:
        """Whether what the last layer is given is known."""
        return len(self.output_shapes) > 1

    def outputs(self, x: Array, numbers: Sequence[int], should_stop: ShouldStop | None = None) -> tuple[Array, ...]:
        """Some outputs for examples [shape=(n, ...)], each [shape=(n, *output_shape)].

        Raises
        ------
        Stopped
        """
        x = x.reshape(len(x), *self.input_shape)
        found: dict[int, list[Array]] = {number: [] for number in numbers}
        for start in range(0, len(x), self.batch):
            if should_stop is not None and should_stop():
                raise Stopped("Prediction was stopped.")
            outputs = self.run(x[start : start + self.batch])
            for number, arrays in found.items():
                arrays.append(np.asarray(outputs[number]))
        return tuple(
            np.concatenate(arrays) if arrays else np.zeros((0, *self.output_shapes[number]), np.float32)
            for number, arrays in found.items()
        )

    def __call__(self, x: Array, should_stop: ShouldStop | None = None) -> Array:
        """The probabilities alone."""
        return self.outputs(x, (0,), should_stop)[0]


def keras_forward(network: Any, *more: Any) -> Forward:
    """A Keras model as one graph, with further tensors of it as outputs."""
    import keras
    import tensorflow as tf

    wanted = keras.Model(network.input, [network.output, *more]) if more else network
    signature = [tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)]
    graph = tf.function(lambda batch: wanted(batch, training=False), input_signature=signature, autograph=False)
    compiled = graph.get_concrete_function()
    shapes = [layer.output.shape[1:] for layer in network.layers if hasattr(layer.output, "shape")]
    largest = max((4 * int(np.prod([size or 1 for size in shape])) for shape in shapes), default=4)
    return Forward(
        compiled if more else lambda batch: (compiled(batch),),
        tuple(network.input_shape[1:]),
        tuple(tuple(output.shape[1:]) for output in (network.output, *more)),
        max(1, min(BATCH, MEMORY // largest)),
    )


def onnx_forward(path: Path) -> Forward:
    """A network's ONNX file, with the outputs that it has.

    Raises
    ------
    AudioclfError
        When it cannot be read.
    """
    session = onnx.session(path, "remove it, and it is made again", cores())
    (given,) = session.get_inputs()
    return Forward(
        lambda batch: session.run(None, {given.name: batch}),
        tuple(given.shape[1:]),
        tuple(tuple(output.shape[1:]) for output in session.get_outputs()),
        ONNX_BATCH,
    )


def before_last(network: Any) -> tuple[Any, ...]:
    """What the last layer of a Keras model is given, where it is one thing and known."""
    import keras

    try:
        given = network.layers[-1].input
    except (AttributeError, ValueError):  # a custom network may not know its layers' inputs
        return ()
    return (given,) if isinstance(given, keras.KerasTensor) else ()
