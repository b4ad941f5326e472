"""From Home to a trained model with the keyboard alone, and the place of the keyboard in sight at every stop."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

NewPage = Callable[..., Any]

MOST = 150
"""Stops of the Tab key after which a place counts as out of reach."""

ACTIVE = """
let active = document.activeElement;
while (active?.shadowRoot?.activeElement) active = active.shadowRoot.activeElement;
"""
BOX = f"""() => {{ {ACTIVE}
    if (!active || active === document.body) return null;
    const {{ x, y, width, height }} = active.getBoundingClientRect();
    return {{ x, y, width, height }};
}}"""


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def is_at(page: Any, selector: str) -> bool:
    return bool(page.evaluate(f"selector => {{ {ACTIVE} return !!active?.matches(selector); }}", selector))


def tab_to(page: Any, selector: str, key: str = "Tab") -> None:
    """Press Tab until what the selector names has the focus."""
    for _ in range(MOST):
        page.keyboard.press(key)
        if is_at(page, selector):
            return
    raise AssertionError(f"the keyboard does not reach {selector}")


def go(page: Any, link: str, heading: str) -> None:
    tab_to(page, f"[data-testid=stSidebar] a:is([href^='{link}?'], [href*='/{link}?'])")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=heading, exact=True).wait_for()
    settled(page)


def test_from_home_to_a_trained_model(new_page: NewPage, class_folders: Path) -> None:
    page = new_page("", data=class_folders)
    page.get_by_text("12 clips, 2 classes").wait_for()
    settled(page)
    go(page, "train", "Train")
    page.get_by_text("What will be trained").wait_for()
    settled(page)

    tab_to(page, ".st-key-train-stage-model button")
    page.keyboard.press("Space")
    page.locator("[role=radio]").first.wait_for()
    settled(page)
    tab_to(page, "[role=radio]")
    while not page.evaluate(f"() => {{ {ACTIVE} return active.innerText.includes('Decision tree'); }}"):
        page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    page.get_by_text("It is a Decision tree").wait_for()
    settled(page)

    tab_to(page, ".st-key-train-go button", "Shift+Tab")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="See the results").wait_for()
    settled(page)
    tab_to(page, ".st-key-run-results button")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Results", exact=True).wait_for()
    page.get_by_text("of 2 test clips").wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["", "train"])
def test_where_the_keyboard_is_can_be_seen(name: str, scheme: str, new_page: NewPage, class_folders: Path) -> None:
    page = new_page(name, scheme=scheme, data=class_folders)
    page.get_by_text("12 clips, 2 classes").wait_for()
    if name == "train":
        page.get_by_text("What will be trained").wait_for()
        page.get_by_text("See the report").wait_for()
    settled(page)
    unseen = []
    page.keyboard.press("Tab")
    for _ in range(MOST):
        box = page.evaluate(BOX)
        if box is None:  # beyond the last stop
            break
        area = seen(page, box)
        focused = page.screenshot(clip=area) if area else b""
        html = page.evaluate(f"() => {{ {ACTIVE} return active.outerHTML.slice(0, 200); }}")
        painted = is_at(page, "[role=gridcell], canvas")  # a table paints its cells, and where the keyboard is
        page.keyboard.press("Tab")
        if not painted and (not area or page.screenshot(clip=area) == focused):
            unseen.append(html)
    assert not unseen


def seen(page: Any, box: dict[str, float]) -> dict[str, float] | None:
    """The part of a box that is on the screen, with room for an outline; None where there is none."""
    size = page.viewport_size
    left, top = max(box["x"] - 6, 0), max(box["y"] - 6, 0)
    width = min(box["x"] + box["width"] + 6, size["width"]) - left
    height = min(box["y"] + box["height"] + 6, size["height"]) - top
    return {"x": left, "y": top, "width": width, "height": height} if width > 0 and height > 0 else None
