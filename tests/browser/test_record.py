"""Three spoken words to a model in a real browser, whose microphone plays a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytestmark = [pytest.mark.browser, pytest.mark.long]

WORDS = ("zero", "one", "two")
SWITCHES = ("--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def take(fsdd: Path, word: str, number: int) -> Path:
    """A recording of a word by one speaker."""
    return fsdd / "recordings" / f"{WORDS.index(word)}_george_{number}.wav"


@pytest.fixture
def page(chromium: Any, server: Any, fsdd: Path, tmp_path: Path) -> Iterator[Any]:
    """The home page in a Chromium of its own, whose microphone hears "one" again and again."""
    said = []
    for number in range(20, 24):
        y, sr = soundfile.read(take(fsdd, "one", number))
        said += [np.zeros(sr), 0.5 * y / np.abs(y).max()]
    soundfile.write(tmp_path / "microphone.wav", np.concatenate([*said, np.zeros(sr)]), sr)
    switches = [*SWITCHES, f"--use-file-for-fake-audio-capture={tmp_path / 'microphone.wav'}"]
    browser = chromium.browser_type.launch(executable_path=shutil.which("chromium"), args=switches)
    context = browser.new_context(viewport={"width": 1280, "height": 900}, permissions=["microphone"])
    made = context.new_page()
    made.set_default_timeout(300_000)
    faults: list[str] = []
    made.on("pageerror", lambda error: faults.append(str(error)))
    made.goto(server.url)
    yield made
    browser.close()
    assert not faults


def test_record_train_and_ask(page: Any, fsdd: Path) -> None:
    page.get_by_role("button", name="Record three sounds, get a model").click()
    page.get_by_role("radio", name="Spoken words").click()
    for place, word in enumerate(WORDS):
        field = page.get_by_label(f"Class {place + 1}")
        field.fill(word)
        field.press("Enter")
        page.get_by_role("button", name="Or drop files").nth(place).click()
        page.locator("input[type=file]").last.set_input_files([take(fsdd, word, number) for number in range(5)])
        page.get_by_text("5 recordings, enough").nth(place).wait_for()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("had not heard that recording").wait_for()
    page.get_by_role("radio", name="Live").click()
    page.get_by_role("button", name="Listen live").click()
    page.get_by_role("heading", name="one", exact=True).wait_for()
    page.get_by_role("button", name="Stop listening").click()
    page.get_by_role("radio", name="A recording").click()
    page.get_by_role("button", name="Record", exact=True).last.click()
    page.get_by_text("00:04").wait_for()
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_text("It heard").wait_for()
    page.get_by_role("link", name="Results: how good it is").click()
    page.get_by_text("Accuracy on unseen clips").wait_for()
