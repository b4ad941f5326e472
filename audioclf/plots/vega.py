"""Charts as finished Vega-Lite specifications: plain data, which a page sends to the browser as it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

Spec = dict[str, Any]

GREY: Final = "#86808c"
"""Readable on a light and on a dark page alike."""

PERCENTS: Final[Spec] = {"format": "%", "values": [0, 0.25, 0.5, 0.75, 1]}
"""Axis of a share."""

_BAR: Final = 26
_AXIS: Final = 60


def quantity(field: str, title: str | None = None, **more: Any) -> Spec:
    """Encoding of a number: the field that holds it, the title of its axis, and what else Vega-Lite takes."""
    return {"field": field, "type": "quantitative", "title": title, **more}


def name(field: str, title: str | None = None, **more: Any) -> Spec:
    """Encoding of a name."""
    return {"field": field, "type": "nominal", "title": title, **more}


def names_axis(field: str, names: Sequence[str], *, limit: int = 220, **axis: Any) -> Spec:
    """Encoding of a y axis with a row for each name, in the order given."""
    shown = {"labelLimit": limit, "ticks": False, "labelOverlap": False, **axis}
    return name(field, scale={"domain": list(names)}, axis=shown)


def epochs_axis(last: int) -> Spec:
    """Encoding of an x axis that counts epochs from 1."""
    axis = {"tickMinStep": 1, "format": "d", "grid": False}
    return quantity("epoch", "Epoch", axis=axis, scale={"domain": [1, max(2, last)], "nice": False})


def mark(kind: str, encoding: Mapping[str, Any] | None = None, **about: Any) -> Spec:
    """One layer of a chart."""
    return {"mark": {"type": kind, **about}, "encoding": dict(encoding or {})}


def layers(rows: Iterable[Mapping[str, Any]], encoding: Mapping[str, Any], *marks: Spec) -> Spec:
    """Marks on top of each other that share data and encoding.

    The data stands inside the layer: at the top of a specification Streamlit would turn it into a table first.
    """
    return {"data": {"values": list(rows)}, "encoding": dict(encoding), "layer": list(marks)}


def chart(*groups: Spec, height: int | Spec) -> Spec:
    """The specification, as wide as its place on the page."""
    return {"layer": list(groups), "height": height, "width": "container"}


def bars_height(n_rows: int) -> int:
    """Height in pixels of a chart with a bar for each of some rows."""
    return _BAR * max(1, n_rows) + _AXIS
