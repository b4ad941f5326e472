"""Charts of changed clips: probabilities before and after, and accuracy as the change grows."""

from __future__ import annotations

from collections.abc import Sequence

from audioclf.plots.vega import GREY, PERCENTS, Spec, bars_height, chart, layers, mark, name, names_axis, quantity


def before_after_chart(
    classes: Sequence[str], before: Sequence[float], after: Sequence[float], *, most: int = 8, true: str | None = None
) -> Spec:
    """Probabilities after a change as bars, those before it as ticks.

    Parameters
    ----------
    classes : sequence of str
    before, after : sequence of float [shape=(n_classes,)], in [0, 1]
    most : int
        Classes that are shown at most: those that are or were the most probable, in the order of before.
    true : str or None
        Class the clip has, marked by a tick in its name.
    """
    order = sorted(range(len(classes)), key=lambda n: -max(before[n], after[n]))[:most]
    order.sort(key=lambda n: -before[n])
    rows = [
        {
            "class": f"{classes[n]} ✓" if classes[n] == true else classes[n],
            "before": float(before[n]),
            "after": float(after[n]),
            "text": f"{100 * after[n]:.1f} %",
        }
        for n in order
    ]
    scale = {"domain": [0, 1.12], "nice": False}
    encoding = {
        "y": names_axis("class", [str(row["class"]) for row in rows]),
        "tooltip": [
            name("class", "Class"),
            quantity("before", "Before", format=".2%"),
            quantity("after", "After", format=".2%"),
        ],
    }
    x = quantity("after", "Probability", scale=scale, axis=PERCENTS)
    bars = mark("bar", {"x": x}, cornerRadiusEnd=3)
    words = mark("text", {"x": x, "text": name("text")}, align="left", dx=6, color=GREY)
    ticks = mark(
        "tick", {"x": quantity("before", "Probability", scale=scale, axis=PERCENTS)}, color=GREY, thickness=3, size=20
    )
    return chart(layers(rows, encoding, bars, words, ticks), height=bars_height(len(rows)))


def robustness_chart(
    values: Sequence[float],
    per_class: Sequence[Sequence[float | None]],
    accuracy: Sequence[float],
    classes: Sequence[str],
    *,
    unit: str,
    chosen: str | None = None,
    height: int = 320,
) -> Spec:
    """Accuracy of every class against how much the clips were changed, and of all clips as a thick line.

    Parameters
    ----------
    values : sequence of float
        What the parameter was set to, in the order of the axis.
    per_class : sequence of sequences
        For each value the accuracy of every class; None of a class without clips.
    accuracy : sequence of float
        Over all clips.
    classes : sequence of str
    unit : str
        Title of the axis.
    chosen : str or None
        Class whose line stands out.
    height : int
        In pixels.
    """
    order = [f"{value:g}" for value in values]
    rows = [
        {"value": at, "class": label, "accuracy": share, "chosen": label == chosen}
        for at, shares in zip(order, per_class, strict=True)
        for label, share in zip(classes, shares, strict=True)
        if share is not None
    ]
    x = {"field": "value", "type": "ordinal", "sort": order, "title": unit, "axis": {"labelAngle": 0}}
    y = quantity("accuracy", "Accuracy", scale={"domain": [0, 1], "nice": False}, axis=PERCENTS)
    tooltip = [name("class", "Class"), name("value", unit), quantity("accuracy", "Accuracy", format=".1%")]
    lines = mark(
        "line",
        {
            "color": name("class", scale={"domain": list(classes)}, legend={"title": None, "labelLimit": 160}),
            "opacity": {"condition": {"test": "datum.chosen", "value": 1}, "value": 0.2 if chosen else 0.7},
            "tooltip": tooltip,
        },
        strokeWidth=1.5,
        point=True,
    )
    whole = [{"value": at, "class": "all clips", "accuracy": share} for at, share in zip(order, accuracy, strict=True)]
    thick = mark("line", {"tooltip": tooltip}, strokeWidth=4, color=GREY, point={"filled": True, "color": GREY})
    encoding = {"x": x, "y": y}
    return chart(layers(rows, encoding, lines), layers(whole, encoding, thick), height=height)
