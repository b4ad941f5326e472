"""A long recording with the clips it will be cut into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final, Protocol, cast

import numpy as np
import numpy.typing as npt

from audioclf.plots.curves import GREY
from audioclf.plots.theme import plain

if TYPE_CHECKING:
    import altair as alt

_POINTS: Final = 900
_LEGEND: Final = 50
MOST: Final = 400
"""Cuts that are drawn; of more only the first."""


class Stretch(Protocol):
    """What is drawn of a cut: seconds, and its class."""

    @property
    def start(self) -> float:
        """Where it starts."""

    @property
    def end(self) -> float:
        """Where it ends."""

    @property
    def label(self) -> str:
        """Its class."""


def cuts_chart(
    levels: npt.NDArray[Any], frame: float, cuts: Sequence[Stretch], span: tuple[float, float], *, height: int = 220
) -> alt.LayerChart:
    """Outline of a recording, with a coloured stretch for every cut; the gaps are what is left out.

    Parameters
    ----------
    levels : ndarray, shape (n_frames,)
        Root mean square of every frame, in dB of full scale.
    frame : float
        Length of a frame in seconds.
    cuts : sequence of Cut
    span : (float, float)
        Stretch that is drawn, in seconds.
    height : int
        In pixels.
    """
    import altair as alt

    begin, end = span
    shown = [cut for cut in cuts if cut.end > begin and cut.start < end][:MOST]
    first, last = int(begin / frame), max(int(np.ceil(end / frame)), int(begin / frame) + 1)
    amplitude = 10 ** (np.asarray(levels[first:last], dtype=np.float64) / 20)
    edges = np.unique(np.linspace(0, len(amplitude), _POINTS + 1).astype(int)[:-1])
    tops = np.maximum.reduceat(amplitude, edges) if len(amplitude) else amplitude
    tops = tops / (tops.max() if len(tops) and tops.max() > 0 else 1.0)
    outline = [
        {"t": round(float((first + edge) * frame), 3), "low": -round(float(top), 4), "high": round(float(top), 4)}
        for edge, top in zip(edges, tops, strict=True)
    ]
    marks = [
        {
            "from": max(cut.start, begin),
            "to": min(cut.end, end),
            "class": plain(cut.label, 40) or "clip",
            "turn": number % 2,
            "begins": cut.start,
            "length": cut.end - cut.start,
        }
        for number, cut in enumerate(shown)
    ]
    time = alt.Scale(domain=[begin, end], nice=False)
    up = alt.Scale(domain=[-1, 1])
    named = len({mark["class"] for mark in marks}) > 1
    wave = (
        alt.Chart(alt.InlineData(values=outline))
        .mark_area(color=GREY, opacity=0.85)
        .encode(
            x=alt.X("t:Q", title="Time (s)", scale=time, axis=alt.Axis(grid=False)),
            y=alt.Y("low:Q", scale=up, axis=None),
            y2="high:Q",
        )
    )
    clips = (
        alt.Chart(alt.InlineData(values=marks))
        .mark_rect(stroke=GREY, strokeWidth=1)
        .encode(
            x=alt.X("from:Q", scale=time),
            x2="to:Q",
            color=alt.Color("class:N", title="Class", legend=alt.Legend(orient="top", symbolLimit=12))
            if named
            else alt.Color("turn:N", legend=None),
            opacity=alt.Opacity("turn:N", legend=None, scale=alt.Scale(domain=[0, 1], range=[0.45, 0.25])),
            tooltip=[
                alt.Tooltip("class:N", title="Class"),
                alt.Tooltip("begins:Q", title="From (s)", format=".2f"),
                alt.Tooltip("length:Q", title="Length (s)", format=".2f"),
            ],
        )
    )
    return cast("alt.LayerChart", alt.layer(clips, wave).properties(height=height + (_LEGEND if named else 0)))
