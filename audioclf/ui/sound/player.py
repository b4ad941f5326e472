"""The player: sounds under pictures of them, with a line that moves over every picture as the sound plays.

With its tools a stretch of time and a band of frequencies can be selected and heard alone, looped and slowed down,
and the pictures zoomed; what is selected comes back to the page.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import streamlit as st

from audioclf.ui.shell import media
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import feature_panels, view_link
from audioclf.ui.sound.component import component
from audioclf.ui.sound.view_link import Field

DRAWING: Final = tuple(
    f"sound/{name}.js" for name in ("element", "axes", "pictures", "readout", "drawing", "selection", "playback")
)
"""Parts of every script that draws features and plays sounds, one idea each, in the order they are put together."""

SCRIPTS: Final = (*DRAWING, *(f"sound/{name}.js" for name in ("band", "tools", "panel", "player")))


@dataclass(frozen=True)
class Selection:
    """What is selected in a player.

    Attributes
    ----------
    start, end : float
        Stretch of time, in seconds from the start of the sound.
    low, high : float or None
        Band of frequencies in Hz; None where all are heard.
    """

    start: float
    end: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class Tools:
    """What a player with tools offers.

    Attributes
    ----------
    subject : str
        What stands for the sound: a selection or a zoom made in another one does not count.
    seconds : float
        Length of the sound.
    actions : mapping
        What can be done with a selection: texts of buttons by name.
    """

    subject: str
    seconds: float
    actions: Mapping[str, str]


def track(title: str, wav: bytes, seconds: float, note: str = "") -> dict[str, Any]:
    """One sound: its name, a second line, a WAV file and its length."""
    return {
        "title": plain(title, 48),
        "note": plain(note, 60),
        "audio": media.address(wav, "audio/wav"),
        "seconds": seconds,
    }


def player(
    key: str,
    tracks: Sequence[dict[str, Any]],
    panels: Sequence[dict[str, Any]],
    *,
    layout: str = "grid",
    columns: int = 1,
    height: int = 220,
    action: str = "Explore",
    sync: bool = False,
    reveal: str = "",
) -> int | None:
    """Draw sounds and pictures.

    Parameters
    ----------
    key : str
        The same key keeps a sound playing while the pictures change.
    tracks, panels : sequence of dict
        Made by :func:`track` and :func:`audioclf.ui.sound.feature_panels.panel`.
    layout : str
        ``"grid"``: sounds on top, panels in a grid; ``"heads"``: each column stands for one sound
        that plays from its head; ``"list"``: one line per sound with its panel beside it, without axes.
    columns : int
        Panels beside each other where there is room.
    height : int
        Height of one panel in pixels.
    action : str
        Text of the button of every sound in a list; there is none where it is empty.
    sync : bool
        Whether a sound begins where the one that plays is, as versions of one sound do.
    reveal : str
        Names what was just asked for: the page moves to the player once for each name.

    Returns
    -------
    int or None
        Number of the sound whose button was just pressed in a list.
    """
    data = {"tracks": list(tracks), "panels": list(panels), "layout": layout, "columns": columns, "height": height}
    picked: int | None = _draw(key, data | {"action": action, "sync": sync, "reveal": reveal}).picked
    return picked


def workbench(
    key: str,
    sound: dict[str, Any],
    panels: Sequence[dict[str, Any]],
    tools: Tools,
    *,
    columns: int = 1,
    height: int = 220,
) -> str | None:
    """Draw one sound and its pictures with tools: loop, speed, selection and zoom.

    :func:`selection` and :func:`view` give what the user has selected and zoomed to.

    Parameters
    ----------
    key : str
        The same key keeps the sound playing while the pictures change.
    sound : dict
        Made by :func:`track`.
    panels, columns, height
        See :func:`player`.
    tools : Tools

    Returns
    -------
    str or None
        Name of the action that was just chosen for the selection.
    """
    zoomed, selected = view(key, tools), selection(key, tools)
    data = {"tracks": [sound], "panels": list(panels), "layout": "grid", "columns": columns, "height": height}
    more = {
        "tools": True,
        "subject": tools.subject,
        "linked": st.session_state.get(f"{key}.linked", 0),
        "actions": list(tools.actions.items()),
        "view": None if zoomed is None else {"low": zoomed[0], "high": zoomed[1]},
        "selection": None if selected is None else asdict(selected),
    }
    chosen: str | None = _draw(key, data | more).act
    return chosen


def _draw(key: str, data: dict[str, Any]) -> Any:
    return component("player", "player", ("sound/drawing.css", "sound/player.css"), SCRIPTS)(
        key=key,
        data=data | {"palette": feature_panels.colours()},
        on_picked_change=lambda: None,
        on_act_change=lambda: None,
        on_selection_change=lambda: _keep(key, "selection", "selected", ("start", "end"), ("low", "high")),
        on_view_change=lambda: _keep(key, "view", "zoomed", ("low", "high")),
    )


def link_fields(key: str) -> list[Field]:
    """What is selected and zoomed to in the player with this key, as a link keeps it.

    A page whose link was taken calls :func:`taken`.
    """
    return [
        Field("selection", f"{key}.selected", None, view_link.stretch((2, 4))),
        Field("zoom", f"{key}.zoomed", None, view_link.stretch((2,))),
    ]


def taken(key: str) -> None:
    """Selection and zoom have come from a link: they are about the sound that is shown next."""
    st.session_state.pop(f"{key}.subject", None)
    st.session_state[f"{key}.linked"] = st.session_state.get(f"{key}.linked", 0) + 1


def selection(key: str, tools: Tools) -> Selection | None:
    """What is selected in the player with this key, in the sound its tools are for."""
    found = _held(key, "selected", tools)
    if found is None:
        return None
    start, end = max(found[0], 0.0), min(found[1], tools.seconds)
    return Selection(start, end, *found[2:]) if end > start else None


def view(key: str, tools: Tools) -> tuple[float, float] | None:
    """Stretch the player with this key is zoomed to, in seconds; None where all of the sound is shown."""
    found = _held(key, "zoomed", tools)
    if found is None:
        return None
    low, high = max(found[0], 0.0), min(found[1], tools.seconds)
    return (low, high) if high > low else None


def _held(key: str, name: str, tools: Tools) -> list[float] | None:
    """What is kept of the sound that the tools are for; that of another one is forgotten."""
    if st.session_state.get(f"{key}.subject", tools.subject) != tools.subject:
        st.session_state[f"{key}.selected"] = st.session_state[f"{key}.zoomed"] = None
    st.session_state[f"{key}.subject"] = tools.subject
    found: list[float] | None = st.session_state.get(f"{key}.{name}")
    return found


def _keep(key: str, name: str, place: str, *pairs: tuple[str, str]) -> None:
    """Keep what the browser has set, where it is about the sound that is shown and is what it should be."""
    found = (st.session_state.get(key) or {}).get(name)
    kept: list[float] = []
    if isinstance(found, Mapping):
        if found.get("subject") != st.session_state.get(f"{key}.subject"):
            return
        for low, high in ((_number(found, low), _number(found, high)) for low, high in pairs):
            if low is None or high is None or high <= low:
                break
            kept += [low, high]
    st.session_state[f"{key}.{place}"] = kept or None


def _number(found: Mapping[str, Any], name: str) -> float | None:
    value = found.get(name)
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        return None
    return float(value)
