"""Many points on a plane: every clip of a data set, coloured by what it is."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audioclf.plots.vega import Spec, name, quantity

BOX, PICK = "box", "pick"
"""Names of the selections: a box that is drawn, a point that is clicked."""

_MOST_IN_LEGEND = 20
_WRONG = {"correct": "#86808c", "predicted wrong": "#e8590c"}


def scatter_chart(
    places: npt.NDArray[np.float32],
    names: Sequence[str],
    colours: Sequence[str],
    *,
    title: str,
    height: int = 520,
) -> Spec:
    """Points that can be hovered over, clicked, and taken together in a box.

    Parameters
    ----------
    places : np.ndarray [shape=(n, 2)]
    names : sequence of str
        What a point is called under the pointer.
    colours : sequence of str
        What every point is coloured by.
    title : str
        What that is.
    height : int
        In pixels.

    Returns
    -------
    dict
        A Vega-Lite specification; a selected point has its number in the field ``n``.
    """
    rows = [
        {"x": round(float(x), 4), "y": round(float(y), 4), "n": number, "clip": clip, "c": colour}
        for number, ((x, y), clip, colour) in enumerate(zip(places, names, colours, strict=True))
    ]
    known = sorted(set(colours))
    many = len(known) > _MOST_IN_LEGEND
    scale: Spec = {"domain": known, "scheme": "category10" if len(known) <= 10 else "tableau20"}
    if set(known) <= set(_WRONG):
        scale = {"domain": list(_WRONG), "range": list(_WRONG.values())}
    legend = None if many else {"orient": "bottom", "columns": 5, "symbolOpacity": 1, "labelLimit": 160}
    size = 70 if len(rows) <= 500 else 36 if len(rows) <= 3000 else 14
    blank: Spec = {"axis": None, "scale": {"domain": [-1.05, 1.05], "nice": False}}
    view: Spec = {
        "data": {"values": rows},
        # shapes are drawn on a canvas, so that ten thousand of them stay fluid
        "mark": {"type": "circle", "size": size, "opacity": 0.8, "cursor": "pointer"},
        "params": [
            {"name": PICK, "select": {"type": "point", "fields": ["n"], "on": "click", "toggle": False}},
            {"name": BOX, "select": {"type": "interval", "encodings": ["x", "y"]}},
        ],
        "encoding": {
            "x": quantity("x", **blank),
            "y": quantity("y", **blank),
            "color": name("c", title, scale=scale, legend=legend),
            "tooltip": [name("c", title), name("clip", "Clip")],
        },
    }
    return {
        "layer": [view],
        "height": height,
        "width": "container",
        "config": {"view": {"stroke": None}},
        "usermeta": {"embedOptions": {"renderer": "canvas"}},
    }
