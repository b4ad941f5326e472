"""The whole way in a real browser: sounds, pictures, training, results, evidence, a new sound."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest
import soundfile

from audioclf.datasets.catalog import synthesis
from audioclf.datasets.catalog.instruments import soundfont
from audioclf.datasets.catalog.soundfont import SoundFont

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NewPage = Callable[..., Any]
Paused = Callable[[Any], AbstractContextManager[Any]]


def go(page: Any, title: str) -> None:
    """Follow the sidebar's link."""
    page.get_by_test_id("stSidebar").get_by_role("link", name=title).click()
    page.get_by_role("heading", name=title, exact=True).wait_for()


@pytest.fixture
def new_note(tmp_path: Path) -> Path:
    """A Reed Organ as it is in no data set here: struck more softly, shorter, at another sample rate."""
    y = synthesis.note(SoundFont(soundfont()), 20, 61, velocity=80, seconds=1.6, sr=32000)
    soundfile.write(tmp_path / "a note.wav", y, 32000, subtype="PCM_16")
    return tmp_path / "a note.wav"


COLOURS = """canvases => canvases.map((canvas) => {
    const pixels = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(pixels.buffer)).size;
})"""


def painted(page: Any, panels: int) -> None:
    """Wait until there are so many panels, and every one holds a picture."""
    for _ in range(6000):  # ten minutes, after which something is broken
        colours = page.locator(".panel canvas").evaluate_all(COLOURS)
        if len(colours) == panels and min(colours) > 200:
            return
        page.wait_for_timeout(100)
    raise AssertionError(colours)


def test_from_the_instruments_to_a_new_sound(new_page: NewPage, server: Any, new_note: Path, paused: Paused) -> None:
    page = new_page()

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
    page.locator(".st-key-train-stage-training button").click()
    epochs = page.get_by_role("spinbutton", name="epochs", exact=True)
    epochs.fill("10")
    epochs.press("Enter")
    page.get_by_text("10 epochs of").wait_for()
    page.get_by_role("button", name="Start training").click()
    with paused(page) as run:
        page.get_by_test_id("stMetric").get_by_text(re.compile(r"^\d+ of 10$")).wait_for()
        # what stands above has moved the settings down, and the opened stage is still open
        assert page.locator(".st-key-train-stage-training button").inner_text() == "Done"
        # a refresh in the middle and a second browser find the same run
        page.reload()
        other = new_page("train", run=run.id)
        for one in (page, other):
            one.get_by_test_id("stMetric").get_by_text(re.compile(r"^\d+ of 10$")).wait_for()
    for one in (page, other):
        one.get_by_role("button", name="See the results").wait_for()
        assert f"run={run.id}" in one.url

    # judge it
    page.get_by_role("button", name="See the results").click()
    page.get_by_role("heading", name="Results").wait_for()
    accuracy = page.get_by_role("heading", name=re.compile(r"^\d+(\.\d+)?%$"))
    accuracy.wait_for()
    assert float(accuracy.inner_text().rstrip("%")) > 60
    page.get_by_text("of 100 test clips").wait_for()

    # see what it used
    go(page, "Explain")
    page.get_by_text("Removing the marked tenth takes").wait_for()
    page.get_by_text("What the model used").wait_for()
    painted(page, 2)

    # give it a sound it can tell
    go(page, "Classify")
    page.get_by_text("Files", exact=True).click()
    page.locator("input[type=file]").set_input_files(str(new_note))
    page.get_by_text("The model predicted").wait_for()
    page.get_by_role("heading", name="Reed Organ").wait_for()
    # or a sentence, where the method of this run finds nothing in this note
    page.get_by_text(re.compile("Evidence for Reed Organ|Another method may find more")).wait_for()

    assert not {"keras", "tensorflow", "matplotlib.pyplot", "optuna"} & server.modules()
