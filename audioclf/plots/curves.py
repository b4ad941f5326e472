"""Charts of numbers: learning curves, probabilities, class balance. Colours come from the page's theme."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown

if TYPE_CHECKING:
    import altair as alt

MEASURES: Final = {"loss": "Loss", "accuracy": "Accuracy"}
CURVES: Final = ("Training", "Validation")
GREY: Final = "#86808c"
"""Readable on a light and on a dark page alike."""

_BAR: Final = 26
_AXIS: Final = 60
_LABEL: Final = 220


def history_chart(
    history: Sequence[Mapping[str, Any]],
    *,
    measure: str = "accuracy",
    best_epoch: int | None = None,
    height: int = 280,
) -> alt.LayerChart:
    """Learning curves: training and validation against the epoch.

    Parameters
    ----------
    history : sequence of mappings
        One per epoch and fit: ``epoch`` (from 1), ``loss``, ``accuracy``, ``val_loss``, ``val_accuracy`` (None
        where not measured) and, where several models are trained, ``fit``.
    measure : "loss" or "accuracy"
    best_epoch : int or None
        Marked by a line: the epoch whose weights are kept.
    height : int
        In pixels.

    Returns
    -------
    altair.LayerChart
        Training solid, validation dashed; with several fits a thin line for each and a thick one for
        their mean.

    Raises
    ------
    ParameterError
        For an unknown measure.
    """
    import altair as alt

    if measure not in MEASURES:
        raise ParameterError(unknown(measure, MEASURES, "measure"), "measure")
    rows = _long(history, measure)
    fits = {row["fit"] for row in rows}
    last = max((int(row["epoch"]) for row in rows), default=1)
    legend = (
        alt.Legend(orient="top", symbolType="stroke", symbolSize=400, symbolStrokeWidth=3, symbolOpacity=1)
        if any(row["curve"] == CURVES[1] for row in rows)  # a curve alone needs no name
        else None
    )
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)).scale(
            domain=[1, max(2, last)], nice=False
        ),
        color=alt.Color("curve:N", title=None, scale=alt.Scale(domain=list(CURVES)), legend=legend),
        strokeDash=alt.StrokeDash(
            "curve:N", title=None, scale=alt.Scale(domain=list(CURVES), range=[[1, 0], [6, 4]]), legend=legend
        ),
    )
    y = _y(measure)
    said = [
        alt.Tooltip("curve:N", title="Curve"),
        alt.Tooltip("epoch:Q", title="Epoch", format="d"),
        alt.Tooltip("value:Q", title=MEASURES[measure], format=".4f"),
    ]
    if len(fits) > 1:
        layers = [
            base.mark_line(strokeWidth=1, opacity=0.3).encode(y=y, detail="fit:N"),
            base.mark_line(strokeWidth=3).encode(y=alt.Y("mean(value):Q").title(MEASURES[measure])),
            base.mark_point(size=60, opacity=0).encode(y=y, tooltip=[alt.Tooltip("fit:N", title="Fit"), *said]),
        ]
    else:
        # A point for every epoch shows the first one too, and a short training as what it is.
        layers = [
            base.mark_line(strokeWidth=2.5).encode(y=y),
            base.mark_point(filled=True, size=30, opacity=1 if last <= 60 else 0).encode(y=y, tooltip=said),
        ]
    if best_epoch is not None:
        marked = alt.Chart(alt.InlineData(values=[{"epoch": best_epoch, "text": f"kept: epoch {best_epoch}"}]))
        on_right = best_epoch > 0.8 * last
        layers.append(marked.mark_rule(color=GREY, strokeDash=[2, 3]).encode(x="epoch:Q"))
        layers.append(
            marked.mark_text(
                color=GREY,
                align="right" if on_right else "left",
                dx=-5 if on_right else 5,
                baseline="bottom" if measure == "accuracy" else "top",
            ).encode(x="epoch:Q", y=alt.value("height" if measure == "accuracy" else 2), text="text:N")  # off the curve
        )
    return layered(*layers).properties(height=height, width="container")


def rate_chart(history: Sequence[Mapping[str, Any]], *, height: int = 165) -> alt.LayerChart:
    """Course of the learning rate over the epochs, on a logarithmic axis where it falls far.

    Parameters
    ----------
    history : sequence of mappings
        As for :func:`history_chart`, with ``learning_rate``; of several models the mean is drawn.
    height : int
        In pixels.
    """
    import altair as alt

    rows = [
        {"epoch": int(row["epoch"]), "rate": float(rate)}
        for row in history
        if (rate := row.get("learning_rate")) is not None and math.isfinite(rate)
    ]
    last = max((row["epoch"] for row in rows), default=1)
    positive = [row["rate"] for row in rows if row["rate"] > 0]
    # a tenth of the epochs must lie there: a cosine ends near zero, and is a cosine on a plain axis only
    low = sorted(positive)[len(positive) // 10] if positive else 0.0
    far = len(positive) == len(rows) and bool(rows) and max(positive) > 50 * low
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        x=alt.X("epoch:Q", title="Epoch", axis=alt.Axis(tickMinStep=1, format="d", grid=False)).scale(
            domain=[1, max(2, last)], nice=False
        ),
        y=alt.Y(
            "mean(rate):Q",
            title="Learning rate",
            scale=alt.Scale(type="log") if far else alt.Scale(zero=True),
            axis=alt.Axis(format="~g" if not far else ".0e", tickCount=3),
        ),
        tooltip=[
            alt.Tooltip("epoch:Q", title="Epoch", format="d"),
            alt.Tooltip("mean(rate):Q", title="Learning rate", format=".3~g"),
        ],
    )
    return layered(
        base.mark_line(strokeWidth=2.5, interpolate="step-after"), base.mark_point(size=60, opacity=0)
    ).properties(height=height, width="container")


def probability_chart(
    classes: Sequence[str], probabilities: Sequence[float], *, most: int = 10, true: str | None = None
) -> alt.LayerChart:
    """Probabilities as bars, the most probable class first.

    Parameters
    ----------
    classes : sequence of str
    probabilities : sequence of float [shape=(n_classes,)], in [0, 1]
    most : int
        Classes that are shown at most.
    true : str or None
        Class the clip has, marked by a tick in its name.
    """
    import altair as alt

    ranked = sorted(zip(classes, probabilities, strict=True), key=lambda pair: -pair[1])[:most]
    rows: list[dict[str, Any]] = [
        {"class": f"{name} ✓" if name == true else name, "probability": float(share), "text": _percent(float(share))}
        for name, share in ranked
    ]
    names = [row["class"] for row in rows]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "class:N",
            title=None,
            scale=alt.Scale(domain=names),
            axis=alt.Axis(labelLimit=_LABEL, ticks=False, labelOverlap=False),
        ),
        x=alt.X(
            "probability:Q",
            title="Probability",
            scale=alt.Scale(domain=[0, 1.12], nice=False),
            axis=alt.Axis(format="%", values=[0, 0.25, 0.5, 0.75, 1]),
        ),
        tooltip=[
            alt.Tooltip("class:N", title="Class"),
            alt.Tooltip("probability:Q", title="Probability", format=".2%"),
        ],
    )
    return layered(
        base.mark_bar(cornerRadiusEnd=3),
        base.mark_text(align="left", dx=6, color=GREY).encode(text="text:N"),
    ).properties(height=_BAR * max(1, len(rows)) + _AXIS, width="container")


def balance_chart(counts: Mapping[str, int]) -> alt.LayerChart:
    """Number of clips of each class as bars, in the order given.

    Parameters
    ----------
    counts : mapping of class to number of clips
    """
    import altair as alt

    rows: list[dict[str, Any]] = [{"class": name, "clips": int(count)} for name, count in counts.items()]
    base = alt.Chart(alt.InlineData(values=rows)).encode(
        y=alt.Y(
            "class:N",
            title=None,
            scale=alt.Scale(domain=[row["class"] for row in rows]),
            axis=alt.Axis(labelLimit=_LABEL, ticks=False, labelOverlap=False),
        ),
        x=alt.X("clips:Q", title="Clips", axis=alt.Axis(tickMinStep=1, format="d")).scale(
            domain=[0, 1.08 * max((row["clips"] for row in rows), default=1)], nice=False
        ),
        tooltip=[alt.Tooltip("class:N", title="Class"), alt.Tooltip("clips:Q", title="Clips")],
    )
    return layered(
        base.mark_bar(cornerRadiusEnd=3),
        base.mark_text(align="left", dx=5, color=GREY).encode(text="clips:Q"),
    ).properties(height=_BAR * max(1, len(rows)) + _AXIS, width="container")


def layered(*charts: Any) -> alt.LayerChart:
    """Charts on top of each other."""
    import altair as alt

    return cast("alt.LayerChart", alt.layer(*charts))


def _y(measure: str) -> alt.Y:
    import altair as alt

    if measure == "accuracy":
        return alt.Y("value:Q", title="Accuracy", scale=alt.Scale(domain=[0, 1]), axis=alt.Axis(format=".0%"))
    return alt.Y("value:Q", title="Loss", scale=alt.Scale(zero=True))


def _long(history: Sequence[Mapping[str, Any]], measure: str) -> list[dict[str, Any]]:
    """One row per point; what was not measured, or is no number, is left out."""
    return [
        {"fit": str(row.get("fit", "")), "epoch": int(row["epoch"]), "curve": curve, "value": float(value)}
        for curve, key in zip(CURVES, (measure, f"val_{measure}"), strict=True)
        for row in history
        if (value := row.get(key)) is not None and math.isfinite(value)
    ]


def _percent(share: float) -> str:
    return "< 0.1 %" if 0 < share < 0.001 else f"{100 * share:.1f} %"
