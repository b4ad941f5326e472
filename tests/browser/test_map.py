"""The map in a real browser: the pointer names a clip and plays it where that is switched on; a line relabels clips."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

HEARD = (
    "before => { const a = document.querySelector('.points audio'); return !a.paused && a.src !== before && a.src; }"
)
SILENT = "() => document.querySelector('.points audio').paused"


def test_a_point_is_heard_and_a_lasso_takes_clips_to_relabel(new_page: Any, class_folders: Path) -> None:
    page = new_page("data", data=class_folders, width=1280)
    page.get_by_role("tab", name="Map").click()
    page.get_by_label("Compared by").click()
    page.get_by_role("option", name="Mel spectrogram").click()
    canvas, tip = page.locator(".points canvas"), page.locator(".points .tip")
    canvas.wait_for()
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if request.url.endswith(".wav") else None)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert ": " in tip.inner_text()
    page.wait_for_timeout(500)
    assert not fetched, "a sound was loaded before that was switched on"

    page.get_by_role("button", name="Hear on hover").click()
    heard = ""
    for _ in range(2):
        canvas.focus()
        page.keyboard.press("ArrowRight")
        heard = page.wait_for_function(HEARD, arg=heard).json_value()
    at = tip.evaluate("tip => [tip.style.left === 'auto', tip.offsetLeft, tip.offsetWidth, tip.offsetTop]")
    box = canvas.bounding_box()
    point = box["x"] + (at[1] + at[2] + 10 if at[0] else at[1] - 10), box["y"] + at[3] + 14
    page.mouse.move(box["x"] + 1, box["y"] + 1)
    page.wait_for_function(SILENT)
    page.mouse.move(*point)
    assert page.wait_for_function(HEARD, arg="").json_value() == heard
    page.mouse.click(*point)
    page.get_by_text("Nearest to it").wait_for()
    page.get_by_role("button", name="Hear on hover").click()

    middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    around = [
        (middle[0] + 0.49 * box["width"] * math.cos(turn / 8), middle[1] + 0.49 * box["height"] * math.sin(turn / 8))
        for turn in range(51)
    ]
    page.mouse.move(*around[0])
    page.mouse.down()
    for place in around[1:]:
        page.mouse.move(*place)
    page.mouse.up()
    page.get_by_text("clips selected").wait_for()
    page.get_by_role("button", name="Relabel").click()
    page.get_by_text("clips selected").wait_for(state="detached")
