"""Settings of the Train page outlive a reload, and belong to the browser that made them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

NewPage = Callable[..., Any]


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def stage(page: Any, name: str) -> None:
    selector = f".st-key-train-stage-{name} button"
    # while the page is drawn anew, Streamlit may show the old one beside the new one
    page.wait_for_function("selector => document.querySelectorAll(selector).length === 1", arg=selector)
    page.locator(selector).click()


def number(page: Any, stage_name: str, name: str, value: int) -> None:
    stage(page, stage_name)
    field = page.get_by_role("spinbutton", name=name, exact=True)
    field.fill(str(value))
    field.press("Enter")
    settled(page)
    stage(page, stage_name)


def draft(page: Any) -> str:
    return parse_qs(urlsplit(page.url).query).get("draft", [""])[0]


def test_settings_outlive_a_reload(new_page: NewPage, class_folders: Path) -> None:
    page = new_page("train", data=class_folders)
    page.get_by_text("What will be trained").wait_for()
    assert not draft(page), "nothing was changed yet"
    instead = page.get_by_role("button", name="Use the compact CNN")
    page.get_by_text("It is a Compact CNN").or_(instead).first.wait_for()
    if instead.is_visible():  # where weights are at hand, an embedding is suggested, which has no n_mels
        instead.click()
        page.get_by_text("It is a Compact CNN").wait_for()
    number(page, "training", "epochs", 7)
    number(page, "features", "n_mels", 40)
    stage(page, "model")
    page.get_by_role("radio", name="MLP", exact=True).click()
    page.get_by_text("It is a MLP").wait_for()
    page.wait_for_function("location.search.includes('draft=')")

    page.reload()
    for one in (page, new_page(urlsplit(page.url).path.strip("/"), **_query(page.url))):
        one.get_by_text("It is a MLP").wait_for()
        assert_set(one, 'kind = "mlp"', "epochs = 7", "n_mels = 40")

    # another browser with the same address goes its own way, and the first finds its own settings again
    mine = draft(page)
    number(one, "training", "epochs", 9)
    one.wait_for_function("mine => !location.search.includes(mine)", arg=mine)
    number(page, "training", "batch_size", 3)
    page.wait_for_function("mine => !location.search.includes(mine)", arg=mine)
    for browser, expected in ((page, ("epochs = 7", "batch_size = 3")), (one, ("epochs = 9",))):
        browser.reload()
        assert_set(browser, "n_mels = 40", *expected)


def assert_set(page: Any, *expected: str) -> None:
    """The experiment on the page has these lines in its TOML."""
    page.get_by_text("What will be trained").wait_for()
    page.get_by_text("The experiment as text (TOML)").click()
    text = page.get_by_test_id("stCode")
    text.wait_for()
    for line in expected:
        assert line in text.inner_text().splitlines()


def _query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
