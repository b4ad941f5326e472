"""Compare, step by step and links in a real browser, and the saved page in an empty one without a network."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.datasets import load_dataset
from audioclf.features import MFCC
from audioclf.features.extraction import load_clip

pytestmark = pytest.mark.browser

NewPage = Callable[..., Any]

MEL = {"mel": {"n_mels": 20, "fmax": 2500}}

IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@pytest.fixture(scope="module")
def sounds(write_tone: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of long tones; one has a name that would be markup, the other is shorter."""
    root = tmp_path_factory.mktemp("compared") / "set"
    for label, frequency, seconds in (("<b>one<b>", 1000, 20), ("three", 3000, 9)):
        for i in range(2):
            write_tone(root / label / f"{i}.wav", frequency=frequency + i, seconds=seconds, sr=8000)
    return root


def drawn(page: Any) -> None:
    """Wait until the pictures are there."""
    page.locator(".plot, .picture").first.wait_for()
    page.wait_for_selector(IDLE)
    page.wait_for_load_state("networkidle")
    page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")


def moves(page: Any, column: int) -> None:
    """Wait until the line of a column has moved on in the first row."""
    line = page.locator(".strip").first.locator(".head-line").nth(column)
    line.wait_for()
    state = [line.element_handle(), line.evaluate("one => one.style.transform")]
    page.wait_for_function("([line, early]) => line.style.transform !== early", arg=state)


def test_every_sound_plays_with_a_moving_line_and_one_at_a_time(new_page: NewPage, sounds: Path) -> None:
    page = new_page("compare", data=sounds)
    drawn(page)
    page.get_by_role("button", name="Play three").click()
    moves(page, 1)
    plot = page.locator(".strip").nth(1).locator(".plot").first
    box = plot.bounding_box()
    plot.click(position={"x": box["width"] / 2, "y": 20})
    page.get_by_role("button", name="Play three").wait_for()
    moves(page, 0)
    share = plot.locator(".head-line").bounding_box()["x"] - box["x"]
    assert 0.48 * box["width"] < share < 0.7 * box["width"]
    page.keyboard.press("Space")
    page.get_by_role("button", name="Pause").wait_for(state="detached")
    # a stretch that is dragged is zoomed to in every column, also where this sound is over
    box = page.locator(".strip").nth(1).locator(".plot").nth(1).bounding_box()
    page.mouse.move(box["x"] + 0.25 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.5 * box["width"], box["y"] + 30, steps=4)
    page.mouse.up()
    page.get_by_role("button", name="Show all").wait_for()
    low, high = json.loads(parse_qs(urlsplit(page.url).query)["view"][0])["zoom"]
    assert [low, high] == pytest.approx([5, 10], abs=0.2)
    page.locator(".plot").first.focus()
    before = page.url
    page.keyboard.press("-")
    page.wait_for_function("url => location.href !== url", arg=before)
    page.keyboard.press("0")  # the plot has kept the focus
    page.get_by_role("button", name="Show all").wait_for(state="detached")
    # and so do buttons, which fingers reach
    page.get_by_role("button", name="Zoom in").click()
    page.get_by_role("button", name="Show all").wait_for()
    page.get_by_role("button", name="Zoom out").click()
    page.get_by_role("button", name="Show all").wait_for(state="detached")


def fits(page: Any, n: int) -> None:
    """All rows stand on the screen, and nothing is wider than its place."""
    bottoms = page.locator(".strip").evaluate_all("all => all.map(one => one.getBoundingClientRect().bottom)")
    assert len(bottoms) == n
    assert max(bottoms) <= 720
    wide = page.locator(".comparison").evaluate("one => one.scrollWidth <= one.clientWidth")
    assert wide
    for control in page.locator("[data-testid=stMain] [data-testid=stButtonGroup]").all():
        assert control.evaluate("one => one.scrollWidth <= one.clientWidth + 2"), control.inner_text()


def test_the_grid_fits_a_small_projector_reads_values_and_makes_the_link(new_page: NewPage, sounds: Path) -> None:
    page = new_page("compare", width=1280, height=720, data=sounds)
    drawn(page)
    fits(page, 3)
    plot = page.locator(".strip").nth(1).locator(".plot").nth(1)
    box = plot.bounding_box()
    plot.hover(position={"x": box["width"] / 4, "y": box["height"] / 2})
    page.locator(".readout", has_text="dB").wait_for()
    words = page.locator(".readout", has_text="dB").inner_text().split("·")
    assert float(words[0].split()[0]) == pytest.approx(5, abs=0.2)
    for name, kind in (("MFCC", "mfcc"), ("CQT", "cqt"), ("FFT", "spectrum")):
        page.get_by_role("button", name=name).click()
        page.wait_for_function("kind => location.search.includes(kind)", arg=kind)
    page.reload()
    drawn(page)
    fits(page, 6)


