"""YAMNet: a network that knows 521 kinds of sounds, taken over as it is or learning on, with a head of one's own."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import param
from audioclf.embeddings import log_mel, mobilenet
from audioclf.embeddings.yamnet import YAMNet
from audioclf.features.yamnet_mel import YAMNetMel
from audioclf.models.base import Shape
from audioclf.models.layers import BatchNorm, Dense, GlobalPool, Layer, Seeds
from audioclf.models.mlp import dense_layers
from audioclf.models.network import Network

Array = npt.NDArray[np.float32]

LAST: Final = 1 + len(mobilenet.BLOCKS)
"""Number of the last block; the first is a plain convolution."""

NONE: Final = "none"

_MEANS = "window_means"


@dataclass(frozen=True)
class YAMNetTransfer(Network):
    """Transfer from AudioSet: YAMNet's convolutions in windows of 0.96 s, and layers of one's own on all windows.

    The same windows and, where nothing of it learns, the same numbers as :class:`audioclf.embeddings.yamnet.YAMNet`
    gives. Batch normalisation is folded into the convolutions, so its statistics stay those of AudioSet in fine-tuning.
    """

    kind = "yamnet"
    title = "YAMNet transfer"
    order = 47
    feature = YAMNetMel.kind
    costly = True
    explanation = (
        "Fourteen blocks of convolutions that learned 521 kinds of sounds from two million clips, taken over as they"
        " are; only the layers after them learn from your sounds, or the last blocks, too. It listens to its own mel"
        " spectrogram, a second at a time, and what stays as it is, is computed once."
    )

    weights: str = param(
        "audioset",
        "What the convolutions begin with: the published weights, or none (random).",
        choices=("audioset", NONE),
    )
    fine_tune_from: str = param(
        NONE,
        "First block that learns too; none keeps all as they are.",
        choices=(NONE, *(f"block{number}" for number in range(LAST, 0, -1))),
    )
    global_pooling: str = param(
        "average+max",
        "What the windows become together: for every filter its mean over them, its largest value, or both.",
        choices=("average", "max", "average+max"),
    )
    batch_normalization: bool = param(True, "Normalise what the head is given, so that rare filters count, too.")
    units: tuple[int, ...] = param((), "Units of hidden layers in the head; none is a linear head.", low=1, high=16384)
    dropout: tuple[float, ...] = param(
        (0.25,), "Share of units left out after every hidden layer: one for all, or one for each.", low=0, high=0.95
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        dense_layers(self.units, ("relu",), self.dropout, False)

    @property
    def _frozen_blocks(self) -> int:
        return LAST if self.fine_tune_from == NONE else int(self.fine_tune_from.removeprefix("block")) - 1

    def layers(self, input_shape: Shape, n_classes: int) -> tuple[Layer, ...]:
        if input_shape[0] != log_mel.BANDS or input_shape[2] != 1:
            raise ParameterError(
                f"YAMNet takes {YAMNetMel.title} ('{self.feature}'), a map of {log_mel.BANDS} rows and one channel, and"
                f" got {' x '.join(map(str, input_shape))}; choose that feature, or another model.",
                "model",
            )
        n = n_windows(input_shape[1])
        layers: list[Layer] = [Windows("windows")]
        for block, (filters, stride) in enumerate(((mobilenet.FIRST, 2), *mobilenet.BLOCKS), start=1):
            layers.append(WindowedBlock(f"block{block}", filters, stride, n, block > 1, block <= self._frozen_blocks))
        layers += [WindowMeans(_MEANS, n), GlobalPool("global_pool", self.global_pooling)]
        if self.batch_normalization:
            layers.append(BatchNorm("head_norm"))
        layers += dense_layers(self.units, ("relu",), self.dropout, False)
        return (*layers, Dense("probabilities", n_classes, softmax=True))

    def obtain(self) -> None:
        if self.weights != NONE:
            YAMNet().obtain()

    def initialise(self, built: Any) -> tuple[str, ...]:
        if self.weights == NONE:
            return ("YAMNet began with random weights, as was asked for: this is no transfer.",)
        arrays = YAMNet().arrays()
        for number in range(1, LAST + 1):
            for kind in ("conv",) if number == 1 else ("depthwise_conv", "pointwise_conv"):
                name = f"layer{number}/{kind}"
                scale, bias = mobilenet.folded(arrays, name)
                depthwise = kind == "depthwise_conv"
                kernel = arrays[f"{name}/{'depthwise_kernel' if depthwise else 'kernel'}"]
                kernel = kernel * (scale[:, np.newaxis] if depthwise else scale)
                built.get_layer(f"block{number}_{kind}").set_weights([kernel, bias])
        return ()

    @property
    def frozen_until(self) -> str | None:
        if self._frozen_blocks == LAST:
            return _MEANS
        return f"block{self._frozen_blocks}" if self._frozen_blocks else None

    @property
    def cam_layer(self) -> str:
        """The last block, whose maps have 2 rows and 3 frames a window."""
        return f"block{LAST}"

    def unfold(self, heat: Array, shape: tuple[int, int]) -> Array:
        """A map of windows one behind the other, frames first, as rows over all frames; see :meth:`Model.unfold`."""
        n = n_windows(shape[1])
        frames = np.arange(log_mel.PATCH)
        columns = len(heat) // n
        centres = (np.arange(columns) + 0.5) * log_mel.PATCH / columns - 0.5
        total = np.zeros((heat.shape[1], log_mel.PATCH + (n - 1) * log_mel.PATCH_HOP), np.float32)
        covered = np.zeros(total.shape[1], np.float32)
        for number, window in enumerate(heat.reshape(n, columns, -1)):
            place = slice(number * log_mel.PATCH_HOP, number * log_mel.PATCH_HOP + log_mel.PATCH)
            total[:, place] += [np.interp(frames, centres, row) for row in window.T]
            covered[place] += 1
        found = (total / covered)[:, : shape[1]]
        return np.pad(found, ((0, 0), (0, shape[1] - found.shape[1])), mode="edge")


def n_windows(n_frames: int) -> int:
    """Windows of so many frames of :class:`~audioclf.features.YAMNetMel`, as many as of the sound they are made of."""
    return 1 + max(0, math.ceil((n_frames - log_mel.BEYOND - log_mel.PATCH) / log_mel.PATCH_HOP))


@dataclass(frozen=True)
class Windows(Layer):
    """A log mel spectrogram as overlapping windows one behind the other, frames first; silence after the last frame."""

    def output_shape(self, shape: Shape) -> Shape:
        return (n_windows(shape[1]) * log_mel.PATCH, shape[0], 1)

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras
        from keras import ops

        bands, frames = tensor.shape[1:3]
        n, hop = n_windows(frames), log_mel.PATCH_HOP
        turned = ops.transpose(tensor, (0, 2, 1, 3))[:, : (n + 1) * hop]
        if behind := (n + 1) * hop - turned.shape[1]:
            silence = float(np.log(log_mel.OFFSET))
            turned = ops.pad(turned, ((0, 0), (0, behind), (0, 0), (0, 0)), constant_values=silence)
        halves = ops.reshape(turned, (-1, n + 1, hop, bands))  # a window is two of them, the second begins the next
        found = ops.reshape(ops.concatenate([halves[:, :-1], halves[:, 1:]], axis=2), (-1, n * 2 * hop, bands, 1))
        return keras.layers.Activation("linear", name=self.name)(found)


@dataclass(frozen=True)
class WindowedBlock(Layer):
    """A convolution, or a depthwise and a pointwise one, of every window by itself.

    Windows stand one behind the other before and after it, so that its maps are those of one example. The activation
    bears the block's name.
    """

    filters: int
    stride: int
    n_windows: int
    separable: bool
    frozen: bool

    def output_shape(self, shape: Shape) -> Shape:
        frames = -(-shape[0] // self.n_windows // self.stride)
        return (self.n_windows * frames, -(-shape[1] // self.stride), self.filters)

    def parameters(self, shape: Shape) -> tuple[int, int]:
        channels = shape[2]
        n = 10 * channels + (channels + 1) * self.filters if self.separable else (9 * channels + 1) * self.filters
        return (0, n) if self.frozen else (n, 0)

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras
        from keras import ops

        frames, bands, channels = tensor.shape[1:]
        x = ops.reshape(tensor, (-1, frames // self.n_windows, bands, channels))
        shared: dict[str, Any] = {"padding": "same", "trainable": not self.frozen}
        if self.separable:
            x = keras.layers.DepthwiseConv2D(
                3,
                self.stride,
                activation="relu",
                depthwise_initializer=seeds.initializer("he_normal"),
                name=f"{self.name}_depthwise_conv",
                **shared,
            )(x)
        name, size, stride = ("pointwise_conv", 1, 1) if self.separable else ("conv", 3, self.stride)
        x = keras.layers.Conv2D(
            self.filters,
            size,
            stride,
            kernel_initializer=seeds.initializer("he_normal"),
            name=f"{self.name}_{name}",
            **shared,
        )(x)
        x = ops.reshape(x, (-1, self.n_windows * x.shape[1], x.shape[2], self.filters))
        return keras.layers.Activation("relu", name=self.name)(x)


@dataclass(frozen=True)
class WindowMeans(Layer):
    """The mean of every window's map [shape=(n_windows, 1, channels)]."""

    n_windows: int

    def output_shape(self, shape: Shape) -> Shape:
        return (self.n_windows, 1, shape[2])

    def connect(self, tensor: Any, seeds: Seeds) -> Any:
        import keras

        size = (tensor.shape[1] // self.n_windows, tensor.shape[2])
        return keras.layers.AveragePooling2D(size, name=self.name)(tensor)
