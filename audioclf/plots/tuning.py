"""What a search found: points against the values of one parameter or of all, and which parameter matters."""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from audioclf.plots.vega import GREY, Spec, chart, layers, mark, names_axis, quantity
from audioclf.plots.vega import name as named

TITLES: Final = {"val_loss": "Validation loss", "val_accuracy": "Validation accuracy"}

_FEW: Final = 8
"""So many different values stand side by side; more are laid on a number line."""

_APART: Final = 0.06
"""Marks of an axis that are closer than this share of it would lie on each other."""

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
        Numbers, or values that are identified by their text.
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
    known = [value if line else _text(value) for value in values]
    order = [_text(value) for value in (sorted(set(values)) if numeric else dict.fromkeys(map(_text, values)))]
    rows = [
        {"value": value, "figure": figure, "point": title, "best": number == best}
        for number, (value, figure, title) in enumerate(zip(known, figures, titles or [""] * len(figures), strict=True))
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


def importance_spec(importance: Mapping[str, float]) -> Spec:
    """How much each parameter matters, as bars, the longest on top.

    Parameters
    ----------
    importance : mapping of str to float
        Share of the results' variance by the parameter's name, each from 0 to 1.
    """
    rows = [{"parameter": name, "share": share} for name, share in importance.items()]
    encoding = {
        "y": names_axis("parameter", list(importance), limit=160),
        "x": quantity("share", "Importance", scale={"domain": [0, 1]}, axis={"format": ".0%", "tickCount": 5}),
    }
    words = mark("text", {"text": quantity("share", format=".0%")}, align="left", dx=4, color=GREY)
    return chart(layers(rows, encoding, mark("bar", color=_BEST, tooltip=True), words), height={"step": 26})


def parallel_spec(
    settings: Sequence[Mapping[str, Any]],
    figures: Sequence[float],
    *,
    names: Mapping[str, str],
    metric: str,
    best: int | None = None,
    height: int = 300,
) -> Spec:
    """Parallel coordinates: every point as a line through its values, the last axis the figure that chooses.

    Parameters
    ----------
    settings : sequence of mapping [shape=(n_points,)]
        What each point sets: numbers, or values that are identified by their text.
    figures : sequence of float [shape=(n_points,)]
    names : mapping
        Of the parameters as in ``settings`` to what their axes are called, in order.
    metric : "val_loss" or "val_accuracy"
    best : int or None
        Index of the chosen point.
    height : int
        In pixels.
    """
    percent = metric == "val_accuracy"
    axes: list[tuple[str, list[float], list[tuple[float, str]]]] = []
    for name, title in names.items():
        axes.append((title, *_places([item[name] for item in settings])))
    low, high = min(figures), max(figures)
    spread = (high - low) or 1.0
    ends = [((end - low) / spread, f"{end:.1%}" if percent else f"{end:.4g}") for end in dict.fromkeys((low, high))]
    axes.append((TITLES[metric], [(figure - low) / spread for figure in figures], ends))
    lines = [
        {"point": number, "axis": title, "place": place, "figure": figure, "best": number == best}
        for title, places, _ in axes
        for number, (place, figure) in enumerate(zip(places, figures, strict=True))
    ]
    ticks = [{"axis": title, "place": place, "text": text} for title, _, marks in axes for place, text in marks]
    axis = {"title": None, "labelAngle": 0, "orient": "top", "domain": False, "ticks": False, "grid": True}
    order = [title for title, _, _ in axes]
    place = {
        "x": named("axis", sort=order, scale={"type": "point", "padding": 0.4}, axis=axis),
        "y": quantity("place", axis=None, scale={"domain": [0, 1], "padding": 10}),
    }
    colour = quantity("figure", TITLES[metric], scale={"scheme": "viridis", "reverse": not percent}, legend=None)
    tooltip = [quantity("figure", TITLES[metric], format=".2%" if percent else ".4f")]
    line = {**place, "detail": named("point"), "tooltip": tooltip}
    others = mark("line", {"color": colour}, opacity=0.7, strokeWidth=1.5)
    words = mark("text", {"text": named("text")}, align="left", dx=5, color=GREY, fontSize=11)
    return chart(
        layers([row for row in lines if not row["best"]], line, others),
        layers([row for row in lines if row["best"]], line, mark("line", color=_BEST, strokeWidth=3)),
        layers(ticks, place, words),
        height=height,
    )


def _places(values: Sequence[Any]) -> tuple[list[float], list[tuple[float, str]]]:
    """Where values lie on an axis from 0 to 1, and the marks on it."""
    numeric = all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
    if not numeric:
        texts = [_text(value) for value in values]
        different = list(dict.fromkeys(texts))
        place = {text: number / max(len(different) - 1, 1) for number, text in enumerate(different)}
        return [place[text] for text in texts], [(at, text) for text, at in place.items()]
    far = min(values) > 0 and max(values) / min(values) >= 30
    along = [math.log(value) if far else float(value) for value in values]
    low, spread = min(along), (max(along) - min(along)) or 1.0
    places = [(value - low) / spread for value in along]
    marks = sorted(dict(zip(places, map(_text, values), strict=True)).items())
    close = any(after[0] - before[0] < _APART for before, after in itertools.pairwise(marks))
    return places, [marks[0], marks[-1]] if close else marks


def _text(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