def test_the_saved_page_opens_in_an_empty_profile_without_a_network(
    new_page: NewPage, sounds: Path, chromium: Any, tmp_path: Path
) -> None:
    page = new_page("compare", data=sounds)
    drawn(page)
    page.get_by_role("button", name="Save").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="HTML page, with the sounds").click()
    file = tmp_path / "saved.html"
    download.value.save_as(file)
    text = file.read_text(encoding="utf-8")
    assert "http" not in text.replace("http-equiv", "").replace("http://www.w3.org", "")
    context = chromium.new_context(offline=True)
    try:
        faults: list[str] = []
        asked: list[str] = []
        alone = context.new_page()
        alone.on("pageerror", lambda error: faults.append(str(error)))
        alone.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
        alone.on("request", lambda request: asked.append(request.url))
        alone.goto(file.as_uri())
        alone.get_by_role("button", name="Play three").click()
        moves(alone, 1)
        assert alone.locator(".name").all_inner_texts() == ["<b>one<b>", "three"]
        assert alone.locator("b").count() == 0
        assert not faults
        assert {url.partition(":")[0] for url in asked} <= {"file", "data", "blob"}
        coloured = (
            alone.locator("canvas")
            .nth(1)
            .evaluate(
                """canvas => {
                const { data } = canvas.getContext("2d").getImageData(80, 20, canvas.width - 200, 40);
                const colours = new Set();
                for (let i = 0; i < data.length; i += 4) colours.add(data.slice(i, i + 3).join());
                return colours.size;
            }"""
            )
        )
        assert coloured > 20
    finally:
        context.close()


@pytest.mark.parametrize(
    ("name", "view", "part"),
    [
        (
            "compare",
            {"how": "Several of one class", "of": "three", "several": 2, "scale": "Own colours", "features": MEL}
            | {"audio": {"sr": 6000}, "zoom": [2.5, 7.25]},
            ".comparison",
        ),
        (
            "explore",
            {"show": "mel", "features": MEL, "selection": [1.5, 2.5, 300, 2000], "zoom": [0.5, 4.5]},
            ".player",
        ),
        pytest.param(
            "explore",
            {"show": "Step by step", "frame": 40, "features": {"mfcc": {"n_mfcc": 13}}},
            ".steps",
            marks=pytest.mark.long,
        ),
    ],
)
def test_a_link_shows_the_same_pixels_in_another_profile(
    name: str, view: dict[str, Any], part: str, new_page: NewPage, sounds: Path
) -> None:
    page = new_page(name, data=sounds, view=json.dumps(view))
    page.locator(f"{part} canvas").first.wait_for()
    page.wait_for_selector(IDLE)
    page.wait_for_load_state("networkidle")
    again = new_page(name, data=sounds)
    again.goto(page.url)
    again.locator(f"{part} canvas").first.wait_for()
    again.wait_for_selector(IDLE)
    again.wait_for_load_state("networkidle")
    for one in (page, again):
        one.mouse.move(1, 1)
        one.wait_for_timeout(500)  # pictures fade in
    assert again.url == page.url
    first, second = (one.locator(part).first.screenshot() for one in (page, again))
    assert first == second


def test_the_steps_follow_the_slider_and_end_in_the_mfcc(new_page: NewPage, sounds: Path) -> None:
    page = new_page("explore", data=sounds, view=json.dumps({"show": "Step by step"}))
    slider = page.get_by_role("slider", name="Frame")
    slider.wait_for()
    audio = AudioSettings()
    clip = load_dataset(sounds).clips[0]
    shown = MFCC().compute(load_clip(clip, audio), audio.sr).values
    root = page.locator(".steps")
    whole = page.locator(".card.sound canvas")
    early = whole.evaluate("one => one.toDataURL()")
    for frame in (10, 300):
        # what dragging does: the value moves and the pictures follow, before the slider is let go
        slider.evaluate(
            "(one, frame) => { one.value = frame; one.dispatchEvent(new Event('input', { bubbles: true })); }", frame
        )
        found = [float(word) for word in root.get_attribute("data-coefficients").split()]
        np.testing.assert_allclose(found, shown[:, frame], rtol=1e-5, atol=1e-4)
    assert whole.evaluate("one => one.toDataURL()") != early
    slider.press("ArrowRight")
    page.wait_for_function("decodeURIComponent(location.search).includes('frame\":301')")
    page.locator(".card.fft summary").click()
    page.get_by_text("Their distance must be more than about").wait_for()


VIEWS = {
    "grid": ("compare", {}),
    "quiz": ("compare", {"how": "Quiz"}),
    "means": ("compare", {"how": "Means of two classes"}),
    "steps": ("explore", {"show": "Step by step"}),
    "heard": ("explore", {"show": "Hear it"}),
    "slider": ("explore", {"show": "mel"}),
}


@pytest.mark.parametrize(
    "view", [pytest.param(view, marks=() if view in ("grid", "steps") else pytest.mark.long) for view in VIEWS]
)
def test_names_and_contrast(view: str, new_page: NewPage, sounds: Path) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright").Axe()
    name, chosen = VIEWS[view]
    page = new_page(name, data=sounds, view=json.dumps(chosen))
    page.locator("canvas").first.wait_for()
    page.wait_for_selector(IDLE)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(
            "scheme => getComputedStyle(document.querySelector('[data-testid=stApp]')).colorScheme === scheme",
            arg=scheme,
        )
        drawn(page)
        found = [
            (violation["id"], node["html"][:200], [check["message"] for check in node["any"]])
            for violation in axe.run(page).response["violations"]
            if violation["id"] != "heading-order"
            for node in violation["nodes"]
        ]
        assert not found, scheme
