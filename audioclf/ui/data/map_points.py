"""Many points on a plane, in the browser: one is taken by a click, many by a line drawn around them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import streamlit as st

from audioclf.ui.shell import media
from audioclf.ui.sound.component import component

_TEN: Final = "1f77b4 ff7f0e 2ca02c d62728 9467bd 8c564b e377c2 7f7f7f bcbd22 17becf"
_TWENTY: Final = (
    "4c78a8 f58518 54a24b e45756 b279a2 9d755d 439894 b79a20 d67195 79706e 9ecae9 ffbf79 88d27a ff9d98 d6a5c9 d8b5a5"
    " 83bcb6 f2cf5b fcbfd2 bab0ac"
)
_MOST: Final = 20
"""Colours there are; more names have no legend."""

_SPOKEN: Final = {"correct": "#86808c", "predicted wrong": "#e8590c"}
"""Colours of what means something by itself."""

_SCRIPTS: Final = ("sound/element.js", "data/map_points.js")


def palette(known: Sequence[str]) -> list[str]:
    """A colour for each of some names; from the twenty-first on they come again."""
    if set(known) <= set(_SPOKEN):
        return [_SPOKEN[name] for name in known]
    colours = (_TEN if len(known) <= 10 else _TWENTY).split()
    return [f"#{colours[number % len(colours)]}" for number in range(len(known))]


def packed(places: npt.NDArray[np.float32], names: Sequence[str], colours: Sequence[str]) -> tuple[bytes, list[str]]:
    """What the browser fetches once, and what is coloured differently.

    Places [shape=(n, 2)] lie within -1 to 1. A point is called by its name under the pointer; each different text of
    ``colours`` has a colour.
    """
    known = sorted(set(colours))
    numbers = {name: number for number, name in enumerate(known)}
    x, y = np.round(places.astype(float).T, 4).tolist()
    titles = [f"{colour}: {name}" for colour, name in zip(colours, names, strict=True)]
    values = {"x": x, "y": y, "colour": [numbers[one] for one in colours], "names": titles}
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode(), known


def draw(blob: bytes, known: Sequence[str], n: int, key: str, sound: Callable[[int], bytes]) -> list[int]:
    """Draw the ``n`` points of :func:`packed`; returns the numbers of those that are taken, which the session keeps.

    ``sound`` gives the WAV file of the point under the pointer, by its number.
    """
    address = media.address(blob, "application/json")
    colours = palette(known)
    legend = [] if len(known) > _MOST else list(zip(known, colours, strict=True))
    hovered = _sent(st.session_state.get(key), "hovered", address, n)
    heard = {"clip": hovered[0], "sound": media.address(sound(hovered[0]), "audio/wav", key)} if hovered else {}
    result = component("points", "points", ("data/map_points.css",), _SCRIPTS)(
        key=key,
        data={"points": address, "colours": colours, "legend": legend, "heard": heard},
        on_taken_change=lambda: None,
        on_hovered_change=lambda: None,
    )
    return _sent(result, "taken", address, n)


def _sent(values: Mapping[str, Any] | None, name: str, address: str, n: int) -> list[int]:
    """Numbers of points as the browser sent them; what was sent of another map is none of this one."""
    found = (values or {}).get(name)
    clips = found.get("clips") if isinstance(found, Mapping) and found.get("of") == address else None
    return sorted({one for one in clips if type(one) is int and 0 <= one < n}) if isinstance(clips, list) else []
