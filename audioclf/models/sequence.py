"""Layers that take a map as a sequence of frames; described like those in :mod:`audioclf.models.layers`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from audioclf.models.base import Shape
from audioclf.models.layers import Layer, Seeds


@dataclass(frozen=True)
class FramesInTurn(Layer):
    """A map as a sequence: frame by frame, each with the values of all its rows and channels."""

    name: str = "frames"

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[1], shape[0] * shape[2])

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        turned = keras.layers.Permute((2, 1, 3), name=f"{self.name}_first")(tensor)
        return keras.layers.Reshape(self.output_shape(tensor.shape[1:]), name=self.name)(turned)


@dataclass(frozen=True)
class Recurrent(Layer):
    """GRU or LSTM over a sequence; gives its states at all frames, or the last one alone."""

    cell: str
    units: int
    bidirectional: bool = False
    sequences: bool = False

    def output_shape(self, shape: Shape) -> Shape:
        units = self.units * (2 if self.bidirectional else 1)
        return (shape[0], units) if self.sequences else (units,)

    def parameters(self, shape: Shape) -> tuple[int, int]:
        # Keras's GRU has two biases per gate (reset_after), its LSTM one
        gates, biases = (3, 2) if self.cell == "gru" else (4, 1)
        one = gates * self.units * (shape[1] + self.units + biases)
        return one * (2 if self.bidirectional else 1), 0

    def made(self, layers: Any, seeds: Seeds) -> Any:
        kind = layers.GRU if self.cell == "gru" else layers.LSTM

        def layer(name: str, backwards: bool) -> Any:
            return kind(
                self.units,
                return_sequences=self.sequences,
                go_backwards=backwards,
                kernel_initializer=seeds.initializer("glorot_uniform"),
                recurrent_initializer=seeds.initializer("orthogonal"),
                name=name,
            )

        if not self.bidirectional:
            return layer(self.name, False)
        return layers.Bidirectional(
            layer(f"{self.name}_forward", False),
            backward_layer=layer(f"{self.name}_backward", True),
            name=self.name,
        )
