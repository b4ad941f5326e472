"""A flat folder whose names follow no known scheme: from its path to a grouped run without leaving the browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.long]

NewPage = Callable[..., Any]
SPEAKERS = ("03", "08", "09", "10", "11")


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


@pytest.fixture
def speech(tmp_path: Path, write_tone: Callable[..., Path]) -> Callable[[str], Path]:
    """``speech("WFN")``: named like Emo-DB (speaker, text, emotion, version), with these letters for the emotions."""

    def write(letters: str) -> Path:
        for number, speaker in enumerate(SPEAKERS):
            for text in range(2):
                for letter, pitch in zip(letters, (220.0, 880.0, 1760.0), strict=True):
                    name = f"{speaker}a{text + 1:02d}{letter}a.wav"
                    frequency = pitch * (1 + 0.01 * number + 0.005 * text)
                    write_tone(tmp_path / "speech" / name, frequency=frequency, seconds=0.3, sr=8000)
        return tmp_path / "speech"

    return write


def load(page: Any, folder: Path) -> None:
    page.get_by_label("Path of the folder").fill(str(folder))
    page.get_by_role("button", name="Load the folder").click()


def in_preview(page: Any, text: str) -> None:
    """Wait for a cell of the table with this text; the table is painted, its cells stand beside the canvas unseen."""
    cells = page.get_by_test_id("stDataFrame").locator("td", has_text=re.compile(f"^{text}$"))
    cells.first.wait_for(state="attached")


def test_known_names_are_read_at_once(new_page: NewPage, speech: Callable[[str], Path]) -> None:
    page = new_page("data")
    load(page, speech("WFN"))
    page.get_by_text("5 groups from the file names; this is the layout of Emo-DB").wait_for()
    page.get_by_test_id("stSidebar").get_by_text("30 clips, 3 classes").wait_for()


def test_a_pattern_leads_to_a_grouped_run(new_page: NewPage, speech: Callable[[str], Path]) -> None:
    page = new_page("data")
    load(page, speech("KJM"))

    # the form comes by itself, and follows every key
    page.get_by_text("say how the names are built").wait_for()
    pattern = page.get_by_label("pattern", exact=True)
    pattern.press("Control+A")
    pattern.press_sequentially("{group:2}{text:3}{lab")
    page.get_by_text("or a bracket that is not closed").wait_for()
    pattern.press_sequentially("el:1}{version}")
    page.get_by_text("30 of 30 names fit, 3 classes.").wait_for()
    page.get_by_text("30 clips, 3 classes from the file names, 5 groups from the file names.").wait_for()
    in_preview(page, "K")
    page.get_by_label("values", exact=True).press_sequentially("K=anger, J=joy, M=calm")
    in_preview(page, "anger")
    page.get_by_role("button", name="Load these sounds").click()
    page.get_by_test_id("stSidebar").get_by_text("30 clips, 3 classes").wait_for()

    # speakers are kept together without asking for it
    page.get_by_test_id("stSidebar").get_by_role("link", name="Train").click()
    page.get_by_text("What will be trained").wait_for()
    kept = "with the clips of one group (such as a speaker) kept together"
    page.get_by_text(f"on 20% of the clips, kept aside from the start, {kept}").wait_for()
    page.locator(".st-key-train-stage-model button").click()
    page.get_by_role("radio", name="Decision tree").click()
    page.get_by_text("It is a Decision tree").wait_for()
    settled(page)
    page.get_by_role("button", name="Start training").click()
    page.get_by_role("button", name="See the results").click()
    page.get_by_role("heading", name="Results", exact=True).wait_for()
    page.get_by_text(re.compile(f"of 6 test clips.*{re.escape(kept)}")).wait_for()
    assert page.get_by_text("speakers on both sides").count() == 0
    settled(page)
    for label in ("anger", "joy", "calm"):
        assert page.get_by_text(label, exact=True).count()
