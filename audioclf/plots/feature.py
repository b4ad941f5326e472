"""One feature map as a figure with its true axes, alone or under a heat map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.features.base import Array, Axis, FeatureMap
from audioclf.plots.canvas import FONT, Look
from audioclf.plots.colorbar import draw_bar
from audioclf.plots.screen import (
    LOWEST,
    Limits,
    envelope,
    hertz,
    hertz_ticks,
    note_ticks,
    scale_of,
    to_scale,
    to_screen,
    value_limits,
)
from audioclf.plots.theme import SEQUENTIAL

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LEFT, BOTTOM, RIGHT, TOP, BAR = 0.82, 0.56, 0.2, 0.14, 0.95
"""Margins in inches; ``BAR`` is what a colour bar takes on the right."""

TITLE: Final = 0.3
_BARS: Final = 200


def feature_figure(
    shown: FeatureMap,
    *,
    title: str = "",
    look: Look | None = None,
    scale: str | None = None,
    limits: Limits | None = None,
    notes: bool | None = None,
    colours: str = SEQUENTIAL,
) -> Figure:
    """Feature map as a figure.

    Parameters
    ----------
    shown : FeatureMap
    title : str
        Text above it; empty leaves the room to the picture.
    look : Look or None
        Theme, size and resolution.
    scale : "linear", "log", "mel" or None
        Spacing of the frequency axis; None takes the map's own.
    limits : (float, float) or None
        Values at the ends of the colours or of a curve's y axis; None takes :func:`value_limits`.
    notes : bool or None
        Name the notes C on the frequency axis; None does so for a constant-Q transform.
    colours : str
        Name of a matplotlib colour map.

    Returns
    -------
    matplotlib.figure.Figure
    """
    look = look or Look()
    figure = look.figure()
    bar = BAR if shown.is_picture else RIGHT
    axes = look.axes(figure, LEFT, BOTTOM, bar, TOP + (TITLE if title else 0))
    drawn = draw_feature(axes, shown, look, scale=scale, limits=limits, notes=notes, colours=colours)
    if shown.is_picture:
        draw_bar(axes, drawn, look, shown)
    look.label(axes, title=title)
    return figure


def overlay_figure(
    shown: FeatureMap,
    heat: Array,
    *,
    title: str = "",
    look: Look | None = None,
    scale: str | None = None,
    notes: bool | None = None,
) -> Figure:
    """Heat map (Grad-CAM, occlusion) over the feature map it explains, on the map's axes.

    The feature map is drawn in grey and the heat in colour, the more opaque the hotter; a line runs
    round what is hotter than one half.

    Parameters
    ----------
    shown : FeatureMap
    heat : np.ndarray [shape of ``shown.values``], in [0, 1]
    title, look, scale, notes
        As in :func:`feature_figure`.

    Raises
    ------
    ParameterError
        When the shapes differ.
    """
    heat = np.asarray(heat, dtype=np.float32)
    if heat.shape != shown.values.shape:
        raise ParameterError(
            f"A heat map must have the shape of its feature map, {shown.values.shape}, got {heat.shape};"
            " resize it first.",
            "heat",
        )
    look = look or Look()
    figure = look.figure()
    axes = look.axes(figure, LEFT, BOTTOM, BAR, TOP + (TITLE if title else 0))
    # Grey under colour: the background of a page shows the same through both themes.
    draw_feature(axes, shown, look, scale=scale, notes=notes, colours="gray")
    if shown.is_picture:
        drawn = _draw_heat(axes, shown, heat, scale)
    else:
        left, right = axes.get_xlim()
        bottom, top = axes.get_ylim()
        drawn = axes.imshow(
            heat[np.newaxis],
            aspect="auto",
            cmap=_heat_colours(),
            vmin=0,
            vmax=1,
            extent=(left, right, bottom, top),
            zorder=0,
        )
        axes.set_xlim(left, right)
    draw_bar(axes, drawn, look, None, label="Evidence")
    look.label(axes, title=title)
    return figure


def draw_feature(
    axes: Axes,
    shown: FeatureMap,
    look: Look,
    *,
    scale: str | None = None,
    limits: Limits | None = None,
    notes: bool | None = None,
    colours: str = SEQUENTIAL,
    span: Limits | None = None,
    outer: tuple[bool, bool] = (True, True),
) -> Any:
    """Draw a feature map into axes.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    shown, look, scale, limits, notes, colours
        As in :func:`feature_figure`.
    span : (float, float) or None
        Ends of the time axis in seconds; None takes those of the map.
    outer : (bool, bool)
        Whether to name and number the x and the y axis.

    Returns
    -------
    matplotlib.image.AxesImage or None
        What a colour bar is made for; None for a curve.
    """
    low, high = limits if limits is not None else value_limits([shown])
    if shown.is_picture:
        drawn = _draw_picture(axes, shown, scale, (low, high), notes, colours, outer[1])
    else:
        drawn = None
        _draw_curve(axes, shown, look, scale, (low, high))
    last = shown.axes[-1]
    if last.unit == "s" and span is not None:
        axes.set_xlim(span)
        axes.locator_params(axis="x", nbins=6, prune="upper")  # the last number would touch the next column's first
    look.label(axes, x=name_of(last) if outer[0] else "", y=_y_name(shown, notes, scale) if outer[1] else "")
    if not outer[0]:
        axes.tick_params(labelbottom=False)
    if not outer[1]:
        axes.tick_params(labelleft=False, left=False)
    return drawn


def name_of(axis: Axis) -> str:
    """Label of an axis with its unit: ``"Time (s)"``."""
    return f"{axis.label} ({axis.unit})" if axis.unit else axis.label


def _y_name(shown: FeatureMap, notes: bool | None, scale: str | None) -> str:
    if not shown.is_picture:
        return f"{shown.label} ({shown.unit})" if shown.unit else shown.label
    if _has_notes(shown, notes, scale):
        return "Note (C4 = 262 Hz)"
    return name_of(shown.axes[0])


def _has_notes(shown: FeatureMap, notes: bool | None, scale: str | None) -> bool:
    return (
        shown.axes[0].unit == "Hz"
        and scale_of(shown.axes[0], scale) == "log"
        and (shown.feature == "cqt" if notes is None else notes)
    )


def _draw_picture(
    axes: Axes, shown: FeatureMap, scale: str | None, limits: Limits, notes: bool | None, colours: str, numbered: bool
) -> Any:
    screen = to_screen(shown, scale)
    drawn = axes.imshow(
        screen.values,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap=colours,
        vmin=limits[0],
        vmax=limits[1],
        extent=(screen.left, screen.right, screen.bottom, screen.top),
    )
    axes.set_xlim(max(0.0, screen.left), screen.right)
    if not numbered:
        axes.set_yticks([])
    elif shown.axes[0].unit == "Hz":
        low, high = float(screen.centres[0]), float(screen.centres[-1])
        if _has_notes(shown, notes, scale):
            ticks = note_ticks(low, high)
        else:
            room = int(axes.get_window_extent().height / axes.figure.dpi * 72 / (FONT * 2.2))
            ticks = [(tick, hertz(tick)) for tick in hertz_ticks(low, high, screen.scale, max(2, min(9, room)))]
        axes.set_yticks(to_scale([place for place, _ in ticks], screen.scale), [text for _, text in ticks])
    else:
        _whole_ticks(axes.yaxis)
    return drawn


def _draw_curve(axes: Axes, shown: FeatureMap, look: Look, scale: str | None, limits: Limits) -> None:
    (axis,), values, colour = shown.axes, shown.values, look.colours.line
    x = axis.values
    n = max(200, int(axes.get_window_extent().width))
    room = 0.04 * (limits[1] - limits[0])
    is_signed = shown.label in {"Amplitude", "Value"} or bool(shown.unit)
    bottom = limits[0] - room if is_signed else min(limits[0], 0)
    if axis.unit == "Hz":
        _draw_spectrum(axes, x, values, n, colour, scale_of(axis, scale), bottom)
    elif axis.unit == "s" or len(values) > _BARS:
        at, lows, highs = envelope(x, values, n)
        if at is x:
            axes.plot(x, values, color=colour, linewidth=1)
        else:
            axes.fill_between(at, lows, highs, color=colour, linewidth=0.6)
        axes.set_xlim(x[0], x[-1] if len(x) > 1 else x[0] + 1)
    else:
        axes.bar(x, values, width=0.7, color=colour)
        axes.axhline(0, color=look.colours.muted, linewidth=0.8)
        axes.set_xlim(x[0] - 0.7, x[-1] + 0.7)
        _whole_ticks(axes.xaxis)
    axes.set_ylim(bottom, limits[1] + room)
    axes.grid(True, color=look.colours.grid, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)


def _draw_spectrum(axes: Axes, x: Any, values: Array, n: int, colour: str, scale: str, bottom: float) -> None:
    """Curve through the peaks: where several bins share a pixel, the largest is what one looks for."""
    heard = x >= LOWEST
    if scale == "log" and heard.sum() > 1:
        x, values = x[heard], values[heard]
    else:
        scale = "mel" if scale == "mel" else "linear"
    at, _, highs = envelope(x, values, n, scale="log" if scale == "log" else "linear")
    places = to_scale(at, scale)
    axes.plot(places, highs, color=colour, linewidth=1)
    axes.fill_between(places, highs, bottom, color=colour, alpha=0.2, linewidth=0)
    ticks = hertz_ticks(float(x[0]), float(x[-1]) or 1.0, scale, 12)
    axes.set_xticks(to_scale(ticks, scale), [hertz(tick) for tick in ticks])
    axes.set_xlim(places[0], places[-1] if len(places) > 1 else places[0] + 1)


def _whole_ticks(axis: Any) -> None:
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def _draw_heat(axes: Axes, shown: FeatureMap, heat: Array, scale: str | None) -> Any:
    screen = to_screen(shown, scale, heat)
    extent = (screen.left, screen.right, screen.bottom, screen.top)
    limits = axes.get_xlim()
    drawn = axes.imshow(
        screen.values,
        origin="lower",
        aspect="auto",
        interpolation="bilinear",
        cmap=_heat_colours(),
        vmin=0,
        vmax=1,
        extent=extent,
    )
    if min(screen.values.shape) > 1 and screen.values.max() > 0.5 > screen.values.min():
        axes.contour(screen.values, levels=[0.5], extent=extent, colors=["#ffffff"], linewidths=1.2)
    axes.set_xlim(limits)
    return drawn


def _heat_colours() -> Any:
    """From nothing over orange to pale yellow: brighter and denser the hotter, for every eye."""
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list(
        "heat", [(0, "#b5367a00"), (0.3, "#b5367a50"), (0.6, "#f1605db0"), (0.85, "#feb078cc"), (1, "#fcfdbfdd")]
    )
