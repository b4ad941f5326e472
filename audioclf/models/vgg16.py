"""VGG16: a network made for photographs, whose first part is taken over as it is and listens to pictures of sound."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.params import param
from audioclf.models import pretrained, trust
from audioclf.models.base import Shape
from audioclf.models.layers import ColourChannels, Conv2D, Dense, Flatten, GlobalPool, Layer, MaxPool, MeanColour
from audioclf.models.mlp import dense_layers
from audioclf.models.network import Network

BLOCKS = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3))
"""Filters and number of convolutions of every block."""

SMALLEST = 32


@dataclass(frozen=True)
class VGG16(Network):
    """Transfer from ImageNet [1]_: the convolutions of VGG16 with weights learned elsewhere, and layers of one's own.

    The same layers, names and weights as :func:`keras.applications.VGG16` without its top. The defaults are
    reference C's: all frozen, flattened, Dense 64, dropout 0.25.

    .. [1] Simonyan, Zisserman: "Very Deep Convolutional Networks for Large-Scale Image Recognition", ICLR 2015.
    """

    kind = "vgg16"
    title = "VGG16 transfer"
    order = 48
    costly = True
    batch_normalization = False
    explanation = (
        "Thirteen convolutions that learned to see from a million photographs, taken over as they are; only the layers "
        "after them learn from your sounds. It needs colour pictures, and it is slow: most of it is computed once."
    )

    weights: str = param(
        "imagenet", "What the convolutions begin with: imagenet, none (random), or the path of a .h5 file."
    )
    without_weights: str = param(
        "stop",
        "Where the weights cannot be had: stop and say so, or go on with random ones and say so beside every result.",
        choices=("stop", "random"),
    )
    fine_tune_from: str = param(
        "none",
        "First block of convolutions that learns too; none keeps all as they are.",
        choices=("none", *(f"block{number}" for number in range(len(BLOCKS), 0, -1))),
    )
    preprocessing: str = param(
        "none",
        "Whether colours in 0 to 1 are brought to what the photographs were given as: BGR without ImageNet's mean.",
        choices=("none", "imagenet"),
    )
    global_pooling: str = param(
        "none",
        "How the last map becomes a list: all its values, or one per filter.",
        choices=("none", "average", "max", "average+max"),
    )
    units: tuple[int, ...] = param((64,), "Units of the hidden layers at the end.", low=1, high=16384)
    dropout: tuple[float, ...] = param(
        (0.25,), "Share of units left out after every hidden layer: one for all, or one for each.", low=0, high=0.95
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        dense_layers(self.units, ("relu",), self.dropout, False)
        if self._file is not None and self._file.suffix != ".h5":
            pretrained.check_file(self.weights)

    def require_files(self) -> None:
        if self._file is not None and self.without_weights == "stop":
            pretrained.check_file(self.weights)

    @property
    def _file(self) -> Path | None:
        named = self.weights not in (pretrained.IMAGENET, pretrained.NONE)
        return Path(self.weights) if named else None

    @property
    def _frozen_blocks(self) -> int:
        return len(BLOCKS) if self.fine_tune_from == "none" else int(self.fine_tune_from.removeprefix("block")) - 1

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        if input_shape[2] not in (1, 3):
            raise ParameterError(
                f"VGG16 takes maps of one channel or colour pictures of three, got {input_shape[2]} channels; take one"
                " feature, or combine several as an ensemble.",
                "model",
            )
        if min(input_shape[:2]) < SMALLEST:
            raise ParameterError(
                f"VGG16 halves a picture five times and needs at least {SMALLEST} x {SMALLEST}, got {input_shape[0]} x"
                f" {input_shape[1]}; draw the feature as a larger colour picture (picture.height, picture.width), or"
                " take a feature with more rows and frames.",
                "height" if input_shape[0] < SMALLEST else "width",
            )
        layers: list[Layer] = [ColourChannels()] if input_shape[2] == 1 else []
        if self.preprocessing == "imagenet":
            layers.append(MeanColour())
        for block, (filters, n) in enumerate(BLOCKS, start=1):
            frozen = block <= self._frozen_blocks
            layers += [
                Conv2D(f"block{block}_conv{number}", filters, 3, activation="relu", frozen=frozen)
                for number in range(1, n + 1)
            ]
            layers.append(MaxPool(f"block{block}_pool", 2, "valid"))
        layers.append(Flatten() if self.global_pooling == "none" else GlobalPool("global_pool", self.global_pooling))
        layers += dense_layers(self.units, ("relu",), self.dropout, False)
        return (*layers, Dense("probabilities", n_classes, softmax=True))

    def obtain(self) -> None:
        self._weights()

    def initialise(self, built: Any) -> tuple[str, ...]:
        found, remarks = self._weights()
        if found is not None:
            for layer in found.layers:
                if layer.get_weights():
                    built.get_layer(layer.name).set_weights(layer.get_weights())
        return remarks

    def _weights(self) -> tuple[Any, tuple[str, ...]]:
        """VGG16 without top with the weights asked for, or None, and the remark to show."""
        if self.weights == pretrained.NONE:
            return None, ()
        if trust.is_job():
            trust.require_allowed(self)
        try:
            return (pretrained.fetch_imagenet() if self._file is None else pretrained.read_file(self.weights)), ()
        except AudioclfError:
            if self.without_weights == "stop":
                raise
            which = "ImageNet's weights" if self._file is None else f"the weights of {self._file.name}"
            return None, (
                f"VGG16 began with random weights, because {which} could not be had: this is no transfer, and its"
                f" figures say nothing about one.",
            )

    def refused_by_app(self, *, shared: bool) -> str:
        if shared and self._file is not None:
            return (
                "On a shared server VGG16 takes 'imagenet' or 'none' as weights, and no path of a file;"
                " use one of these, or train at a computer of your own."
            )
        return ""

    @property
    def frozen_until(self) -> str | None:
        return f"block{self._frozen_blocks}_pool" if self._frozen_blocks else None

    @property
    def cam_layer(self) -> str:
        """The last convolution."""
        return "block5_conv3"
