"""Bars over a data set: which part of a split its classes go to, and how far they can be told without listening."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

from audioclf.plots.curves import GREY, layered

if TYPE_CHECKING:
    import altair as alt

PARTS: Final = ("training", "validation", "test")

_BAR: Final = 26
_AXIS: Final = 60
_LABEL: Final = 180
_LEGEND: Final = 44


def parts_chart(counts: Mapping[str, Mapping[str, int]]) -> alt.Chart:
    """Clips of every class as a bar, divided by the part they go to.

    Parameters
    ----------
    counts : mapping of class to mapping of part to number of clips
        Parts are those of :data:`PARTS`.
    """
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"class": name, "part": part, "clips": int(parts.get(part, 0)), "order": order}
        for name, parts in counts.items()
        for order, part in enumerate(PARTS)
        if parts.get(part, 0)
    ]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=rows))
        .mark_bar()
        .encode(
            y=alt.Y(
                "class:N",
                title=None,
                scale=alt.Scale(domain=list(counts)),
                axis=alt.Axis(labelLimit=_LABEL, ticks=False, labelOverlap=False),
            ),
            x=alt.X("clips:Q", title="Clips", axis=alt.Axis(tickMinStep=1, format="d")),
            color=alt.Color("part:N", title=None, scale=alt.Scale(domain=list(PARTS)), legend=alt.Legend(orient="top")),
            order=alt.Order("order:Q"),
            tooltip=[
                alt.Tooltip("class:N", title="Class"),
                alt.Tooltip("part:N", title="Part"),
                alt.Tooltip("clips:Q", title="Clips"),
            ],
        )
        .properties(height=_BAR * max(1, len(counts)) + _AXIS + _LEGEND, width="container")
    )
    return chart


def shortcut_chart(columns: Sequence[str], accuracies: Sequence[float], chance: float) -> alt.LayerChart:
    """Accuracy that each column reaches by itself as bars, with a line where guessing stands.

    Parameters
    ----------
    columns : sequence of str
    accuracies : sequence of float
        One per column, 0 to 1.
    chance : float
        Accuracy of guessing.
    """
    import altair as alt

    rows: list[dict[str, Any]] = [
        {"column": column, "accuracy": float(value), "text": f"{value:.0%}"}
        for column, value in zip(columns, accuracies, strict=True)
    ]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "column:N",
            title=None,
            scale=alt.Scale(domain=list(columns)),
            axis=alt.Axis(labelLimit=_LABEL, ticks=False, labelOverlap=False),
        ),
        x=alt.X("accuracy:Q", title="Right without listening", axis=alt.Axis(format=".0%", tickCount=5)).scale(
            domain=[0, 1.08], nice=False
        ),
        tooltip=[
            alt.Tooltip("column:N", title="Through"),
            alt.Tooltip("accuracy:Q", title="Right", format=".1%"),
        ],
    )
    guess = alt.Chart(alt.InlineData(values=[{"chance": chance, "text": f"guessing: {chance:.0%}"}]))
    return layered(
        base.mark_bar(cornerRadiusEnd=3),
        base.mark_text(align="left", dx=5, color=GREY).encode(text="text:N"),
        guess.mark_rule(color=GREY, strokeDash=[4, 3], strokeWidth=1.5).encode(
            x="chance:Q", tooltip=[alt.Tooltip("text:N", title="Chance")]
        ),
    ).properties(height=_BAR * max(1, len(rows)) + _AXIS, width="container")
