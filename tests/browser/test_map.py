"""The map in a real browser: what is under the pointer is named, a click plays, a line around clips relabels them."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]


def test_a_lasso_takes_clips_to_relabel(new_page: Any, class_folders: Path) -> None:
    page = new_page("data", data=class_folders, width=1280)
    page.get_by_role("tab", name="Map").click()
    page.get_by_label("Compared by").click()
    page.get_by_role("option", name="Mel spectrogram").click()
    canvas = page.locator(".points canvas")
    canvas.wait_for()
    canvas.focus()
    page.keyboard.press("ArrowRight")
    assert ": " in page.locator(".points .tip").inner_text()
    page.keyboard.press("Enter")
    page.get_by_text("Nearest to it").wait_for()
    box = canvas.bounding_box()
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
