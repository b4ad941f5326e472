"""Every page in a real browser, from a real server that must stay light."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audioclf.inference.assets import app_folder

pytestmark = pytest.mark.browser

NAMES = ["", *sorted(path.stem for path in (app_folder() / "pages").glob("*.py"))]
NewPage = Callable[..., Any]


def settled(page: Any) -> None:
    """Wait until the page's script has run to its end."""
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


@pytest.mark.parametrize("name", NAMES)
def test_a_page_fits_its_window_can_be_read_and_leaves_the_server_light(
    name: str, new_page: NewPage, server: Any, class_folders: Path, violations: Callable[[Any], list[Any]]
) -> None:
    page = new_page(name, scheme="dark", data=class_folders)
    page.wait_for_selector("h1")
    settled(page)
    assert page.locator("[data-testid=stException]").count() == 0
    modules = server.modules()
    assert "audioclf.ui.shell.page_frame" in modules
    assert not {"keras", "tensorflow", "matplotlib.pyplot", "optuna"} & modules
    assert not faded(page, violations)
    main = "document.querySelector('[data-testid=stMain]')"
    for width in (390, 1440):
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"{main}.scrollWidth <= {main}.clientWidth + 1 && {main}.clientWidth <= {width}")
    page.emulate_media(color_scheme="light")
    painted(page, "rgb(255, 255, 255)")
    settled(page)
    assert not faded(page, violations)


def faded(page: Any, violations: Callable[[Any], list[Any]]) -> list[Any]:
    """What axe finds once colours have faded into those of the theme: it judges every moment on the way, too."""
    for _ in range(30):
        found = violations(page)
        if not found:
            break
        page.wait_for_timeout(200)
    return found


def painted(page: Any, colour: str) -> None:
    """Wait for the background: the first paint has Streamlit's own colours, and fades into ours."""
    page.wait_for_function(
        "wanted => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor === wanted",
        arg=colour,
    )


def test_the_colours_follow_the_system(new_page: NewPage) -> None:
    page = new_page(scheme="light")
    painted(page, "rgb(255, 255, 255)")
    page.emulate_media(color_scheme="dark")
    painted(page, "rgb(18, 13, 27)")


def test_names_are_text_in_the_browser(new_page: NewPage, write_tone: Callable[..., Path], tmp_path: Path) -> None:
    labels = ("<img src=x onerror=window.hit=1>", "**bold** $x$ :smile:", "http:www.example.com")
    for label in labels:
        for i in range(2):
            write_tone(tmp_path / "set" / label / f"<b>{i}<b>.wav", frequency=220 + 50 * i, seconds=0.2)
    for name in ("explore", "compare", "data"):
        page = new_page(name, data=tmp_path / "set")
        page.wait_for_selector(".play")
        settled(page)
        assert page.evaluate("window.hit") is None
        assert page.locator("[data-testid=stMain] img[src=x], [data-testid=stMain] strong:text-is('bold')").count() == 0
        assert page.locator("[data-testid=stMain] a[href*=example]").count() == 0
    assert set(page.locator(".name").all_inner_texts()) == set(labels)
