"""YAMNet's network, a MobileNet v1 [1]_, in numpy: fourteen convolutions and what follows them.

Only its answers are needed here and nothing is trained, so batch normalisation is folded into the convolutions. What is
left are matrix products, which numpy does as fast as any framework, and nothing has to be loaded that takes seconds.

.. [1] Howard et al.: "MobileNets: Efficient Convolutional Neural Networks for Mobile Vision Applications", 2017.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from audioclf.core import limits

Array = npt.NDArray[np.float32]

BLOCKS: Final = (
    *((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)),
    *((512, 1),) * 5,
    *((1024, 2), (1024, 1)),
)
"""Filters and stride of every separable block, after a first convolution of :data:`FIRST` filters with stride 2."""

FIRST: Final = 32
DIMENSION: Final = 1024
N_CLASSES: Final = 521
EPSILON: Final = 1e-4
"""Added to variances in batch normalisation."""

_TOGETHER: Final = 8
"""Patches that go through together: their maps just fit into a core's cache."""


def layout() -> dict[str, tuple[int, ...]]:
    """Name and shape of every array of weights, in order.

    A name is the layer's and the array's: ``layer1/conv/kernel``, ``layer2/depthwise_conv/bn/beta``,
    ``dense/bias``, as in the publisher's own file.
    """
    return dict(_layout())


def _layout() -> Iterator[tuple[str, tuple[int, ...]]]:
    yield "layer1/conv/kernel", (3, 3, 1, FIRST)
    yield from _norm("layer1/conv", FIRST)
    channels = FIRST
    for number, (filters, _) in enumerate(BLOCKS, start=2):
        yield f"layer{number}/depthwise_conv/depthwise_kernel", (3, 3, channels, 1)
        yield from _norm(f"layer{number}/depthwise_conv", channels)
        yield f"layer{number}/pointwise_conv/kernel", (1, 1, channels, filters)
        yield from _norm(f"layer{number}/pointwise_conv", filters)
        channels = filters
    yield "dense/kernel", (DIMENSION, N_CLASSES)
    yield "dense/bias", (N_CLASSES,)


def _norm(name: str, filters: int) -> Iterator[tuple[str, tuple[int, ...]]]:
    for what in ("beta", "moving_mean", "moving_variance"):
        yield f"{name}/bn/{what}", (filters,)


@dataclass(frozen=True, eq=False)
class _Separable:
    """A depthwise and a pointwise convolution, normalisation folded in."""

    stride: int
    depthwise: Array
    depthwise_bias: Array
    pointwise: Array
    pointwise_bias: Array


class MobileNet:
    """The network with its weights.

    Parameters
    ----------
    weights : mapping of str to np.ndarray, float32
        As :func:`layout` says.
    """

    def __init__(self, weights: Mapping[str, Array]) -> None:
        scale, self._first_bias = folded(weights, "layer1/conv")
        self._first = (weights["layer1/conv/kernel"] * scale).reshape(9, FIRST)
        self._blocks = []
        for number, (_, stride) in enumerate(BLOCKS, start=2):
            depthwise, pointwise = f"layer{number}/depthwise_conv", f"layer{number}/pointwise_conv"
            scale, bias = folded(weights, depthwise)
            kernel = weights[f"{depthwise}/depthwise_kernel"][..., 0] * scale
            scale, pointwise_bias = folded(weights, pointwise)
            mixing = weights[f"{pointwise}/kernel"][0, 0] * scale
            self._blocks.append(_Separable(stride, kernel, bias, mixing, pointwise_bias))
        self._dense, self._dense_bias = weights["dense/kernel"], weights["dense/bias"]

    def embed(self, patches: Array) -> Array:
        """Embedding of patches.

        Parameters
        ----------
        patches : np.ndarray [shape=(n, 96, 64)], float32

        Returns
        -------
        np.ndarray [shape=(n, 1024)], float32
            Mean of the last map, which is 3 x 2.
        """
        found = np.empty((len(patches), DIMENSION), np.float32)
        with limits.one_matrix_thread():
            for start in range(0, len(patches), _TOGETHER):
                x = self._convolved(patches[start : start + _TOGETHER])
                for block in self._blocks:
                    x = _depthwise(x, block)
                    x = _mixed(x, block.pointwise, block.pointwise_bias)
                x.mean((1, 2), out=found[start : start + _TOGETHER])
        return found

    def scores(self, embeddings: Array) -> Array:
        """Scores of the classes [shape=(n, 521)], each in 0 to 1 by itself."""
        logits = embeddings @ self._dense + self._dense_bias
        # the same as 1 / (1 + exp(-x)), which overflows for large negative x
        return np.asarray(0.5 + 0.5 * np.tanh(0.5 * logits), np.float32)

    def _convolved(self, patches: Array) -> Array:
        """The first convolution."""
        padded = _padded(patches[..., np.newaxis], 2)[..., 0]
        rows, columns = patches.shape[1], patches.shape[2]
        taps = [padded[:, i : i + rows : 2, j : j + columns : 2] for i in range(3) for j in range(3)]
        return _mixed(np.stack(taps, axis=-1), self._first, self._first_bias)


def folded(weights: Mapping[str, Array], name: str) -> tuple[Array, Array]:
    """What a layer's batch normalisation multiplies by and adds."""
    scale = 1 / np.sqrt(weights[f"{name}/bn/moving_variance"] + np.float32(EPSILON))
    return scale, weights[f"{name}/bn/beta"] - weights[f"{name}/bn/moving_mean"] * scale


def _depthwise(x: Array, block: _Separable) -> Array:
    """Every channel convolved by itself; a sum of shifted maps."""
    n, rows, columns, channels = x.shape
    padded = _padded(x, block.stride)
    found = np.empty((n, rows // block.stride, columns // block.stride, channels), np.float32)
    term = np.empty_like(found)
    found[:] = block.depthwise_bias
    for i in range(3):
        for j in range(3):
            shifted = padded[:, i : i + rows : block.stride, j : j + columns : block.stride]
            np.multiply(shifted, block.depthwise[i, j], out=term)
            found += term
    return np.maximum(found, 0, out=found)


def _padded(x: Array, stride: int) -> Array:
    """Zeros around maps, as TensorFlow's "same" puts them: with stride 2, after the even rows and columns only."""
    before = 1 if stride == 1 else 0
    return np.pad(x, ((0, 0), (before, 1), (before, 1), (0, 0)))


def _mixed(x: Array, weights: Array, bias: Array) -> Array:
    """Channels mixed at every point; one large product, for numpy would make a stack of small ones of it."""
    found = x.reshape(-1, x.shape[-1]) @ weights
    found += bias
    np.maximum(found, 0, out=found)
    return np.reshape(found, (*x.shape[:-1], -1))
