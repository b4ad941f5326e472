"""The whole way in a real browser: sounds, pictures, training, results, evidence, a new sound."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NewPage = Callable[..., Any]
LONG = 300_000
"""Milliseconds; a training on a busy machine."""


def go(page: Any, title: str) -> None:
    """Follow the sidebar's link."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=title).click()
    page.get_by_role("heading", name=title, exact=True).wait_for()


def test_from_the_instruments_to_a_new_sound(new_page: NewPage, server: Any, audioclf_home: Path) -> None:
    page = new_page()
    page.set_default_timeout(LONG)

    # one click to the instruments
    page.get_by_role("button", name="Start with the instruments").click()
    page.get_by_test_id("stSidebar").get_by_text("500 clips, 10 classes").wait_for()
    page.get_by_role("button", name="Play Violin").wait_for()

    # look at one
    go(page, "Explore")
    page.locator(".panel .title:text-is('MFCC')").wait_for()
    assert page.locator(".panel").count() == 6

    # teach the compact network, for a few epochs
    go(page, "Train")
    page.get_by_role("tab", name="Training").click()
    epochs = page.get_by_role("spinbutton", name="epochs", exact=True)
    epochs.fill("10")
    epochs.press("Enter")
    page.get_by_text("10 epochs of").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.get_by_text(re.compile(r"Epoch \d+ of 10")).first.wait_for()

    # a refresh in the middle finds the same run
    address = page.url
    assert "run=" in address
    page.reload()
    page.get_by_text(re.compile(r"Epoch \d+ of 10|See the results")).first.wait_for()
    page.get_by_role("button", name="See the results").wait_for()
    assert re.search(r"run=([^&]+)", page.url)[1] == re.search(r"run=([^&]+)", address)[1]  # type: ignore[index]

    # judge it
    page.get_by_role("button", name="See the results").click()
    page.get_by_role("heading", name="Results").wait_for()
    accuracy = page.get_by_role("heading", name=re.compile(r"^\d+(\.\d+)?%$"))
    accuracy.wait_for()
    assert float(accuracy.inner_text().rstrip("%")) > 60
    page.get_by_text("of 100 test clips").wait_for()

    # see what it used
    go(page, "Explain")
    page.get_by_text("Grad-CAM").first.wait_for()
    page.locator(".panel").first.wait_for()

    # give it a sound it can tell
    go(page, "Classify")
    page.get_by_text("Files", exact=True).click()
    sound = next(
        path for path in sorted((audioclf_home / "datasets").rglob("*note-060.wav")) if "program-020" in str(path)
    )
    page.locator("input[type=file]").set_input_files(str(sound))
    page.get_by_text("The model hears").wait_for()
    page.get_by_role("heading", name="Reed Organ").wait_for()

    assert not {"keras", "tensorflow", "matplotlib.pyplot"} & server.modules()
