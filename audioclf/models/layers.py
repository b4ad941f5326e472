"""Layers of a network, described before Keras is: shapes, parameter counts and the Keras layer from one place.

A network lists its layers; from the list come the summary and the parameter count (pure
Python, so that a form can show them at once), the check that every map is large enough
for its pooling, and the Keras model itself.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.models.base import Shape
from audioclf.models.normalization import fused_batch_normalization

ACTIVATIONS = ("relu", "leaky_relu", "elu", "selu", "gelu", "silu", "tanh", "sigmoid", "linear")
INITIALIZERS = ("glorot_uniform", "he_normal", "he_uniform", "lecun_normal")
PADDINGS = ("same", "valid")

BATCH_NORM_MOMENTUM = 0.9
"""Keras's 0.99 needs hundreds of steps before validation means something; a small data set has few."""


class Seeds:
    """A seed of its own for every initializer and every dropout, all drawn from one ``random_state``."""

    def __init__(self, random_state: int) -> None:
        import numpy as np

        self._random = np.random.default_rng(random_state)

    def __call__(self) -> int:
        return int(self._random.integers(2**31))

    def initializer(self, name: str) -> Any:
        """Keras initializer by its Keras name, with the next seed."""
        import keras

        return keras.initializers.get({"class_name": name, "config": {"seed": self()}})


@dataclass(frozen=True)
class Layer:
    """What a network's description is made of; by itself, a layer that keeps the shape and has no parameters.

    Attributes
    ----------
    name : str
        Of the Keras layer; stable, so that weights find their place.
    """

    name: str

    def output_shape(self, shape: Shape) -> Shape:
        """Shape of one example after the layer."""
        return shape

    def parameters(self, shape: Shape) -> tuple[int, int]:
        """Trainable and frozen parameters for an example of this shape."""
        return 0, 0

    def made(self, layers: Any, seeds: Seeds) -> Any:
        """The Keras layer, of ``keras.layers``."""
        raise NotImplementedError

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        """Keras tensor after the layer."""
        import keras

        return self.made(keras.layers, seeds)(tensor)


@dataclass(frozen=True)
class Activation(Layer):
    """Element-wise activation."""

    function: str
    negative_slope: float = 0.3

    def made(self, layers: Any, seeds: Seeds) -> Any:
        if self.function == "leaky_relu":
            return layers.LeakyReLU(self.negative_slope, name=self.name)
        return layers.Activation(self.function, name=self.name)


@dataclass(frozen=True)
class Dropout(Layer):
    """Dropout of single values."""

    rate: float

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return layers.Dropout(self.rate, seed=seeds(), name=self.name)


@dataclass(frozen=True)
class BatchNorm(Layer):
    """Batch normalisation over the last axis."""

    def parameters(self, shape: Shape) -> tuple[int, int]:
        return 2 * shape[-1], 2 * shape[-1]

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return fused_batch_normalization()(momentum=BATCH_NORM_MOMENTUM, name=self.name)


@dataclass(frozen=True)
class Conv2D(Layer):
    """Two-dimensional convolution with bias; its activation is a layer of its own, but for ``activation``."""

    filters: int
    kernel_size: int
    padding: str = "same"
    initializer: str = "glorot_uniform"
    activation: str | None = None
    frozen: bool = False

    def output_shape(self, shape: Shape) -> Shape:
        if self.padding == "same":
            return (*shape[:2], self.filters)
        require_size(shape, (self.kernel_size,) * 2, f"The kernel of {self.name}", "kernel_size")
        return (shape[0] - self.kernel_size + 1, shape[1] - self.kernel_size + 1, self.filters)

    def parameters(self, shape: Shape) -> tuple[int, int]:
        n = (self.kernel_size**2 * shape[2] + 1) * self.filters
        return (0, n) if self.frozen else (n, 0)

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return layers.Conv2D(
            self.filters,
            self.kernel_size,
            padding=self.padding,
            activation=self.activation,
            trainable=not self.frozen,
            kernel_initializer=seeds.initializer(self.initializer),
            name=self.name,
        )


@dataclass(frozen=True)
class MaxPool(Layer):
    """Maximum over windows of ``pool_size`` rows and as many frames, or ``frames``, that do not overlap."""

    pool_size: int
    padding: str = "same"
    frames: int | None = None

    @property
    def window(self) -> tuple[int, int]:
        """Rows and frames of the window."""
        return self.pool_size, self.pool_size if self.frames is None else self.frames

    def output_shape(self, shape: Shape) -> Shape:
        require_size(shape, self.window, f"The window of {self.name}", "pool_size")
        round_ = math.ceil if self.padding == "same" else math.floor
        return (round_(shape[0] / self.window[0]), round_(shape[1] / self.window[1]), shape[2])

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return layers.MaxPooling2D(self.window, padding=self.padding, name=self.name)


