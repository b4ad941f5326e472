"""Charts of several runs: their learning curves over each other, their accuracies side by side."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.plots.curves import CURVES, GREY, MEASURES, layered

if TYPE_CHECKING:
    import altair as alt

SIDES: Final = {"Validation": ("Validation",), "Training": ("Training",), "Both": CURVES}
"""Which curves are drawn, by what a reader can choose."""

_LEGEND: Final = 20
_ROW: Final = 34
_AXIS: Final = 60
_LABEL: Final = 260


def histories_chart(
    histories: Mapping[str, Sequence[Mapping[str, Any]]],
    *,
    measure: str = "accuracy",
    side: str = "Validation",
    height: int = 300,
) -> alt.LayerChart:
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
    import altair as alt

    if measure not in MEASURES:
        raise ParameterError(unknown(measure, MEASURES, "measure"), "measure")
    if side not in SIDES:
        raise ParameterError(unknown(side, SIDES, "side"), "side")
    points = [point for name, rows in histories.items() for point in _points(name, rows, measure, SIDES[side])]
    last = max((point["epoch"] for point in points), default=1)
    percent = measure == "accuracy"
    base = alt.Chart(alt.InlineData(values=points)).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)).scale(
            domain=[1, max(2, last)], nice=False
        ),
        y=alt.Y(
            "value:Q",
            title=MEASURES[measure],
            scale=alt.Scale(domain=[0, 1]) if percent else alt.Scale(zero=True),
            axis=alt.Axis(format=".0%") if percent else alt.Axis(),
        ),
        color=alt.Color(
            "run:N",
            title=None,
            scale=alt.Scale(domain=list(histories)),
            legend=alt.Legend(orient="top", columns=1, labelLimit=360, symbolType="stroke", symbolStrokeWidth=4),
        ),
        strokeDash=alt.StrokeDash(
            "curve:N", title=None, scale=alt.Scale(domain=list(CURVES), range=[[1, 0], [6, 4]]), legend=None
        ),
    )
    said = [
        alt.Tooltip("run:N", title="Run"),
        alt.Tooltip("curve:N", title="Curve"),
        alt.Tooltip("epoch:Q", title="Epoch", format="d"),
        alt.Tooltip("value:Q", title=MEASURES[measure], format=".4f"),
    ]
    return layered(
        base.mark_line(strokeWidth=2.5),
        base.mark_point(filled=True, size=30, opacity=1 if last <= 30 else 0).encode(tooltip=said),
    ).properties(height=height + _LEGEND * len(histories), width="container")


def accuracies_chart(
    accuracies: Sequence[tuple[str, float, float | None, float | None]],
) -> alt.LayerChart:
    """Accuracies with their intervals side by side, one colour per run.

    Parameters
    ----------
    accuracies : sequence of (name, accuracy, low, high)
        In [0, 1]; the ends of the interval are None where it is not known.
    """
    import altair as alt

    rows: list[dict[str, Any]] = [
        {
            "run": name,
            "accuracy": accuracy,
            "low": accuracy if low is None else low,
            "high": accuracy if high is None else high,
            "text": f"{accuracy:.1%}",
        }
        for name, accuracy, low, high in accuracies
    ]
    names = [row["run"] for row in rows]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "run:N",
            title=None,
            scale=alt.Scale(domain=names),
            axis=alt.Axis(labelLimit=_LABEL, ticks=False, labelOverlap=False),
        ),
        color=alt.Color("run:N", scale=alt.Scale(domain=names), legend=None),
        tooltip=[
            alt.Tooltip("run:N", title="Run"),
            alt.Tooltip("accuracy:Q", title="Accuracy", format=".1%"),
            alt.Tooltip("low:Q", title="from", format=".1%"),
            alt.Tooltip("high:Q", title="to", format=".1%"),
        ],
    )

    def share(field: str) -> alt.X:
        return alt.X(
            f"{field}:Q",
            title="Accuracy, with 95 % interval",
            scale=alt.Scale(domain=[0, 1.12], nice=False),
            axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        )

    return layered(
        base.mark_rule(strokeWidth=4, opacity=0.45, strokeCap="round").encode(x=share("low"), x2="high:Q"),
        base.mark_point(filled=True, size=110, opacity=1).encode(x=share("accuracy")),
        base.mark_text(align="left", dx=8).encode(x=share("high"), text="text:N", color=alt.value(GREY)),
    ).properties(height=_ROW * max(1, len(rows)) + _AXIS, width="container")


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
