"""The map in a real browser: the pointer names a clip and plays it where that is switched on; a line relabels clips."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

COUNT = "audio => { audio.n = 0; audio.onplaying = () => (audio.n += audio.src.endsWith('.wav')); }"


def test_a_point_is_heard_and_a_lasso_takes_clips_to_relabel(new_page: Any, class_folders: Path) -> None:
    page = new_page("data", data=class_folders, width=1280)
    page.get_by_role("tab", name="Map").click()
    page.get_by_label("Compared by").click()
    page.get_by_role("option", name="Mel spectrogram").click()
    canvas, tip, audio = (page.locator(f".points {name}") for name in ("canvas", ".tip", "audio"))
    canvas.wait_for()
    sound = audio.element_handle()
    sound.evaluate(COUNT)
    fetched: list[str] = []
    page.on("request", lambda request: fetched.append(request.url) if request.url.endswith(".wav") else None)
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert ": " in tip.inner_text()
    page.wait_for_timeout(500)
    assert not fetched, "a sound was loaded before that was switched on"

    page.get_by_role("button", name="Hear on hover").click()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function("audio => audio.n > 0", arg=sound)
    at = tip.evaluate("tip => [tip.style.left === 'auto', tip.offsetLeft, tip.offsetWidth, tip.offsetTop]")
    box = canvas.bounding_box()
    point = box["x"] + (at[1] + at[2] + 10 if at[0] else at[1] - 10), box["y"] + at[3] + 14
    page.mouse.move(box["x"] + 4, box["y"] + 4)
    tip.wait_for(state="hidden")
    page.wait_for_function("audio => audio.paused", arg=sound)
    sound.evaluate(COUNT)
    page.mouse.move(*point)
    page.wait_for_function("audio => audio.n > 0", arg=sound)
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
