"""What a model says along a sound that is longer than what it takes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.plots.theme import SEQUENTIAL, theme_of
from audioclf.plots.vega import GREY, Spec, chart, layers, mark, name, names_axis, quantity

_ROW: Final = 30


def windows_chart(
    starts: Sequence[float],
    length: float,
    classes: Sequence[str],
    probabilities: npt.ArrayLike,
    *,
    most: int = 6,
    theme: str = "light",
) -> Spec:
    """Probability of the leading classes in every window of a sound, time from left to right.

    Parameters
    ----------
    starts : sequence of float
        Where every window begins, in seconds.
    length : float
        How long a window is, in seconds.
    classes : sequence of str
    probabilities : np.ndarray [shape=(n_windows, n_classes)]
    most : int
        Classes that are shown: those that lead somewhere first.
    theme : "light" or "dark"
        Kind of page it lies on: a probability of 0 looks like the page.

    Raises
    ------
    ParameterError
        When the shapes do not fit.
    """
    theme_of(theme)
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.shape != (len(starts), len(classes)):
        raise ParameterError(
            f"Probabilities of {len(starts)} windows and {len(classes)} classes have that shape, got {rows.shape}.",
            "probabilities",
        )
    shown = np.argsort(-rows.max(axis=0), kind="stable")[:most].tolist()
    values = [
        {"class": classes[number], "start": start, "end": start + length, "probability": float(row[number])}
        for start, row in zip(starts, rows, strict=True)
        for number in shown
    ]
    names = [classes[number] for number in shown]
    encoding = {
        "x": quantity("start", "Time (s)", axis={"grid": False}, scale={"nice": False}),
        "x2": {"field": "end"},
        "y": names_axis("class", names, domain=False),
        "color": quantity(
            "probability",
            "Probability",
            scale={"scheme": SEQUENTIAL, "domain": [0, 1], "reverse": theme == "light"},
            legend={"format": ".0%", "gradientLength": 90},
        ),
        "tooltip": [
            name("class", "Class"),
            quantity("start", "From (s)", format=".2f"),
            quantity("end", "To (s)", format=".2f"),
            quantity("probability", "Probability", format=".1%"),
        ],
    }
    cells = mark("rect", stroke=GREY, strokeWidth=0.5, strokeOpacity=0.4)
    return chart(layers(values, encoding, cells), height={"step": _ROW})
