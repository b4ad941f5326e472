"""Several feature maps in rows and columns: clips or classes against features."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from audioclf.core.errors import ParameterError
from audioclf.features.base import FeatureMap
from audioclf.plots.canvas import FONT, Look
from audioclf.plots.colorbar import draw_bar
from audioclf.plots.feature import BAR, BOTTOM, LEFT, RIGHT, draw_feature
from audioclf.plots.screen import Limits, difference_limits, value_limits
from audioclf.plots.theme import DIVERGING, SEQUENTIAL

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_GAP = 0.2
_HEAD = 0.34


def grid_figure(
    rows: Sequence[Sequence[FeatureMap | None]],
    *,
    column_titles: Sequence[str] = (),
    shared: bool = True,
    look: Look | None = None,
    scale: str | None = None,
    limits: Sequence[Limits | None] = (),
    difference: bool = False,
    span: Limits | None = None,
) -> Figure:
    """Grid of feature maps: one feature per row, one sound per column.

    Parameters
    ----------
    rows : sequence of sequences of FeatureMap or None
        All rows of one length; None leaves a cell empty.
    column_titles : sequence of str
        One per column, or none at all.
    shared : bool
        Whether a colour (a height, for curves) means the same in a whole row, with one colour bar; else every cell
        uses all colours for itself.
    look : Look or None
        Theme, size and resolution; None makes cells of 300 by 200 pixels.
    scale : "linear", "log", "mel" or None
        Spacing of the frequency axes.
    limits : sequence of (float, float) or None
        Values at the ends of each row's colours or y axes; None, or none at all, takes what the row holds.
    difference : bool
        Whether the last column is a difference of the others: drawn in two colours around zero, with a bar of its own.
    span : (float, float) or None
        Ends of the time axes in seconds; None takes 0 to the end of the longest sound.

    Raises
    ------
    ParameterError
        When there is nothing to draw, or rows or titles differ in number.
    """
    n_rows, n_columns = len(rows), max((len(row) for row in rows), default=0)
    if not n_columns or any(len(row) != n_columns for row in rows):
        raise ParameterError("A grid needs rows of one length with a cell at least; fill the others with None.", "rows")
    for name, titles, n in (
        ("column_titles", column_titles, n_columns),
        ("limits", limits, n_rows),
    ):
        if titles and len(titles) != n:
            raise ParameterError(f"{name} must have {n} entries or none, got {len(titles)}.", name)
    look = look or Look(width=300 * n_columns + 200, height=200 * n_rows + 100)
    figure = look.figure()
    width, height = look.width / look.dpi, look.height / look.dpi
    head = _HEAD if column_titles else 0.14
    # a bar beside the other columns stands between them and the difference
    between = BAR - _GAP if difference and shared and n_columns > 1 else 0.0
    side = BAR if shared or difference else RIGHT
    cell_width = (width - LEFT - side - between - _GAP * (n_columns - 1)) / n_columns
    # an x axis that cannot be read off the row below is numbered and named
    below = [_GAP if _same_axis(row, rows[r]) else BOTTOM for r, row in enumerate(rows[:-1], 1)] + [BOTTOM]
    cell_height = (height - head - sum(below)) / n_rows
    if span is None:
        timed = [item for row in rows for item in row if item and item.axes[-1].unit == "s"]
        span = (0.0, max(float(item.axes[-1].values[-1]) for item in timed)) if timed else None
    for r, row in enumerate(rows):
        last_column = n_columns - 1 if difference else None
        present = {c: item for c, item in enumerate(row) if item is not None and c != last_column}
        given = limits[r] if limits else None
        ends = given if given is not None else value_limits(present.values()) if shared and present else None
        bottom = sum(below[r:]) + (n_rows - 1 - r) * cell_height
        for c, item in enumerate(row):
            is_difference = c == last_column
            start = LEFT + c * (cell_width + _GAP) + (between if is_difference else 0)
            axes = look.axes(figure, start, bottom, width - start - cell_width, height - bottom - cell_height)
            if item is None:
                axes.set_axis_off()
            else:
                drawn = draw_feature(
                    axes,
                    item,
                    look,
                    scale=scale,
                    limits=difference_limits(item) if is_difference else ends,
                    colours=DIVERGING if is_difference else SEQUENTIAL,
                    span=span,
                    outer=(below[r] == BOTTOM, c == 0),
                )
                if drawn is not None and (is_difference or (shared and c == max(present))):
                    draw_bar(axes, drawn, look, item)
            if r == 0 and column_titles:
                look.label(axes, title=column_titles[c], size=FONT - 1)
    return figure


def _same_axis(row: Sequence[FeatureMap | None], below: Sequence[FeatureMap | None]) -> bool:
    """Whether the x axis of a row can be read off the row below."""
    units = {item.axes[-1].unit for item in (*row, *below) if item is not None}
    return len(units) == 1 and None not in below
