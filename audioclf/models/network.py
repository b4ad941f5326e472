"""Network: base of the models that Keras trains."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, ClassVar, TypeVar

from audioclf.core.errors import ParameterError
from audioclf.models.base import Model, Shape, as_picture, check_shape
from audioclf.models.layers import Layer, Row, Seeds, walk

T = TypeVar("T")

MAX_PARAMETERS = 500_000_000
"""With Adam a parameter takes 16 bytes in training: beyond this a network needs more than 8 GB."""


class Network(Model):
    """Base of the networks. A subclass says which layers it is made of; the rest follows.

    Class attributes
    ----------------
    pictures : bool
        Whether examples stay pictures ``(rows, frames, channels)``; otherwise they are flattened.
    """

    family = "network"
    pictures: ClassVar[bool] = True

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        """Layers for examples of this shape, the softmax last."""
        raise NotImplementedError

    def network_shape(self, input_shape: Shape) -> Shape:
        """Shape of one example as the network takes it: with a channel axis, or flattened.

        Raises
        ------
        ParameterError
            When a network of pictures is given a curve.
        """
        return as_picture(input_shape, self.title) if self.pictures else (math.prod(input_shape),)

    def summary(self, input_shape: Shape, n_classes: int) -> list[Row]:
        """Layers with their output shapes and parameter counts; imports nothing heavy.

        Raises
        ------
        ParameterError
            When the shape cannot go through the network, or the network would be too large.
        """
        check_shape(input_shape, n_classes, self.title)
        shape = self.network_shape(input_shape)
        rows = list(walk(self.layers(shape, n_classes), shape))
        total = sum(row.parameters for row in rows)
        if total > MAX_PARAMETERS:
            largest = max(rows, key=lambda row: row.trainable)
            raise ParameterError(
                f"{self.title} would have {total:,} parameters, {largest.trainable:,} of them in {largest.name}, and at"
                f" most {MAX_PARAMETERS:,} fit; take fewer units or filters, or a feature with fewer values.",
                "units" if largest.layer == "Dense" and "units" in self.describe() else "filters",
            )
        return rows

    def count_parameters(self, input_shape: Shape, n_classes: int) -> tuple[int, int]:
        """Number of parameters: all, and the trainable ones."""
        rows = self.summary(input_shape, n_classes)
        return sum(row.parameters for row in rows), sum(row.trainable for row in rows)

    def build(self, input_shape: Shape, n_classes: int, random_state: int = 0) -> Any:
        """Untrained Keras model; see :meth:`audioclf.models.base.Model.build`."""
        self.summary(input_shape, n_classes)
        import keras

        shape = self.network_shape(input_shape)
        seeds = Seeds(random_state)
        tensor = start = keras.Input(shape, name="input")
        for layer in self.layers(shape, n_classes):
            tensor = layer.connect(tensor, seeds)
        return keras.Model(start, tensor, name=self.kind.replace("-", "_"))


def per_layer(values: Sequence[T], n_layers: int, name: str) -> tuple[T, ...]:
    """One value for every layer, from one for all or one for each.

    Raises
    ------
    ParameterError
        When there are neither one nor ``n_layers`` values.
    """
    if len(values) == 1:
        return tuple(values) * n_layers
    if len(values) != n_layers:
        raise ParameterError(
            f"{name} takes one value for all layers or one for each of the {n_layers}, got {len(values)}.", name
        )
    return tuple(values)
