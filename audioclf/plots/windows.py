"""What a model says along a sound that is longer than what it takes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.plots.curves import GREY
from audioclf.plots.theme import SEQUENTIAL, theme_of

if TYPE_CHECKING:
    import altair as alt

_ROW: Final = 30
_LABEL: Final = 220


def windows_chart(
    starts: Sequence[float],
    length: float,
    classes: Sequence[str],
    probabilities: npt.ArrayLike,
    *,
    most: int = 6,
    theme: str = "light",
) -> alt.Chart:
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
    import altair as alt

    theme_of(theme)
    rows = np.asarray(probabilities, dtype=np.float64)
    if rows.shape != (len(starts), len(classes)):
        raise ParameterError(
            f"Probabilities of {len(starts)} windows and {len(classes)} classes have that shape, got {rows.shape}.",
            "probabilities",
        )
    shown = np.argsort(-rows.max(axis=0), kind="stable")[:most].tolist()
    values: list[dict[str, Any]] = [
        {"class": classes[number], "start": start, "end": start + length, "probability": float(row[number])}
        for start, row in zip(starts, rows, strict=True)
        for number in shown
    ]
    names = [classes[number] for number in shown]
    chart: alt.Chart = (
        alt.Chart(alt.InlineData(values=values))
        .mark_rect(stroke=GREY, strokeWidth=0.5, strokeOpacity=0.4)
        .encode(
            x=alt.X("start:Q", title="Time (s)", axis=alt.Axis(grid=False)).scale(nice=False),
            x2="end:Q",
            y=alt.Y(
                "class:N",
                title=None,
                scale=alt.Scale(domain=names),
                axis=alt.Axis(labelLimit=_LABEL, ticks=False, domain=False),
            ),
            color=alt.Color(
                "probability:Q",
                title="Probability",
                scale=alt.Scale(scheme=SEQUENTIAL, domain=[0, 1], reverse=theme == "light"),
                legend=alt.Legend(format=".0%", gradientLength=90),
            ),
            tooltip=[
                alt.Tooltip("class:N", title="Class"),
                alt.Tooltip("start:Q", title="From (s)", format=".2f"),
                alt.Tooltip("end:Q", title="To (s)", format=".2f"),
                alt.Tooltip("probability:Q", title="Probability", format=".1%"),
            ],
        )
        .properties(height=alt.Step(_ROW), width="container")
    )
    return chart
