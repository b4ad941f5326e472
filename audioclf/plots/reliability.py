"""The reliability diagram: how often a model is right against the probability it states."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from audioclf.plots.theme import theme_of
from audioclf.plots.vega import GREY, Spec, chart, layers, mark, quantity

FEW: Final = 10
"""A bin of fewer clips is drawn pale."""

_SURE: Final = "How sure the model is"
_RIGHT: Final = "How often it is right"
_PERCENTS: Final = {"format": ".0%", "values": [0, 0.2, 0.4, 0.6, 0.8, 1]}


def reliability_chart(bins: Sequence[Mapping[str, Any]], *, theme: str = "light", height: int = 340) -> Spec:
    """A bar for every bin up to the share of clips that were right, a dot where it would end if calibrated.

    Parameters
    ----------
    bins : sequence of mapping
        The fields of :class:`~audioclf.training.reliability.Bin`.
    theme : "light" or "dark"
        Kind of page it lies on.
    height : int
        In pixels.
    """
    colour = theme_of(theme)
    rows = [
        {**each, "middle": (each["low"] + each["high"]) / 2, "top": max(each["accuracy"], each["confidence"])}
        for each in bins
    ]

    def x(field: str) -> Spec:
        scale = {"domain": [0, 1], "nice": False}
        return quantity(field, _SURE, axis={**_PERCENTS, "grid": False}, scale=scale)

    def y(field: str) -> Spec:
        return quantity(field, _RIGHT, axis=_PERCENTS, scale={"domain": [0, 1.08], "nice": False})

    tooltip = [
        quantity("confidence", f"{_SURE}, on average", format=".1%"),
        quantity("accuracy", _RIGHT, format=".1%"),
        quantity("n", "Clips", format=","),
    ]
    pale = {"condition": {"test": f"datum.n < {FEW}", "value": 0.45}, "value": 1}
    bar = {"x": x("low"), "x2": {"field": "high"}, "y": y("accuracy"), "y2": {"datum": 0}, "opacity": pale}
    gap = {"x": x("confidence"), "y": y("accuracy"), "y2": {"field": "confidence"}}
    clips = {"x": x("middle"), "y": y("top"), "text": quantity("n", format=",")}
    marks = [
        mark("bar", bar, color=colour.line, cornerRadiusEnd=2),
        mark("rule", gap, color=colour.text, strokeWidth=1.5),
        mark("circle", {"x": x("confidence"), "y": y("confidence")}, color=colour.text, size=60, opacity=1),
        mark("text", clips, color=colour.text, baseline="bottom", dy=-6, fontSize=11),
    ]
    ends = [{"sure": 0, "right": 0}, {"sure": 1, "right": 1}]
    calibrated = layers(ends, {"x": x("sure"), "y": y("right")}, mark("line", color=GREY, strokeDash=[5, 4]))
    return chart(calibrated, layers(rows, {"tooltip": tooltip}, *marks), height=height)
