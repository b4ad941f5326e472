"""Learning curves and class counts as figures, for pages that are read without a program behind them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.plots.canvas import FONT, Look
from audioclf.plots.curves import MEASURES
from audioclf.plots.theme import plain

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

History = Sequence[Mapping[str, Any]]

SECOND = {"light": "#1f6fb2", "dark": "#7cc0f4"}
"""A second curve beside the theme's own, distinguishable for colour-blind people too."""


def twin_figure(history: History, *, title: str = "", look: Look | None = None) -> Figure:
    """Accuracy and loss of one training on one figure with two axes: accuracy left, loss right.

    Parameters
    ----------
    history : sequence of mappings
        One per epoch: ``epoch`` (from 1), ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy`` (None where not
        measured).
    title : str
    look : Look or None
        Theme, size and resolution.

    Returns
    -------
    matplotlib.figure.Figure
        Training solid, validation dashed.
    """
    look = look or Look(width=760, height=360)
    figure = look.figure()
    left = look.axes(figure, 0.75, 0.56, 0.75, 0.65 if title else 0.4)
    right = left.twinx()
    look.dress(right)
    colours = {"accuracy": look.colours.line, "loss": SECOND[look.theme]}
    drawn = []
    for axes, measure in ((left, "accuracy"), (right, "loss")):
        drawn += _curves(axes, history, measure, colours[measure])
        look.label(axes, y=MEASURES[measure])
        axes.yaxis.label.set_color(colours[measure])
        axes.tick_params(axis="y", colors=colours[measure])
        axes.spines["top"].set_visible(False)
    left.set_ylim(0, 1.02)
    right.set_ylim(bottom=0)
    _epochs(left, history)
    look.label(left, x="Epoch")
    _legend(left, look, drawn, "lower left", bbox_to_anchor=(0.0, 0.99), ncols=4, borderaxespad=0.3)
    if title:
        left.set_title(plain(title), fontsize=FONT + 2, loc="left", pad=26, color=look.colours.text, parse_math=False)
    return figure


def folds_figure(
    panels: Mapping[str, History],
    *,
    measure: str = "accuracy",
    look: Look | None = None,
) -> Figure:
    """Curves of every fold, a panel for each feature: a thin line per fold, training solid, validation dashed.

    Parameters
    ----------
    panels : mapping of title to history
        Histories as in :func:`twin_figure`, with ``fit``.
    measure : "loss" or "accuracy"
    look : Look or None
        Theme, size and resolution.

    Raises
    ------
    ParameterError
        For an unknown measure, or without panels.
    """
    if measure not in MEASURES:
        raise ParameterError(unknown(measure, MEASURES, "measure"), "measure")
    if not panels:
        raise ParameterError("Curves need at least one history, got none; pass one for each feature.", "panels")
    look = look or Look(width=460 * len(panels) + 60, height=340)
    figure = look.figure()
    width = look.width / look.dpi
    each = (width - 0.75 - 0.2 - 0.3 * (len(panels) - 1)) / len(panels)
    highest = 1.02 if measure == "accuracy" else None
    for number, (title, history) in enumerate(panels.items()):
        start = 0.75 + number * (each + 0.3)
        axes = look.axes(figure, start, 0.56, width - start - each, 0.45)
        drawn: list[Any] = []
        for fit in dict.fromkeys(row["fit"] for row in history):
            rows = [row for row in history if row["fit"] == fit]
            drawn = _curves(axes, rows, measure, look.colours.line, SECOND[look.theme], thin=True)
        axes.set_ylim(0, highest)
        axes.grid(True, color=look.colours.grid, linewidth=0.8)
        for side in ("top", "right"):
            axes.spines[side].set_visible(False)
        _epochs(axes, history)
        look.label(axes, x="Epoch", y=MEASURES[measure] if number == 0 else "", title=title)
        if number:
            axes.tick_params(labelleft=False)
        _legend(axes, look, drawn, "lower right" if measure == "accuracy" else "upper right")
    return figure


def counts_figure(counts: Mapping[str, int], *, title: str = "", look: Look | None = None) -> Figure:
    """Number of clips of each class as bars.

    Parameters
    ----------
    counts : mapping of class to number of clips
    title : str
    look : Look or None
        Theme, size and resolution.
    """
    names = [plain(name, 24) for name in counts]
    slanted = max(map(len, names), default=0) > 4
    look = look or Look(width=max(360, 64 * len(names) + 80), height=300 + (50 if slanted else 0))
    figure = look.figure()
    axes = look.axes(figure, 0.75, 0.56 + (0.6 if slanted else 0), 0.2, 0.45 if title else 0.25)
    bars = axes.bar(range(len(names)), list(counts.values()), color=look.colours.line, width=0.72)
    axes.bar_label(bars, color=look.colours.text, fontsize=FONT - 1, padding=2)
    turned: dict[str, Any] = {"rotation": 40, "ha": "right", "rotation_mode": "anchor"} if slanted else {}
    axes.set_xticks(range(len(names)), names, parse_math=False, **turned)
    axes.set_ylim(0, 1.15 * max(counts.values(), default=1))
    axes.tick_params(axis="x", length=0)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    look.label(axes, y="Clips", title=title)
    return figure


def _curves(
    axes: Axes, history: History, measure: str, colour: str, validation: str | None = None, *, thin: bool = False
) -> list[Any]:
    """Training and validation curve of one measure; what was not measured is left out."""
    drawn = []
    styles = ((measure, "Training", "-", colour), (f"val_{measure}", "Validation", "--", validation or colour))
    for key, name, style, ink in styles:
        points = [(row["epoch"], row[key]) for row in history if _finite(row.get(key))]
        if points:
            label = name if validation else f"{MEASURES[measure]}, {name.lower()}"
            x, y = zip(*points, strict=True)
            marker = "o" if len(points) == 1 else None
            drawn += axes.plot(
                x, y, style, color=ink, linewidth=1.0 if thin else 1.8, alpha=0.75 if thin else 1, label=label,
                marker=marker, markersize=4,
            )  # fmt: skip
    return drawn


def _finite(value: Any) -> bool:
    return value is not None and math.isfinite(value)


def _epochs(axes: Axes, history: History) -> None:
    from matplotlib.ticker import MaxNLocator

    last = max((int(row["epoch"]) for row in history), default=1)
    axes.set_xlim(1 if last > 1 else 0.5, max(last, 1.5))
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True))


def _legend(axes: Axes, look: Look, drawn: Sequence[Any], place: Any, **where: Any) -> None:
    if drawn:
        text = look.colours.text
        axes.legend(handles=list(drawn), loc=place, fontsize=FONT - 2, frameon=False, labelcolor=text, **where)
