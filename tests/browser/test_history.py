"""Back leaves a page in one press, however many choices were made on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.browser


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def test_choices_on_a_page_add_no_history(new_page: Callable[..., Any], class_folders: Path) -> None:
    page = new_page("", fresh=True, data=class_folders)
    page.locator("[data-testid=stSidebar]").get_by_role("link", name="Compare").click()
    page.get_by_role("heading", name="Compare", exact=True).wait_for()
    settled(page)
    page.locator("[data-testid=stSidebar]").get_by_role("link", name="Explore").click()
    page.wait_for_selector(".play")
    page.wait_for_function("location.search.includes('clip=')")
    settled(page)
    before = page.evaluate("history.length")
    for _ in range(3):
        clip = page.evaluate("new URLSearchParams(location.search).get('clip')")
        page.locator(".st-key-clip-next button:visible").click()
        page.wait_for_function("old => new URLSearchParams(location.search).get('clip') !== old", arg=clip)
        settled(page)
    assert page.evaluate("history.length") == before
    page.go_back()
    page.get_by_text("The features use the settings from the Explore page").wait_for()  # the last line of the page
    settled(page)
    assert page.evaluate("location.pathname") == "/compare"
    page.go_forward()
    page.wait_for_selector(".play")
    page.wait_for_function("location.pathname === '/explore'")
