"""A real browser: an experiment of two features, folds and augmentation is built, run, stopped, resumed, compared."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

NewPage = Callable[..., Any]
Paused = Callable[[Any], AbstractContextManager[Any]]


@pytest.fixture
def sounds(tmp_path: Path, write_tone: Callable[..., Path]) -> Path:
    """Two classes of ten short tones."""
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for i in range(10):
            path = tmp_path / "two pitches" / label / f"{i}.wav"
            write_tone(path, frequency=base * (1 + 0.02 * i), seconds=0.3, sr=8000)
    return tmp_path / "two pitches"


def stage(page: Any, name: str) -> None:
    """Open a stage of the Train page."""
    selector = f".st-key-train-stage-{name} button"
    # while the page is drawn anew, Streamlit may show the old one beside the new one
    page.wait_for_function("selector => document.querySelectorAll(selector).length === 1", arg=selector)
    page.locator(selector).click()


def number(page: Any, name: str, value: int) -> None:
    # the label is Markdown, and its underscore is escaped there
    field = page.get_by_role("spinbutton", name=re.compile("^" + name.replace("_", r"\\*_") + "$"))
    field.fill(str(value))
    field.press("Enter")


def select(page: Any, name: str, words: str) -> None:
    """Choose from a list by typing."""
    field = page.get_by_role("combobox", name=name, exact=True)
    field.click()
    field.fill(words)
    field.press("Enter")


def pill(page: Any, name: str) -> None:
    page.get_by_role("radio", name=name, exact=True).click()


def tick(page: Any, row: int) -> None:
    """Choose a line of the table of runs; it is painted on a canvas, so by place.

    A click may fall into the moment in which the table is drawn anew; whether it has hit, the browser alone knows.
    """
    grid = page.locator("[data-testid=stDataFrame] .dvn-scroller").first
    line = page.locator(f"[data-testid=stDataFrame] canvas [role=row][aria-rowindex='{row + 2}'][aria-selected=true]")
    for _ in range(60):
        grid.evaluate("grid => grid.scrollIntoView({block: 'center'})")
        box = grid.bounding_box()
        if box is not None:
            page.mouse.click(box["x"] + 16, box["y"] + 36 + 35 * row + 17)
        for _ in range(50):
            if line.count():
                return
            page.wait_for_timeout(100)
    raise AssertionError(f"line {row} cannot be chosen")


def test_an_experiment_is_built_run_stopped_resumed_and_compared(
    new_page: NewPage, server: Any, sounds: Path, paused: Paused
) -> None:
    page = new_page("train", data=sounds)
    summary = page.get_by_test_id("stMain")
    summary.get_by_text("What will be trained").wait_for()
    instead = page.get_by_role("button", name="Use the compact CNN")
    summary.get_by_text("It is a Compact CNN").or_(instead).first.wait_for()
    if instead.is_visible():  # where weights are at hand, an embedding is suggested
        instead.click()
        summary.get_by_text("It is a Compact CNN").wait_for()

    # two features, a model each
    stage(page, "features")
    page.get_by_role("button", name="Add another feature").click()
    page.get_by_text("Feature 2", exact=True).wait_for()
    select(page, "combine", "ensemble")
    summary.get_by_text("Model 2: MFCC").wait_for()
    # folds
    stage(page, "split")
    pill(page, "k-fold cross-validation")
    number(page, "n_splits", 2)
    summary.get_by_text("4 models will be trained").wait_for()
    # augmentation, seen and heard before it is used
    stage(page, "augmentations")
    select(page, "Augmentation", "Feature: Time and frequency masking")
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("See and hear it").click()
    page.get_by_role("button", name="Another random draw").wait_for()
    page.locator(".panel canvas").nth(1).wait_for()
    # a small network for a few epochs
    stage(page, "training")
    number(page, "batch_size", 4)
    number(page, "epochs", 3)
    summary.get_by_text("3 epochs of").wait_for()
    summary.get_by_text(re.compile("Time is shown after the first epoch")).wait_for()
    page.get_by_role("button", name="Start training").click()

    # watch, stop, resume
    with paused(page) as run:
        page.get_by_test_id("stMetric").get_by_text(re.compile(r"^\d+ (of 3|in \d models)$")).wait_for()
        page.get_by_test_id("stMainBlockContainer").get_by_role("button", name="Stop", exact=True).click()
        while not (run.folder / "stop").exists():
            page.wait_for_timeout(50)
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="See the results").wait_for()
    page.get_by_text("of 20 test clips correct").wait_for()
    (run.folder / "stop").touch()  # its best explanation, which is looked for behind it, is of no use here

    # another run, of a model that is fitted at once
    stage(page, "model")
    pill(page, "Decision tree")
    summary.get_by_text("It is a Decision tree").wait_for()
    page.get_by_role("button", name="Start training").click()
    page.locator("strong", has_text="mel+mfcc · tree").wait_for()
    page.get_by_role("button", name="See the results").wait_for()

    # side by side
    page.get_by_test_id("stSidebar").get_by_role("link", name="Runs").click()
    page.get_by_role("heading", name="Runs", exact=True).wait_for()
    page.locator("[data-testid=stDataFrame] .dvn-scroller").first.wait_for()
    if page.get_by_role("combobox", name="Data set").count():  # other tests have left runs of theirs
        select(page, "Data set", sounds.name)
    tick(page, 0)
    page.get_by_role("heading", name="Chosen", exact=True).wait_for()
    tick(page, 1)
    page.get_by_role("heading", name="Compared", exact=True).wait_for()
    page.get_by_role("heading", name="Accuracy", exact=True).wait_for()
    page.get_by_role("heading", name="Learning curves").wait_for()
    page.get_by_role("heading", name="Settings that differ").wait_for()
    page.locator("[data-testid=stVegaLiteChart]").nth(2).wait_for()
    assert page.locator("[data-testid=stException]").count() == 0
    assert not {"keras", "tensorflow", "matplotlib.pyplot", "optuna"} & server.modules()
