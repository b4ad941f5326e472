"""The player: sounds under pictures of them, with a line that moves over every picture as the sound plays."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from audioclf.ui.shell import media
from audioclf.ui.shell.text import plain
from audioclf.ui.sound import feature_panels

_HERE = Path(__file__).parent


@functools.cache
def _component() -> Any:
    return st.components.v2.component(
        "audioclf_player",
        html="<div class='player'></div>",
        css=(_HERE / "player.css").read_text(encoding="utf-8"),
        js="\n".join((_HERE / name).read_text(encoding="utf-8") for name in ("axes.js", "pictures.js", "player.js")),
    )


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
        What the button of every sound in a list says; there is none where it is empty.

    Returns
    -------
    int or None
        Number of the sound whose button was just pressed in a list.
    """
    result = _component()(
        key=key,
        data={
            "tracks": list(tracks),
            "panels": list(panels),
            "layout": layout,
            "columns": columns,
            "height": height,
            "action": action,
            "palette": feature_panels.colours(),
        },
        on_picked_change=lambda: None,
    )
    picked: int | None = result.picked
    return picked
