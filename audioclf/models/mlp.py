"""Multi-layer perceptron: fully connected layers over all values at once."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.params import param
from audioclf.models.base import Shape
from audioclf.models.layers import ACTIVATIONS, INITIALIZERS, Activation, BatchNorm, Dense, Dropout, Layer
from audioclf.models.network import Network, per_layer


@dataclass(frozen=True)
class MLP(Network):
    """Fully connected network on the flattened feature.

    The defaults are reference A's network: 7,649,418 parameters on a CQT of 168 x 87 and ten
    classes. With ``units=(500, 500, 500)`` and ``activation=("sigmoid", "leaky_relu", "relu")``
    it is reference E's: 3,763,010 parameters on an MFCC of 13 x 501.
    """

    kind = "mlp"
    title = "MLP"
    order = 20
    pictures = False
    explanation = (
        "Every unit looks at every value of the feature at once and adds them up with weights of its own. "
        "It knows nothing of neighbours in time or pitch, so a sound that starts a little later is a new picture to it."
    )

    units: tuple[int, ...] = param((512, 256, 128), "Units of every hidden layer.", low=1, high=16384)
    activation: tuple[str, ...] = param(
        ("relu",), "Activation of the hidden layers: one for all, or one for each.", choices=ACTIVATIONS
    )
    negative_slope: float = param(0.3, "Slope of leaky_relu below zero.", low=0, high=1, advanced=True)
    batch_normalization: bool = param(False, "Normalise every layer's values over the batch.")
    dropout: tuple[float, ...] = param(
        (0.0,), "Share of units that a training step leaves out: one for all layers, or one for each.", low=0, high=0.95
    )
    kernel_initializer: str = param(
        "glorot_uniform", "How the weights are drawn at the start.", choices=INITIALIZERS, advanced=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        dense_layers(self.units, self.activation, self.dropout, self.batch_normalization)

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        hidden = dense_layers(
            self.units,
            self.activation,
            self.dropout,
            self.batch_normalization,
            self.kernel_initializer,
            self.negative_slope,
        )
        return (*hidden, Dense("probabilities", n_classes, self.kernel_initializer, softmax=True))


def dense_layers(
    units: tuple[int, ...],
    activation: tuple[str, ...],
    dropout: tuple[float, ...],
    batch_normalization: bool,
    kernel_initializer: str = "glorot_uniform",
    negative_slope: float = 0.3,
) -> list[Layer]:
    """Hidden fully connected layers with their normalisation, activation and dropout."""
    layers: list[Layer] = []
    activations = per_layer(activation, len(units), "activation")
    rates = per_layer(dropout, len(units), "dropout")
    for number, (size, function, rate) in enumerate(zip(units, activations, rates, strict=True), start=1):
        layers.append(Dense(f"dense_{number}", size, kernel_initializer))
        if batch_normalization:
            layers.append(BatchNorm(f"dense_{number}_norm"))
        layers.append(Activation(f"dense_{number}_activation", function, negative_slope))
        if rate:
            layers.append(Dropout(f"dense_{number}_dropout", rate))
    return layers
