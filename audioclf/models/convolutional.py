"""Convolutional: base of the networks that are a row of convolutions and then something that decides."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.models.layers import Activation, BatchNorm, Conv2D, Dropout, Layer, MaxPool
from audioclf.models.network import Network, per_layer


@dataclass(frozen=True)
class Convolutional(Network):
    """Base of the networks whose convolutions are named ``conv_1``, ``conv_2`` ... and stand one after the other."""

    filters: tuple[int, ...] = param((16,), "Filters of every convolution.", low=1, high=4096)
    kernel_size: tuple[int, ...] = param(
        (3,), "Side of the filters: one for all convolutions, or one for each.", low=1, high=15
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_filters(self.filters)
        per_layer(self.kernel_size, len(self.filters), "kernel_size")

    @property
    def cam_layer(self) -> str:
        """The last convolution's activation, before anything is pooled after it."""
        return f"conv_{len(self.filters)}_activation"


def convolution_layers(
    convolution: Conv2D, activation: str, pool: MaxPool, *, batch_normalization: bool, dropout: float
) -> list[Layer]:
    """A convolution with its normalisation, activation, pooling and dropout, of which there may be none."""
    name = convolution.name
    layers: list[Layer] = [convolution]
    if batch_normalization:
        layers.append(BatchNorm(f"{name}_norm"))
    layers.append(Activation(f"{name}_activation", activation))
    if max(pool.window) > 1:
        layers.append(pool)
    if dropout:
        layers.append(Dropout(f"{name}_dropout", dropout))
    return layers


def require_filters(filters: tuple[int, ...]) -> None:
    """Raise a ParameterError when a network of pictures has no convolution at all."""
    if not filters:
        raise ParameterError("filters needs at least one convolution, got none; give for example 16.", "filters")
