"""Convolutional recurrent network: convolutions look at the picture, a recurrent layer reads it frame by frame."""

from __future__ import annotations

from dataclasses import dataclass

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.models.base import Shape
from audioclf.models.convolutional import Convolutional, convolution_layers
from audioclf.models.layers import ACTIVATIONS, Conv2D, Dense, Dropout, Layer, MaxPool
from audioclf.models.network import per_layer
from audioclf.models.sequence import FramesInTurn, Recurrent


@dataclass(frozen=True)
class CRNN(Convolutional):
    """Convolutions and poolings, then GRU or LSTM over the frames that are left [1]_.

    .. [1] Choi, Fazekas, Sandler, Cho: "Convolutional Recurrent Neural Networks for Music
       Classification", ICASSP 2017.
    """

    kind = "crnn"
    title = "CRNN"
    order = 45
    explanation = (
        "Convolutions find patterns in the picture, and a recurrent layer then reads them from left to right and "
        "remembers: what comes after what counts too, as in a rhythm or a word."
    )

    filters: tuple[int, ...] = param((32, 64, 64), "Filters of every convolution.", low=1, high=4096)
    activation: str = param("relu", "Activation after every convolution.", choices=ACTIVATIONS)
    batch_normalization: bool = param(True, "Normalise every convolution's values over the batch.")
    pool_size: tuple[int, ...] = param(
        (2,), "Rows of the max-pooling windows: one for all convolutions, or one for each.", low=1, high=16
    )
    pool_frames: tuple[int, ...] = param(
        (2,), "Frames of the max-pooling windows: one for all convolutions, or one for each.", low=1, high=16
    )
    conv_dropout: tuple[float, ...] = param(
        (0.0,), "Share of values left out after every pooling: one for all, or one for each.", low=0, high=0.95
    )
    cell: str = param("gru", "Kind of the recurrent layers.", choices=("gru", "lstm"))
    recurrent_units: tuple[int, ...] = param((64,), "Units of every recurrent layer.", low=1, high=4096)
    bidirectional: bool = param(False, "Read from right to left as well.")
    dropout: float = param(0.3, "Share of units left out before the decision.", low=0, high=0.95)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.recurrent_units:
            raise ParameterError(
                "recurrent_units needs at least one layer, got none; give for example 64.", "recurrent_units"
            )
        for name in ("pool_size", "pool_frames", "conv_dropout"):
            per_layer(getattr(self, name), len(self.filters), name)

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        n = len(self.filters)
        layers: list[Layer] = []
        convolutions = zip(
            self.filters,
            per_layer(self.kernel_size, n, "kernel_size"),
            per_layer(self.pool_size, n, "pool_size"),
            per_layer(self.pool_frames, n, "pool_frames"),
            per_layer(self.conv_dropout, n, "conv_dropout"),
            strict=True,
        )
        for number, (filters, kernel_size, pool_size, pool_frames, rate) in enumerate(convolutions, start=1):
            layers += convolution_layers(
                Conv2D(f"conv_{number}", filters, kernel_size),
                self.activation,
                MaxPool(f"pool_{number}", pool_size, frames=pool_frames),
                batch_normalization=self.batch_normalization,
                dropout=rate,
            )
        layers.append(FramesInTurn())
        last = len(self.recurrent_units)
        for number, units in enumerate(self.recurrent_units, start=1):
            layers.append(Recurrent(f"{self.cell}_{number}", self.cell, units, self.bidirectional, number < last))
        if self.dropout:
            layers.append(Dropout("dropout", self.dropout))
        return (*layers, Dense("probabilities", n_classes, softmax=True))
