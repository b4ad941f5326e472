"""Charts of numbers: learning curves, probabilities, class balance. Colours come from the page's theme."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.plots.vega import (
    GREY,
    PERCENTS,
    Spec,
    bars_height,
    chart,
    epochs_axis,
    layers,
    mark,
    name,
    names_axis,
    quantity,
)

MEASURES: Final = {"loss": "Loss", "accuracy": "Accuracy"}
CURVES: Final = ("Training", "Validation")


def history_chart(
    history: Sequence[Mapping[str, Any]],
    *,
    measure: str = "accuracy",
    best_epoch: int | None = None,
    height: int = 280,
) -> Spec:
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
    dict
        A Vega-Lite specification: training solid, validation dashed; with several fits a thin line for
        each and a thick one for their mean.

    Raises
    ------
    ParameterError
        For an unknown measure.
    """
    if measure not in MEASURES:
        raise ParameterError(unknown(measure, MEASURES, "measure"), "measure")
    rows = _long(history, measure)
    fits = {row["fit"] for row in rows}
    last = max((int(row["epoch"]) for row in rows), default=1)
    legend: Spec | None = {
        "orient": "top",
        "symbolType": "stroke",
        "symbolSize": 400,
        "symbolStrokeWidth": 3,
        "symbolOpacity": 1,
    }
    if not any(row["curve"] == CURVES[1] for row in rows):  # a curve alone needs no name
        legend = None
    y = value_axis(measure)
    tooltip = [
        name("curve", "Curve"),
        quantity("epoch", "Epoch", format="d"),
        quantity("value", MEASURES[measure], format=".4f"),
    ]
    if len(fits) > 1:
        marks = [
            mark("line", {"y": y, "detail": name("fit")}, strokeWidth=1, opacity=0.3),
            mark("line", {"y": quantity("value", MEASURES[measure], aggregate="mean")}, strokeWidth=3),
            mark("point", {"y": y, "tooltip": [name("fit", "Fit"), *tooltip]}, size=60, opacity=0),
        ]
    else:
        # A point for every epoch shows the first one too, and a short training as what it is.
        marks = [
            mark("line", {"y": y}, strokeWidth=2.5),
            mark("point", {"y": y, "tooltip": tooltip}, filled=True, size=30, opacity=1 if last <= 60 else 0),
        ]
    encoding = {
        "x": epochs_axis(last),
        "color": name("curve", scale={"domain": list(CURVES)}, legend=legend),
        "strokeDash": dashes(legend),
    }
    groups = [layers(rows, encoding, *marks)]
    if best_epoch is not None:
        groups.append(_kept(best_epoch, last, at_top=measure != "accuracy"))
    return chart(*groups, height=height)


def _kept(epoch: int, last: int, *, at_top: bool) -> Spec:
    """A line at the epoch whose weights are kept, with its words off the curve."""
    side = {"align": "right", "dx": -5} if epoch > 0.8 * last else {"align": "left", "dx": 5}
    words = {"y": {"value": 2 if at_top else "height"}, "text": name("text")}
    return layers(
        [{"epoch": epoch, "text": f"kept: epoch {epoch}"}],
        {"x": {"field": "epoch", "type": "quantitative"}},
        mark("rule", color=GREY, strokeDash=[2, 3]),
        mark("text", words, color=GREY, baseline="top" if at_top else "bottom", **side),
    )


