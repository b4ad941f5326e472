"""Accuracy over the clips per class."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from audioclf.plots.vega import Spec, chart, layers, mark, name, quantity


def learning_chart(rows: Sequence[Mapping[str, Any]], ways: Sequence[str], *, height: int = 340) -> Spec:
    """Curves with their intervals.

    Parameters
    ----------
    rows : sequence of mappings
        ``way``, ``clips`` (per class), ``train`` (clips in all), ``accuracy``, ``low``, ``high``.
    ways : sequence of str
        The curves, in the order of the legend.
    height : int
        In pixels.
    """
    values = sorted({int(row["clips"]) for row in rows})
    encoding = {
        "x": quantity(
            "clips",
            "Training clips per class",
            scale={"type": "log", "nice": False, "padding": 12},
            axis={"values": values, "format": "d", "grid": False},
        ),
        "color": name("way", scale={"domain": list(ways)}, legend={"orient": "top", "labelLimit": 300}),
    }
    accuracy = quantity("accuracy", "Accuracy", scale={"domain": [0, 1]}, axis={"format": ".0%"})
    band = {"y": {**accuracy, "field": "low"}, "y2": {"field": "high"}}
    tooltip = [
        name("way", "Model"),
        quantity("clips", "Clips per class"),
        quantity("train", "Training clips"),
        quantity("accuracy", "Accuracy", format=".1%"),
        quantity("low", "From", format=".1%"),
        quantity("high", "To", format=".1%"),
    ]
    return chart(
        layers(
            rows,
            encoding,
            mark("area", band, opacity=0.18),
            mark("line", {"y": accuracy}, strokeWidth=2.5),
            mark("point", {"y": accuracy, "tooltip": tooltip}, filled=True, size=70),
        ),
        height=height,
    )
