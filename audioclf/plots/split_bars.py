"""Bars over a data set: the split of each class, and how well classes are recognized without listening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from audioclf.plots.vega import GREY, Spec, bars_height, chart, layers, mark, name, names_axis, quantity

PARTS: Final = ("training", "validation", "test")

_LABEL: Final = 180
_LEGEND: Final = 44


def parts_chart(counts: Mapping[str, Mapping[str, int]]) -> Spec:
    """Clips of every class as a bar, divided by the part they go to.

    Parameters
    ----------
    counts : mapping of class to mapping of part to number of clips
        Parts are those of :data:`PARTS`.
    """
    rows = [
        {"class": label, "part": part, "clips": int(parts.get(part, 0)), "order": order}
        for label, parts in counts.items()
        for order, part in enumerate(PARTS)
        if parts.get(part, 0)
    ]
    encoding = {
        "y": names_axis("class", list(counts), limit=_LABEL),
        "x": quantity("clips", "Clips", axis={"tickMinStep": 1, "format": "d"}),
        "color": name("part", scale={"domain": list(PARTS)}, legend={"orient": "top"}),
        "order": {"field": "order", "type": "quantitative"},
        "tooltip": [name("class", "Class"), name("part", "Part"), quantity("clips", "Clips")],
    }
    return chart(layers(rows, encoding, mark("bar")), height=bars_height(len(counts)) + _LEGEND)


def shortcut_chart(columns: Sequence[str], accuracies: Sequence[float], chance: float) -> Spec:
    """Accuracy that each column reaches by itself as bars, with a line where guessing stands.

    Parameters
    ----------
    columns : sequence of str
    accuracies : sequence of float
        One per column, 0 to 1.
    chance : float
        Accuracy of guessing.
    """
    rows = [
        {"column": column, "accuracy": float(value), "text": f"{value:.0%}"}
        for column, value in zip(columns, accuracies, strict=True)
    ]
    encoding = {
        "y": names_axis("column", columns, limit=_LABEL),
        "x": quantity(
            "accuracy",
            "Right without listening",
            axis={"format": ".0%", "tickCount": 5},
            scale={"domain": [0, 1.08], "nice": False},
        ),
        "tooltip": [name("column", "Through"), quantity("accuracy", "Right", format=".1%")],
    }
    words = mark("text", {"text": name("text")}, align="left", dx=5, color=GREY)
    guess = layers(
        [{"chance": chance, "text": f"guessing: {chance:.0%}"}],
        {"x": {"field": "chance", "type": "quantitative"}, "tooltip": [name("text", "Chance")]},
        mark("rule", color=GREY, strokeDash=[4, 3], strokeWidth=1.5),
    )
    bars = layers(rows, encoding, mark("bar", cornerRadiusEnd=3), words)
    return chart(bars, guess, height=bars_height(len(rows)))
