"""Charts of several runs: their learning curves over each other, their accuracies side by side."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any, Final

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.plots.curves import CURVES, MEASURES, dashes, value_axis
from audioclf.plots.vega import GREY, PERCENTS, Spec, chart, epochs_axis, layers, mark, name, names_axis, quantity

SIDES: Final = {"Validation": ("Validation",), "Training": ("Training",), "Both": CURVES}
"""Which curves are drawn, by what a user can choose."""

_LEGEND: Final = 20
_ROW: Final = 34
_AXIS: Final = 60


def histories_chart(
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    measure: str = "accuracy",
    side: str = "Validation",
    height: int = 300,
) -> Spec:
    """Learning curves of several runs over each other, one colour per run.

    Parameters
    ----------
    histories : mapping of name to rows
        As for :func:`audioclf.plots.history_chart`; of several models in one run the mean is drawn.
    measure : "loss" or "accuracy"
    side : "Validation", "Training" or "Both"
        Which curves; a run that validates nothing shows its training curve. Validation is dashed.
    height : int
        In pixels, without the legend.

    Raises
    ------
    ParameterError
        For an unknown measure or side.
    """
    if measure not in MEASURES:
        raise ParameterError(unknown(measure, MEASURES, "measure"), "measure")
    if side not in SIDES:
        raise ParameterError(unknown(side, SIDES, "side"), "side")
    points = [point for run, rows in histories.items() for point in _points(run, rows, measure, SIDES[side])]
    last = max((point["epoch"] for point in points), default=1)
    legend = {"orient": "top", "columns": 1, "labelLimit": 360, "symbolType": "stroke", "symbolStrokeWidth": 4}
    encoding = {
        "x": epochs_axis(last),
        "y": value_axis(measure),
        "color": name("run", scale={"domain": list(histories)}, legend=legend),
        "strokeDash": dashes(None),
    }
    tooltip = [
        name("run", "Run"),
        name("curve", "Curve"),
        quantity("epoch", "Epoch", format="d"),
        quantity("value", MEASURES[measure], format=".4f"),
    ]
    dots = mark("point", {"tooltip": tooltip}, filled=True, size=30, opacity=1 if last <= 30 else 0)
    group = layers(points, encoding, mark("line", strokeWidth=2.5), dots)
    return chart(group, height=height + _LEGEND * len(histories))


def accuracies_chart(
    accuracies: Sequence[tuple[str, float, float | None, float | None]],
) -> Spec:
    """Accuracies with their intervals side by side, one colour per run.

    Parameters
    ----------
    accuracies : sequence of (name, accuracy, low, high)
        In [0, 1]; the ends of the interval are None where it is not known.
    """
    rows = [
        {
            "run": run,
            "accuracy": accuracy,
            "low": accuracy if low is None else low,
            "high": accuracy if high is None else high,
            "text": f"{accuracy:.1%}",
        }
        for run, accuracy, low, high in accuracies
    ]
    runs = [run for run, *_ in accuracies]
    encoding = {
        "y": names_axis("run", runs, limit=260),
        "color": name("run", scale={"domain": runs}, legend=None),
        "tooltip": [
            name("run", "Run"),
            quantity("accuracy", "Accuracy", format=".1%"),
            quantity("low", "from", format=".1%"),
            quantity("high", "to", format=".1%"),
        ],
    }

    def share(field: str) -> Spec:
        scale = {"domain": [0, 1.12], "nice": False}
        return quantity(field, "Accuracy, with 95 % interval", scale=scale, axis=PERCENTS)

    words = {"x": share("high"), "text": name("text"), "color": {"value": GREY}}
    group = layers(
        rows,
        encoding,
        mark("rule", {"x": share("low"), "x2": {"field": "high"}}, strokeWidth=4, opacity=0.45, strokeCap="round"),
        mark("point", {"x": share("accuracy")}, filled=True, size=110, opacity=1),
        mark("text", words, align="left", dx=8),
    )
    return chart(group, height=_ROW * max(1, len(rows)) + _AXIS)


def _points(name: str, rows: Sequence[Mapping[str, Any]], measure: str, curves: Sequence[str]) -> list[dict[str, Any]]:
    """Mean over a run's models for every epoch and curve; what is no number is left out."""
    keys = {"Training": measure, "Validation": f"val_{measure}"}
    validated = any(row.get(keys["Validation"]) is not None for row in rows)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    for curve in curves if validated else ("Training",):
        for row in rows:
            value = row.get(keys[curve])
            if value is not None and math.isfinite(value):
                found[curve, int(row["epoch"])].append(float(value))
    return [
        {"run": name, "curve": curve, "epoch": epoch, "value": sum(values) / len(values)}
        for (curve, epoch), values in found.items()
    ]
