"""Colour bar beside a picture: which colour stands for which value.

Matplotlib's own colour bar is a second plot with axes, locators and labels that are laid out over
and over, a third of the time of a whole figure. This one is an image, a few lines and their texts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from audioclf.features.base import FeatureMap
from audioclf.plots.canvas import FONT, Look

if TYPE_CHECKING:
    from matplotlib.axes import Axes

GAP: Final = 0.12
WIDTH: Final = 0.14
"""Inches between picture and bar, and across the bar."""

_TICK: Final = 0.04
_TEXT: Final = 0.05
_NAME: Final = 0.62
_ROW: Final = 0.29


def draw_bar(axes: Axes, drawn: Any, look: Look, shown: FeatureMap | None, *, label: str = "") -> None:
    """Colour bar at the right of axes: ``%+2.0f dB`` for levels, the name of the values for others.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    drawn : matplotlib.image.AxesImage
        The picture, which knows its colours and the values at their ends.
    look : Look
    shown : FeatureMap or None
        What is drawn; where it has values beyond the ends, the bar ends in points. None for a heat
        map, whose transparent colours are shown on black.
    label : str
        Name of the values, where the feature map has none.
    """
    from matplotlib.collections import LineCollection
    from matplotlib.image import BboxImage
    from matplotlib.patches import Polygon, Rectangle
    from matplotlib.ticker import MaxNLocator
    from matplotlib.transforms import Bbox, TransformedBbox

    figure = axes.figure
    assert figure is not None
    box, low, high = axes.get_position(), float(drawn.norm.vmin), float(drawn.norm.vmax)
    across, up = look.dpi / look.width, look.dpi / look.height
    left = box.x1 + GAP * across
    right = left + WIDTH * across
    if shown is None:
        # below the colours: a patch would be drawn over an image
        behind = Rectangle((left, box.y0), right - left, box.height, color="black", linewidth=0, zorder=-1)
        behind.set_transform(figure.transFigure)
        figure.add_artist(behind)
    column = BboxImage(
        TransformedBbox(Bbox.from_extents(left, box.y0, right, box.y1), figure.transFigure),
        cmap=drawn.cmap,
        norm=drawn.norm,
        origin="lower",
        interpolation="nearest",
    )
    column.set_data(np.linspace(low, high, 256)[:, np.newaxis])
    figure.add_artist(column)
    if shown is not None and (shown.values.min() < low or shown.values.max() > high):
        tip = 0.08 * up
        for end, beyond, colour in ((box.y0, -tip, drawn.cmap(0.0)), (box.y1, tip, drawn.cmap(1.0))):
            corners = [(left, end), (right, end), ((left + right) / 2, end + beyond)]
            figure.add_artist(Polygon(corners, color=colour, linewidth=0, transform=figure.transFigure))
    room = max(2, min(9, int(box.height / up / _ROW)))
    ticks = [
        tick for tick in MaxNLocator(nbins=room, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high) if low <= tick <= high
    ]
    places = [box.y0 + box.height * (tick - low) / ((high - low) or 1.0) for tick in ticks]
    figure.add_artist(
        LineCollection(
            [[(right, place), (right + _TICK * across, place)] for place in places],
            colors=look.colours.text,
            linewidths=0.8,
            transform=figure.transFigure,
        )
    )
    is_level = shown is not None and shown.unit == "dB"
    written: dict[str, Any] = {"fontsize": FONT - 1, "color": look.colours.text, "parse_math": False}
    for tick, place in zip(ticks, places, strict=True):
        text = f"{tick:+2.0f} dB" if is_level else f"{tick:.6g}"
        at = right + (_TICK + _TEXT) * across
        figure.text(at, place, text.replace("-", "\N{MINUS SIGN}"), va="center_baseline", **written)
    if not is_level:
        name = label or (shown.label if shown is not None else "")
        middle = (box.y0 + box.y1) / 2
        figure.text(right + _NAME * across, middle, name, rotation=90, va="center", ha="center", **written)
