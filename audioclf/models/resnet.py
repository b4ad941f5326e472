"""Residual network of bottleneck blocks, after He et al. 2016."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.params import param
from audioclf.models.base import Shape
from audioclf.models.convolutional import require_filters
from audioclf.models.layers import (
    ACTIVATIONS,
    INITIALIZERS,
    Activation,
    BatchNorm,
    Conv2D,
    Dense,
    Dropout,
    GlobalPool,
    Layer,
    MaxPool,
    ResidualBlock,
)
from audioclf.models.network import Network


@dataclass(frozen=True)
class ResNet(Network):
    """Pre-activation bottleneck blocks with a convolution on every shortcut [1]_.

    The defaults are reference B's network: 84,522 parameters (83,562 trainable) on a picture of
    40 x 40 and ten classes. A block of ``n`` filters on a map of ``m`` channels is BN, ReLU,
    1x1 to ``m``, BN, ReLU, 3x3 to ``m``, BN, ReLU, 1x1 to ``n``; the shortcut is 1x1 to ``n``.

    .. [1] He, Zhang, Ren, Sun: "Identity Mappings in Deep Residual Networks", ECCV 2016.
    """

    kind = "resnet"
    title = "ResNet"
    order = 40
    explanation = (
        "A convolutional network whose blocks add what they find to what came in, so that a deep stack still learns. "
        "At the end every filter gives one number, its average over the whole picture."
    )

    stem: int = param(16, "Filters of the first convolution.", low=1, high=4096)
    filters: tuple[int, ...] = param((32, 32, 64, 64), "Filters that every block gives out.", low=1, high=4096)
    pools: tuple[int, ...] = param(
        (0, 1, 3), "After which blocks the map is halved; 0 stands for the first convolution.", low=0, high=100
    )
    kernel_size: int = param(3, "Side of the filters.", low=1, high=15)
    activation: str = param("relu", "Activation throughout.", choices=ACTIVATIONS)
    units: int = param(32, "Units of the hidden layer at the end; 0 leaves it out.", low=0, high=16384)
    dropout: float = param(0.5, "Share of units left out before the last layer.", low=0, high=0.95)
    kernel_initializer: str = param(
        "he_normal", "How the first convolution's weights are drawn at the start.", choices=INITIALIZERS, advanced=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        require_filters(self.filters)

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        layers: list[Layer] = [
            Conv2D("stem", self.stem, self.kernel_size, "same", self.kernel_initializer),
            BatchNorm("stem_norm"),
            Activation("stem_activation", self.activation),
        ]
        channels = self.stem
        for number in range(len(self.filters) + 1):
            if number:
                layers.append(self._block(f"block_{number}", channels, self.filters[number - 1]))
                channels = self.filters[number - 1]
            if number in self.pools:
                layers.append(MaxPool(f"pool_{number}", 2))
        layers.append(GlobalPool("global_pool", "average"))
        if self.units:
            layers += [
                Dense("dense_1", self.units),
                BatchNorm("dense_1_norm"),
                Activation("dense_1_activation", self.activation),
            ]
        if self.dropout:
            layers.append(Dropout("dropout", self.dropout))
        return (*layers, Dense("probabilities", n_classes, softmax=True))

    def _block(self, name: str, channels: int, filters: int) -> ResidualBlock:
        branch: list[Layer] = []
        convolutions = ((channels, 1), (channels, self.kernel_size), (filters, 1))
        for number, (size, kernel_size) in enumerate(convolutions, start=1):
            branch += [
                BatchNorm(f"{name}_norm_{number}"),
                Activation(f"{name}_activation_{number}", self.activation),
                Conv2D(f"{name}_conv_{number}", size, kernel_size),
            ]
        return ResidualBlock(name, tuple(branch), (Conv2D(f"{name}_shortcut", filters, 1),), self.activation)

    @property
    def cam_layer(self) -> str:
        """The last block's output."""
        return f"block_{len(self.filters)}"