@dataclass(frozen=True)
class ColourChannels(Layer):
    """One channel three times, for a network that takes colours."""

    name: str = "three_channels"

    def output_shape(self, shape: Shape) -> Shape:
        return (*shape[:2], 3)

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        return keras.layers.Concatenate(name=self.name)([tensor] * 3)


@dataclass(frozen=True)
class MeanColour(Layer):
    """Red, green and blue in [0, 1] as blue, green and red in 0 to 255 less the mean colour of ImageNet."""

    name: str = "less_mean_colour"

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        turned = keras.ops.flip(tensor, axis=-1)
        # keras.applications.vgg16.preprocess_input in its mode "caffe"
        return keras.layers.Rescaling(255.0, [-103.939, -116.779, -123.68], name=self.name)(turned)


@dataclass(frozen=True)
class Flatten(Layer):
    """All values of a picture in one row."""

    name: str = "flatten"

    def output_shape(self, shape: Shape) -> Shape:
        return (math.prod(shape),)

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return layers.Flatten(name=self.name)


@dataclass(frozen=True)
class GlobalPool(Layer):
    """One value per channel: the ``average``, the ``max``, or both side by side."""

    kind: str

    def output_shape(self, shape: Shape) -> Shape:
        return (shape[-1] * (2 if self.kind == "average+max" else 1),)

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        average = keras.layers.GlobalAveragePooling2D
        greatest = keras.layers.GlobalMaxPooling2D
        if self.kind != "average+max":
            return (average if self.kind == "average" else greatest)(name=self.name)(tensor)
        both = [average(name=f"{self.name}_average")(tensor), greatest(name=f"{self.name}_max")(tensor)]
        return keras.layers.Concatenate(name=self.name)(both)


@dataclass(frozen=True)
class Dense(Layer):
    """Fully connected layer; ``softmax`` makes it the last one."""

    units: int
    initializer: str = "glorot_uniform"
    softmax: bool = False

    def output_shape(self, shape: Shape) -> Shape:
        return (self.units,)

    def parameters(self, shape: Shape) -> tuple[int, int]:
        return (shape[0] + 1) * self.units, 0

    def made(self, layers: Any, seeds: Seeds) -> Any:
        return layers.Dense(
            self.units,
            activation="softmax" if self.softmax else None,
            kernel_initializer=seeds.initializer(self.initializer),
            name=self.name,
        )


@dataclass(frozen=True)
class ResidualBlock(Layer):
    """Two lists of layers over the same input, added, then an activation that bears the block's name."""

    branch: tuple[Layer, ...]
    shortcut: tuple[Layer, ...]
    activation: str = "relu"

    def output_shape(self, shape: Shape) -> Shape:
        for layer in self.branch:
            shape = layer.output_shape(shape)
        return shape

    def parameters(self, shape: Shape) -> tuple[int, int]:
        rows = [row for part in (self.branch, self.shortcut) for row in walk(part, shape)]
        return sum(row.trainable for row in rows), sum(row.frozen for row in rows)

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        ends = []
        for part in (self.branch, self.shortcut):
            end = tensor
            for layer in part:
                end = layer.connect(end, seeds)
            ends.append(end)
        added = keras.layers.Add(name=f"{self.name}_add")(ends)
        return Activation(self.name, self.activation).connect(added, seeds)


@dataclass(frozen=True)
class Row:
    """One line of a network's summary."""

    name: str
    layer: str
    output_shape: Shape
    trainable: int
    frozen: int

    @property
    def parameters(self) -> int:
        """Trainable and frozen ones."""
        return self.trainable + self.frozen


def walk(layers: tuple[Layer, ...], shape: Shape) -> Iterator[Row]:
    """Rows of the summary, in order.

    Raises
    ------
    ParameterError
        When a map becomes smaller than a pooling window or a kernel.
    """
    for layer in layers:
        trainable, frozen = layer.parameters(shape)
        shape = layer.output_shape(shape)
        yield Row(layer.name, type(layer).__name__, shape, trainable, frozen)


def require_size(shape: Shape, size: tuple[int, int], what: str, field: str) -> None:
    """Raise a ParameterError unless a map has at least so many rows and frames."""
    if shape[0] < size[0] or shape[1] < size[1]:
        raise ParameterError(
            f"{what} needs a map of at least {size[0]} x {size[1]}, and what arrives there is {shape[0]} x {shape[1]};"
            " take fewer layers, a smaller window, or a feature with more rows and frames.",
            field,
        )
