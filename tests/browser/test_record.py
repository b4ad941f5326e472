"""Three sounds to a model in a real browser, whose microphone plays a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SR = 16000
SOUNDS = {"low": 220.0, "middle": 800.0, "high": 3000.0}
SWITCHES = ("--no-sandbox", "--disable-gpu", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream")


def tones(path: Path, pitch: float, number: int, n: int = 1) -> Path:
    """A file of tones with pauses around them, a little different for every number."""
    t = np.arange(round((0.5 + 0.04 * number) * SR)) / SR
    tone = 0.4 * np.sin(2 * np.pi * pitch * (1 + 0.01 * number) * t) * np.minimum(1, 20 * t)
    rest = np.zeros(round(0.7 * SR))
    soundfile.write(path, np.concatenate([rest, *[tone, rest] * n]), SR)
    return path


@pytest.fixture
def page(chromium: Any, server: Any, tmp_path: Path) -> Iterator[Any]:
    """The Record page in a Chromium of its own, which hears high tones."""
    file = tones(tmp_path / "microphone.wav", SOUNDS["high"], 2, n=4)
    switches = [*SWITCHES, f"--use-file-for-fake-audio-capture={file}"]
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


def test_record_train_and_ask(page: Any, tmp_path: Path) -> None:
    page.get_by_role("button", name="Record three sounds, get a model").click()
    page.get_by_role("radio", name="Spoken words").click()
    for place, (label, pitch) in enumerate(SOUNDS.items()):
        field = page.get_by_label(f"Class {place + 1}")
        field.fill(label)
        field.press("Enter")
        page.get_by_role("button", name="Or drop files").nth(place).click()
        files = [tones(tmp_path / f"{label}{number}.wav", pitch, number) for number in range(5)]
        page.locator("input[type=file]").last.set_input_files(files)
        page.get_by_text("5 recordings, enough").nth(place).wait_for()
        page.keyboard.press("Escape")
    page.get_by_role("button", name="Train", exact=True).click()
    page.get_by_text("had not heard that recording").wait_for()
    page.get_by_role("button", name="Record", exact=True).last.click()
    page.get_by_text("00:03").wait_for()
    page.get_by_role("button", name="Stop recording").click()
    page.get_by_text("It heard").wait_for()
    # browsers take a pure tone for noise and change it, so that it may count as unknown; it is nearest all the same
    nearest = page.get_by_text("Nearest is high").or_(page.get_by_role("heading", name="high"))
    nearest.first.wait_for()
    page.get_by_role("radio", name="Live").click()
    page.get_by_role("button", name="Listen live").click()
    page.get_by_text("Before:").wait_for()
    nearest.first.wait_for()
    page.get_by_role("button", name="Stop listening").click()
    page.get_by_role("link", name="Results: how good it is").click()
    page.get_by_text("Accuracy on unseen clips").wait_for()
