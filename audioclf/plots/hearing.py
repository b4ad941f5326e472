"""Classes over time: a row for each, darker where its score is high."""

from __future__ import annotations

from collections.abc import Sequence

import numpy.typing as npt

from audioclf.plots.vega import Spec, bars_height, chart, layers, mark, name, names_axis, quantity


def hearing_chart(
    classes: Sequence[str], times: Sequence[float], scores: npt.ArrayLike, *, seconds: float, hop: float
) -> Spec:
    """Scores of some classes over time.

    Parameters
    ----------
    classes : sequence of str
        The rows, from above.
    times : sequence of float [shape=(n_windows,)]
        Middle of every window, in seconds.
    scores : array [shape=(n_windows, n_classes)], in 0 to 1
    seconds : float
        Length of the sound.
    hop : float
        From a window to the next, in seconds.
    """
    import numpy as np

    values = np.asarray(scores, float)
    rows = [
        {
            "class": label,
            "from": round(max(0.0, float(time) - hop / 2), 3) if place else 0.0,
            "to": round(min(float(time) + hop / 2, max(seconds, hop)), 3),
            "score": round(float(values[place, number]), 3),
        }
        for number, label in enumerate(classes)
        for place, time in enumerate(times)
        if float(time) - hop / 2 < max(seconds, hop)
    ]
    encoding = {
        "y": names_axis("class", list(classes)),
        "x": quantity("from", "Time (s)", scale={"domain": [0, max(seconds, hop)], "nice": False}),
        "x2": {"field": "to"},
        "opacity": quantity("score", scale={"domain": [0, 1], "range": [0.04, 1]}, legend=None),
        "tooltip": [
            name("class", "Class"),
            quantity("from", "From (s)", format=".2f"),
            quantity("score", "Score", format=".0%"),
        ],
    }
    return chart(layers(rows, encoding, mark("rect", tooltip=True)), height=bars_height(len(classes)))
