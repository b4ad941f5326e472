"""What a search found: the figure of every point against the values of one parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any, Final

from audioclf.plots.vega import GREY, Spec, chart, layers, mark, quantity
from audioclf.plots.vega import name as named

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
) -> Spec:
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
        x = quantity("value", name, scale={"type": "log" if far else "linear", "nice": False, "zero": False})
    else:
        x = named("value", name, sort=None, scale={"domain": order}, axis={"labelAngle": 0})
    percent = metric == "val_accuracy"
    title = TITLES[metric]
    dots = {
        "y": quantity(
            "figure",
            title,
            scale={"zero": False, "nice": True, "padding": 8},
            axis={"format": ".0%" if percent else "~g"},
        ),
        "color": {"condition": {"test": "datum.best", "value": _BEST}, "value": GREY},
        "tooltip": [named("point", "Point"), quantity("figure", title, format=".2%" if percent else ".4f")],
    }
    marks = [mark("circle", dots, size=90, opacity=0.85)]
    if not line:
        mean = {"y": quantity("figure", title, aggregate="mean")}
        marks.insert(0, mark("line", mean, color=GREY, strokeDash=[4, 3]))
    return chart(layers(rows, {"x": x}, *marks), height=height)


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