def rate_chart(history: Sequence[Mapping[str, Any]], *, height: int = 165) -> Spec:
    """Course of the learning rate over the epochs, on a logarithmic axis where it falls far.

    Parameters
    ----------
    history : sequence of mappings
        As for :func:`history_chart`, with ``learning_rate``; of several models the mean is drawn.
    height : int
        In pixels.
    """
    rows: list[dict[str, Any]] = [
        {"epoch": int(row["epoch"]), "rate": float(rate)}
        for row in history
        if (rate := row.get("learning_rate")) is not None and math.isfinite(rate)
    ]
    last = max((row["epoch"] for row in rows), default=1)
    positive = [row["rate"] for row in rows if row["rate"] > 0]
    # a tenth of the epochs must lie there: a cosine ends near zero, and is a cosine on a plain axis only
    low = sorted(positive)[len(positive) // 10] if positive else 0.0
    far = len(positive) == len(rows) and bool(rows) and max(positive) > 50 * low
    encoding = {
        "x": epochs_axis(last),
        "y": quantity(
            "rate",
            "Step size",
            aggregate="mean",
            scale={"type": "log"} if far else {"zero": True},
            axis={"format": ".0e" if far else "~g", "tickCount": 3},
        ),
        "tooltip": [
            quantity("epoch", "Epoch", format="d"),
            quantity("rate", "Learning rate", aggregate="mean", format=".3~g"),
        ],
    }
    line = mark("line", strokeWidth=2.5, interpolate="step-after")
    return chart(layers(rows, encoding, line, mark("point", size=60, opacity=0)), height=height)


def probability_chart(
    classes: Sequence[str], probabilities: Sequence[float], *, most: int = 10, true: str | None = None
) -> Spec:
    """Probabilities as bars, the most probable class first.

    Parameters
    ----------
    classes : sequence of str
    probabilities : sequence of float [shape=(n_classes,)], in [0, 1]
    most : int
        Classes that are shown at most, beside the true one.
    true : str or None
        Class the clip has, marked by a tick in its name.
    """
    ranked = sorted(zip(classes, probabilities, strict=True), key=lambda pair: -pair[1])
    ranked = ranked[:most] + [pair for pair in ranked[most:] if pair[0] == true]
    rows = [
        {"class": f"{label} ✓" if label == true else label, "probability": float(share), "text": _percent(float(share))}
        for label, share in ranked
    ]
    encoding = {
        "y": names_axis("class", [str(row["class"]) for row in rows]),
        "x": quantity("probability", "Probability", scale={"domain": [0, 1.12], "nice": False}, axis=PERCENTS),
        "tooltip": [name("class", "Class"), quantity("probability", "Probability", format=".2%")],
    }
    words = mark("text", {"text": name("text")}, align="left", dx=6, color=GREY)
    return chart(layers(rows, encoding, mark("bar", cornerRadiusEnd=3), words), height=bars_height(len(rows)))


def balance_chart(counts: Mapping[str, int]) -> Spec:
    """Number of clips of each class as bars, in the order given.

    Parameters
    ----------
    counts : mapping of class to number of clips
    """
    rows = [{"class": label, "clips": int(count)} for label, count in counts.items()]
    scale = {"domain": [0, 1.08 * max((int(count) for count in counts.values()), default=1)], "nice": False}
    encoding = {
        "y": names_axis("class", list(counts)),
        "x": quantity("clips", "Clips", axis={"tickMinStep": 1, "format": "d"}, scale=scale),
        "tooltip": [name("class", "Class"), quantity("clips", "Clips")],
    }
    words = mark("text", {"text": quantity("clips")}, align="left", dx=5, color=GREY)
    return chart(layers(rows, encoding, mark("bar", cornerRadiusEnd=3), words), height=bars_height(len(rows)))


def value_axis(measure: str) -> Spec:
    """Encoding of the y axis of learning curves."""
    if measure == "accuracy":
        return quantity("value", "Accuracy", scale={"domain": [0, 1]}, axis={"format": ".0%"})
    return quantity("value", "Loss", scale={"zero": True})


def dashes(legend: Spec | None) -> Spec:
    """Encoding that draws training curves solid and validation curves dashed."""
    return name("curve", scale={"domain": list(CURVES), "range": [[1, 0], [6, 4]]}, legend=legend)


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


def share_chart(shares: Sequence[float], curves: Mapping[str, Sequence[float]]) -> Spec:
    """Probability by the share of a map that was removed or put in.

    Parameters
    ----------
    shares : sequence of float
        In [0, 1].
    curves : mapping of str to sequence of float
        A probability for every share, by the name of the curve.
    """
    rows = [
        {"share": share, "probability": value, "curve": title}
        for title, curve in curves.items()
        for share, value in zip(shares, curve, strict=True)
    ]
    encoding = {
        "x": quantity("share", "Share of the map", axis={**PERCENTS, "grid": False}),
        "y": quantity("probability", "Probability", scale={"domain": [0, 1]}),
        "color": name("curve", None, sort=list(curves), legend={"orient": "top", "direction": "horizontal"}),
    }
    return chart(layers(rows, encoding, mark("line", point=True)), height=260)
