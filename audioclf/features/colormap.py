"""A feature map drawn as a colour picture: input for a network that was made for photographs."""

from __future__ import annotations

import functools
import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param
from audioclf.features.extraction import check_memory

Array = npt.NDArray[np.float32]

COLORMAPS = ("none", "viridis", "magma", "inferno", "plasma", "cividis", "gray", "coolwarm", "jet", "turbo")


@dataclass(frozen=True)
class Picture(Parameters):
    """How feature maps become colour pictures: the ``[picture]`` part of an experiment.

    The values are held between ``vmin`` and ``vmax``, brought to ``height`` x ``width`` by an antialiased
    linear filter, and take matplotlib's colours. Without axes and margins, and the lowest row first, as
    everywhere here: turned upside down, it is the picture that a plot shows. Reference C's are
    ``Picture("viridis", -20, 80, 250, 420)``.
    """

    title = "Colour picture"

    colormap: str = param(
        "none", "Colours the values are drawn in; none feeds the values themselves.", choices=COLORMAPS
    )
    vmin: float | None = param(None, "Value of the first colour; empty takes each map's own smallest.")
    vmax: float | None = param(None, "Value of the last colour; empty takes each map's own largest.")
    height: int = param(128, "Height of the picture.", low=1, high=2048, unit="pixels")
    width: int = param(224, "Width of the picture.", low=1, high=8192, unit="pixels")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.vmin is not None and self.vmax is not None and self.vmin >= self.vmax:
            raise ParameterError(f"vmax must be above vmin, {self.vmin:g}, got {self.vmax:g}.", "vmax")

    @property
    def on(self) -> bool:
        """Whether maps are drawn at all."""
        return self.colormap != "none"

    def shape(self, map_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Shape of one example made of a feature of this shape.

        Raises
        ------
        ParameterError
            When the feature is no map of rows and frames.
        """
        if not self.on:
            return map_shape
        if len(map_shape) != 2:
            raise ParameterError(
                f"A colour picture is drawn of a map of rows and frames (STFT, CQT, mel, MFCC), and the feature gives a"
                f" curve of {map_shape[0]:,} values; choose such a feature, or colormap 'none'.",
                "colormap",
            )
        return (self.height, self.width, 3)

    def check_memory(self, n_clips: int, map_shape: tuple[int, ...]) -> None:
        """Raise a ParameterError when the pictures of all clips would not fit in a job's memory."""
        if self.on:
            size = math.prod(self.shape(map_shape))
            check_memory(n_clips, size, "lower height and width of the picture, or take fewer clips.", "width")

    def draw(self, maps: Array) -> Array:
        """Colour pictures of feature maps [shape=(n, rows, frames)]; the maps themselves where :attr:`on` is false.

        Red, green and blue in [0, 1], the lowest row first [shape=(n, height, width, 3)], float32; errors as of
        :meth:`shape`.
        """
        shape = self.shape(maps.shape[1:])
        if not self.on:
            return maps
        colours = colours_of(self.colormap)
        pictures = np.empty((len(maps), *shape), np.float32)
        for number, values in enumerate(maps):
            low = float(values.min()) if self.vmin is None else self.vmin
            high = float(values.max()) if self.vmax is None else self.vmax
            levels = np.clip((values - low) / ((high - low) or 1.0), 0, 1)
            steps = np.minimum(resized(levels, self.height, self.width) * 256, 255).astype(np.uint8)
            pictures[number] = colours[steps]
        return pictures

    def to_map(self, heat: Array, map_shape: tuple[int, ...]) -> Array:
        """Bring what was found in the picture [shape=(height, width)] back to ``(rows, frames)`` of its feature."""
        return resized(heat, *map_shape) if self.on else heat


def resized(values: Array, height: int, width: int) -> Array:
    """Array [shape=(height, width)] by Pillow's linear filter, which takes the mean where there is less room."""
    from PIL import Image

    picture = Image.fromarray(np.ascontiguousarray(values, np.float32))
    return np.asarray(picture.resize((width, height), Image.Resampling.BILINEAR), np.float32)


def colours_of(colormap: str) -> Array:
    """:func:`palette` as numbers [shape=(256, 3)] in [0, 1]."""
    colours = np.frombuffer(palette(colormap), np.uint8).reshape(256, 3).astype(np.float32)
    return colours / np.float32(255)


@functools.cache
def palette(colours: str) -> bytes:
    """The 256 colours of a matplotlib colour map, as red, green and blue bytes [shape=(768,)].

    Raises
    ------
    ParameterError
        For a colour map that does not exist.
    """
    import matplotlib

    try:
        chosen = matplotlib.colormaps[colours]
    except KeyError:
        raise ParameterError(
            f"'{colours}' is no colour map; choose one such as magma, viridis or gray.", "colours"
        ) from None
    return np.ascontiguousarray(chosen(np.arange(256), bytes=True)[:, :3]).tobytes()
