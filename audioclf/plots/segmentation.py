"""A long recording with the clips it will be cut into."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.plots.theme import plain
from audioclf.plots.vega import GREY, Spec, chart, layers, mark, name, quantity

if TYPE_CHECKING:
    from audioclf.datasets.segmentation import Cut

_POINTS: Final = 900
_LEGEND: Final = 50
MOST: Final = 400
"""Cuts that are drawn; of more only the first."""


def cuts_chart(
    levels: npt.NDArray[Any], frame: float, cuts: Sequence[Cut], span: tuple[float, float], *, height: int = 220
) -> Spec:
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
    time = {"domain": [begin, end], "nice": False}
    up = {"domain": [-1, 1]}
    named = len({row["class"] for row in marks}) > 1
    turn = {"field": "turn", "type": "nominal", "legend": None}
    of_wave = {
        "x": quantity("t", "Time (s)", scale=time, axis={"grid": False}),
        "y": quantity("low", scale=up, axis=None),
        "y2": {"field": "high"},
    }
    of_clips = {
        "x": quantity("from", "Time (s)", scale=time, axis={"grid": False}),
        "x2": {"field": "to"},
        "color": name("class", "Class", legend={"orient": "top", "symbolLimit": 12}) if named else turn,
        "opacity": {**turn, "scale": {"domain": [0, 1], "range": [0.45, 0.25]}},
        "tooltip": [
            name("class", "Class"),
            quantity("begins", "From (s)", format=".2f"),
            quantity("length", "Length (s)", format=".2f"),
        ],
    }
    return chart(
        layers(marks, of_clips, mark("rect", stroke=GREY, strokeWidth=1)),
        layers(outline, of_wave, mark("area", color=GREY, opacity=0.85)),
        height=height + (_LEGEND if named else 0),
    )
