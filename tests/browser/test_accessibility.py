"""Names, roles and contrast of every page in both themes, checked with axe-core."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audioclf.inference.assets import app_folder

pytestmark = pytest.mark.browser

NAMES = ["", *sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))]

NOT_OURS = {"heading-order"}
"""Streamlit's subheader is an h3 below the title's h1."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", NAMES)
def test_names_and_contrast(name: str, scheme: str, new_page: Callable[..., Any], class_folders: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    page = new_page(name, scheme=scheme, data=class_folders)
    page.wait_for_selector("h1")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    found = [
        (violation["id"], node["html"][:200], [check["message"] for check in node["any"]])
        for violation in axe.run(page).response["violations"]
        if violation["id"] not in NOT_OURS
        for node in violation["nodes"]
    ]
    assert not found


@pytest.mark.parametrize("name", ["explore", "compare"])
def test_the_features_fit_a_small_projector(name: str, new_page: Callable[..., Any], class_folders: Path) -> None:
    page = new_page(name, width=1280, height=720, data=class_folders)
    page.wait_for_selector(".play")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    plots = page.locator(".plot")
    bottoms = plots.evaluate_all("found => found.map(plot => plot.getBoundingClientRect().bottom)")
    if name == "explore":
        assert len(bottoms) == 6
        assert max(bottoms) <= 720
    title = page.get_by_role("heading", level=1)
    assert title.evaluate(
        """one => {
          const { left, top, height } = one.getBoundingClientRect();
          return one.contains(document.elementFromPoint(left + 10, top + height / 2));
        }"""
    )
    for control in page.locator("[data-testid=stMain] [data-testid=stButtonGroup] button").all():
        assert control.evaluate("one => one.getBoundingClientRect().right") <= 1280
        assert control.evaluate("one => [one, one.parentElement].every(el => el.scrollWidth <= el.clientWidth + 2)"), (
            control.inner_text()
        )
