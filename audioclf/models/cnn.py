"""Convolutional network: convolutions and poolings, then fully connected layers."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.params import param
from audioclf.models.base import Shape
from audioclf.models.convolutional import Convolutional, convolution_layers
from audioclf.models.layers import (
    ACTIVATIONS,
    INITIALIZERS,
    PADDINGS,
    Conv2D,
    Dense,
    Flatten,
    GlobalPool,
    Layer,
    MaxPool,
)
from audioclf.models.mlp import dense_layers
from audioclf.models.network import per_layer


@dataclass(frozen=True)
class CNN(Convolutional):
    """Convolutional network of the textbook's form.

    The defaults are reference A's network: 62,197,898 parameters on a CQT of 168 x 87 and ten
    classes. Reference C's own network is ``filters=(64, 32), padding=("same", "valid"),
    pool_padding="valid", conv_dropout=(0, 0.25), units=(128,), dropout=(0.5,)``.
    """

    kind = "cnn"
    title = "CNN"
    order = 30
    explanation = (
        "Small filters slide over the picture and look for the same pattern everywhere: an attack, a harmonic. "
        "Pooling makes the map coarser after every step, and fully connected layers decide from what is left."
    )

    filters: tuple[int, ...] = param((128, 256, 512), "Filters of every convolution.", low=1, high=4096)
    padding: tuple[str, ...] = param(
        ("same",), "Whether a convolution keeps the map's size: one for all, or one for each.", choices=PADDINGS
    )
    activation: str = param("relu", "Activation after convolutions and hidden layers.", choices=ACTIVATIONS)
    batch_normalization: bool = param(False, "Normalise every layer's values over the batch.")
    pool_size: int = param(2, "Side of the max-pooling windows; 1 leaves pooling out.", low=1, high=8)
    pool_padding: str = param("same", "Whether pooling keeps a last, incomplete window.", choices=PADDINGS)
    conv_dropout: tuple[float, ...] = param(
        (0.0,), "Share of values left out after every pooling: one for all, or one for each.", low=0, high=0.95
    )
    global_pooling: str = param(
        "none",
        "How the last map becomes a list: all its values, or one per filter.",
        choices=("none", "average", "max", "average+max"),
    )
    units: tuple[int, ...] = param((512, 256, 128), "Units of the hidden layers at the end.", low=1, high=16384)
    dropout: tuple[float, ...] = param(
        (0.0,), "Share of units left out after every hidden layer: one for all, or one for each.", low=0, high=0.95
    )
    kernel_initializer: str = param(
        "glorot_uniform", "How the weights are drawn at the start.", choices=INITIALIZERS, advanced=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("padding", "conv_dropout"):
            per_layer(getattr(self, name), len(self.filters), name)
        if self.units:
            per_layer(self.dropout, len(self.units), "dropout")

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        n = len(self.filters)
        layers: list[Layer] = []
        convolutions = zip(
            self.filters,
            per_layer(self.kernel_size, n, "kernel_size"),
            per_layer(self.padding, n, "padding"),
            per_layer(self.conv_dropout, n, "conv_dropout"),
            strict=True,
        )
        for number, (filters, kernel_size, padding, rate) in enumerate(convolutions, start=1):
            layers += convolution_layers(
                Conv2D(f"conv_{number}", filters, kernel_size, padding, self.kernel_initializer),
                self.activation,
                MaxPool(f"pool_{number}", self.pool_size, self.pool_padding),
                batch_normalization=self.batch_normalization,
                dropout=rate,
            )
        layers.append(Flatten() if self.global_pooling == "none" else GlobalPool("global_pool", self.global_pooling))
        layers += dense_layers(
            self.units, (self.activation,), self.dropout, self.batch_normalization, self.kernel_initializer
        )
        return (*layers, Dense("probabilities", n_classes, self.kernel_initializer, softmax=True))
