"""A slider over the usual values of a parameter, above the picture that follows while it is dragged.

Streamlit's own sliders send a value when they are released. This one sends the newest value as soon as the server has
drawn the one before, so that nothing queues up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import streamlit as st

from audioclf.features import Feature, trade_offs, views
from audioclf.ui.sound.component import component

VALUES: Final[dict[str, tuple[int, ...]]] = {
    "n_fft": tuple(2**k for k in range(6, 15)),
    "hop_length": tuple(2**k for k in range(5, 13)),
    "n_mels": (8, 16, 24, 32, 40, 64, 80, 100, 128, 160, 200, 256),
    "n_mfcc": (2, 5, 8, 10, 13, 16, 20, 26, 30, 40, 60, 80, 128),
    "n_bins": (12, 24, 36, 48, 60, 72, 84, 96),
    "bins_per_octave": (12, 24, 36, 48, 60),
}
"""Values that are tried, by the name of the parameter."""


@dataclass(frozen=True)
class Moved:
    """Where the slider of a feature was moved.

    Attributes
    ----------
    name : str
        Parameter.
    value : int
    held : bool
        Whether it is still being dragged.
    number : int
        How many movements have been sent; a later one counts.
    """

    name: str
    value: int
    held: bool
    number: int


def moved(kind: str) -> Moved | None:
    """The newest movement of a feature's slider that the form does not hold yet."""
    found = (st.session_state.get(_key(kind)) or {}).get("moved")
    if not isinstance(found, Mapping):
        return None
    name, value, number = found.get("name"), found.get("value"), found.get("number")
    if name not in _names(kind) or value not in VALUES[name] or not isinstance(number, int):
        return None
    newest = Moved(name, value, bool(found.get("held")), number)
    return newest if number > _taken(kind) else None


def settle(kind: str) -> None:
    """Put what the slider was moved to into the form, before its fields are drawn."""
    newest = moved(kind)
    if newest is not None:
        st.session_state[f"feature.{kind}.{newest.name}"] = newest.value
        st.session_state[f"{_key(kind)}.taken"] = newest.number
        st.session_state[f"{_key(kind)}.name"] = newest.name


def draw(feature: Feature, sr: int, n_samples: int, sentence: str = "") -> None:
    """Draw the slider; after the picture, for what it sends next waits until this has arrived.

    Parameters
    ----------
    feature : Feature
        As it is drawn.
    sr : int
    n_samples : int
        Length of the sound.
    sentence : str
        Why the value that is being tried cannot be; in place of what it gains and costs.
    """
    names = _names(feature.kind)
    if not names:
        return
    notes = trade_offs.trade_offs(feature, sr, n_samples)
    newest = moved(feature.kind)
    component("slider", "slide", ("explore/sliders.css",), ("sound/element.js", "explore/sliders.js"))(
        key=_key(feature.kind),
        data={
            "parameters": [
                {
                    "name": name,
                    "values": VALUES[name],
                    "value": getattr(feature, name),
                    "at": VALUES[name].index(_nearest(name, getattr(feature, name))),
                    "note": notes.get(name, ""),
                }
                for name in names
            ],
            "name": st.session_state.get(f"{_key(feature.kind)}.name", names[0]),
            "number": newest.number if newest is not None else _taken(feature.kind),
            "sentence": sentence,
        },
        on_moved_change=lambda: None,
    )


def _names(kind: str) -> list[str]:
    return [name for name, (annotation, _) in views()[kind].describe().items() if name in VALUES and annotation is int]


def _nearest(name: str, value: int) -> int:
    return min(VALUES[name], key=lambda other: abs(math.log(other / value)))


def _key(kind: str) -> str:
    return f"explore.slide.{kind}"


def _taken(kind: str) -> int:
    number: int = st.session_state.get(f"{_key(kind)}.taken", 0)
    return number
