"""What a search found: the figure of every point against the values of one parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

from audioclf.plots.curves import GREY, layered

if TYPE_CHECKING:
    import altair as alt

TITLES: Final = {"val_loss": "Validation loss", "val_accuracy": "Validation accuracy"}

_FEW: Final = 8
"""So many different values stand side by side; more are laid on a number line."""

_BEST: Final = "#e0457b"
"""Seen on a light and on a dark page."""


def values_chart(
    values: Sequence[Any],
    figures: Sequence[float],
    *,
    name: str,
    metric: str,
    titles: Sequence[str] = (),
    best: int | None = None,
    height: int = 220,
) -> alt.LayerChart:
    """Every point as a dot over its value of one parameter, the chosen one in colour, the means as a line.

    Parameters
    ----------
    values : sequence [shape=(n_points,)]
        Numbers, or what is told apart by its text.
    figures : sequence of float [shape=(n_points,)]
    name : str
        Of the parameter.
    metric : "val_loss" or "val_accuracy"
    titles : sequence of str
        What a point says when pointed at.
    best : int or None
        Index of the chosen point.
    height : int
        In pixels.
    """
    import altair as alt

    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    line = numeric and len(set(values)) > _FEW
    told = [value if line else _text(value) for value in values]
    order = [_text(value) for value in (sorted(set(values)) if numeric else dict.fromkeys(map(_text, values)))]
    rows = [
        {"value": value, "figure": figure, "point": title, "best": number == best}
        for number, (value, figure, title) in enumerate(zip(told, figures, titles or [""] * len(figures), strict=True))
        if math.isfinite(figure)
    ]
    rows.sort(key=lambda row: bool(row["best"]))  # drawn last, on top of the others
    if line:
        far = min(values) > 0 and max(values) / min(values) >= 30
        x: Any = alt.X("value:Q", title=name, scale=alt.Scale(type="log" if far else "linear", nice=False, zero=False))
    else:
        x = alt.X("value:N", title=name, sort=None, scale=alt.Scale(domain=order), axis=alt.Axis(labelAngle=0))
    percent = metric == "val_accuracy"
    y = alt.Y(
        "figure:Q",
        title=TITLES[metric],
        scale=alt.Scale(zero=False, nice=True, padding=8),
        axis=alt.Axis(format=".0%" if percent else "~g"),
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(x=x)
    dots = base.mark_circle(size=90, opacity=0.85).encode(
        y=y,
        color=alt.condition("datum.best", alt.value(_BEST), alt.value(GREY)),
        tooltip=[
            alt.Tooltip("point:N", title="Point"),
            alt.Tooltip("figure:Q", title=TITLES[metric], format=".2%" if percent else ".4f"),
        ],
    )
    if line:
        return layered(dots).properties(height=height, width="container")
    mean = base.mark_line(color=GREY, strokeDash=[4, 3]).encode(y=alt.Y("mean(figure):Q").title(TITLES[metric]))
    return layered(mean, dots).properties(height=height, width="container")


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
