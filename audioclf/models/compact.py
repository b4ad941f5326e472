"""The compact CNN: the default, small enough to learn a few hundred clips within a minute on two cores."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.params import param
from audioclf.models.base import Shape
from audioclf.models.convolutional import Convolutional
from audioclf.models.layers import (
    ACTIVATIONS,
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    GlobalPool,
    Layer,
    MaxPool,
)
from audioclf.models.network import per_layer


@dataclass(frozen=True)
class CompactCNN(Convolutional):
    """Convolution, pooling, normalisation and activation, over and over; then one number per filter.

    The input is normalised inside the network, so a feature in dB needs no scaling before it. Pooling
    comes before the normalisation, which then has a quarter of the values to go through, and not
    after the last convolution, whose map is averaged anyway and is what Grad-CAM shows.
    """

    kind = "compact-cnn"
    title = "Compact CNN"
    order = 10
    explanation = (
        "A few small convolutions, each followed by normalisation and pooling; at the end every filter says how much "
        "of its pattern the sound holds. It has a thousandth of a textbook CNN's weights, so it learns from few clips."
    )

    filters: tuple[int, ...] = param((16, 32, 64), "Filters of every convolution.", low=1, high=4096)
    activation: str = param("relu", "Activation after every convolution.", choices=ACTIVATIONS)
    pool_size: tuple[int, ...] = param(
        (2,),
        "Side of the max-pooling windows: one for all convolutions but the last, or one for each of them; 1 leaves it"
        " out.",
        low=1,
        high=8,
    )
    global_pooling: str = param(
        "average", "How a filter's map becomes a number.", choices=("average", "max", "average+max")
    )
    dropout: float = param(0.2, "Share of the filters' numbers left out before the decision.", low=0, high=0.95)

    def __post_init__(self) -> None:
        super().__post_init__()
        per_layer(self.pool_size, len(self.filters) - 1, "pool_size")

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        n = len(self.filters)
        layers: list[Layer] = [BatchNorm("input_norm")]
        convolutions = zip(
            self.filters,
            per_layer(self.kernel_size, n, "kernel_size"),
            (*per_layer(self.pool_size, n - 1, "pool_size"), 1),
            strict=True,
        )
        for number, (filters, kernel_size, pool_size) in enumerate(convolutions, start=1):
            layers.append(Conv2D(f"conv_{number}", filters, kernel_size, "same", "he_normal"))
            if pool_size > 1:
                layers.append(MaxPool(f"pool_{number}", pool_size))
            layers.append(BatchNorm(f"conv_{number}_norm"))
            layers.append(Activation(f"conv_{number}_activation", self.activation))
        layers.append(GlobalPool("global_pool", self.global_pooling))
        if self.dropout:
            layers.append(Dropout("dropout", self.dropout))
        return (*layers, Dense("probabilities", n_classes, softmax=True))
