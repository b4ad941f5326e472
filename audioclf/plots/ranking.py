"""Charts of a ranking: ROC and precision-recall curves; and accuracy by some part of the test clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audioclf.plots.vega import GREY, PERCENTS, Spec, bars_height, chart, layers, mark, name, names_axis, quantity

CURVES: Final = {
    "roc": ("False positive rate", "True positive rate"),
    "pr": ("Recall", "Precision"),
}
"""Axes of the two kinds of curves."""

_SHARE: Final[Spec] = {"domain": [0, 1], "nice": False}


def ranking_chart(
    curves: Mapping[str, Sequence[Sequence[float]]], *, kind: str = "roc", chosen: str | None = None, height: int = 340
) -> Spec:
    """Curves of several classes in one chart.

    Parameters
    ----------
    curves : mapping of class to points
        Each x, y and threshold; a class without points is left out.
    kind : "roc" or "pr"
    chosen : str or None
        Class whose curve is drawn thick, the others fade.
    height : int
        In pixels.
    """
    x, y = CURVES[kind]
    rows = [
        {"class": label, "x": at[0], "y": at[1], "threshold": at[2], "order": order}
        for label, points in curves.items()
        for order, at in enumerate(points)
    ]
    encoding = {
        "x": quantity("x", x, scale=_SHARE, axis=PERCENTS),
        "y": quantity("y", y, scale=_SHARE, axis=PERCENTS),
        "order": {"field": "order", "type": "quantitative"},
        "color": name("class", "Class", scale={"domain": list(curves)}, legend={"labelLimit": 160, "title": None}),
        "tooltip": [
            name("class", "Class"),
            quantity("x", x, format=".1%"),
            quantity("y", y, format=".1%"),
            quantity("threshold", "Threshold", format=".3f"),
        ],
    }
    faded = {"opacity": {"condition": {"test": f"datum.class === {_text(chosen)}", "value": 1}, "value": 0.2}}
    line = mark("line", faded if chosen is not None else {}, strokeWidth=2.5, interpolate="linear")
    points = mark("point", size=50, opacity=0)
    groups = [layers(rows, encoding, line, points)]
    if kind == "roc":
        chance = [{"x": 0, "y": 0}, {"x": 1, "y": 1}]
        axes = {"x": quantity("x", x, scale=_SHARE, axis=PERCENTS), "y": quantity("y", y, scale=_SHARE, axis=PERCENTS)}
        groups.append(layers(chance, axes, mark("line", color=GREY, strokeDash=[3, 4])))
    return chart(*groups, height=height)


def _text(value: str | None) -> str:
    """A name as a string in an expression of Vega."""
    import json

    return json.dumps(value or "")


def shares_chart(rows: Sequence[Mapping[str, Any]], *, whole: float | None = None, title: str = "Accuracy") -> Spec:
    """Shares with their intervals, one line for each, in the order given.

    Parameters
    ----------
    rows : sequence of mappings
        ``name`` (no two alike), ``share``, ``low``, ``high`` and ``n``: clips it was made of.
    whole : float or None
        Share of all together, drawn as a line.
    title : str
        Of the axis.
    """
    values = [dict(row) for row in rows]
    encoding = {
        "y": names_axis("name", [str(row["name"]) for row in values]),
        "tooltip": [
            name("name", " "),
            quantity("share", title, format=".1%"),
            quantity("low", "From", format=".1%"),
            quantity("high", "To", format=".1%"),
            quantity("n", "Clips"),
        ],
    }
    scale = {"domain": [0, 1], "nice": False}
    x = quantity("low", title, scale=scale, axis=PERCENTS)
    reach = mark("rule", {"x": x, "x2": {"field": "high"}}, strokeWidth=3, color=GREY)
    point = mark("point", {"x": quantity("share", title, scale=scale, axis=PERCENTS)}, filled=True, size=90, opacity=1)
    groups = [layers(values, encoding, reach, point)]
    if whole is not None:
        line = {"x": quantity("share", title, scale=scale, axis=PERCENTS)}
        groups.append(layers([{"share": whole}], line, mark("rule", color=GREY, strokeDash=[3, 4])))
    return chart(*groups, height=bars_height(len(values)))
