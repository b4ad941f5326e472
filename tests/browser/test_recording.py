"""A recording of twenty minutes, made of known notes: events in the right places, a review by keyboard, a way back."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audioclf.audio.io import load_audio
from audioclf.core import workspaces
from audioclf.datasets import Clip
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runs import list_runs
from audioclf.inference.assets import starter_run
from audioclf.inference.review import read_review
from audioclf.inference.scan import Scan, scans_folder

pytestmark = [pytest.mark.browser, pytest.mark.long]

SR = 22050
MINUTES = 20
MODEL = """
[audio]
sr = 8000
duration = 2.0

[[features]]
kind = "mel"
n_fft = 512
hop_length = 256
n_mels = 32

[model]
kind = "tree"
"""

Truth = list[tuple[str, float, float]]


@pytest.fixture(scope="module")
def notes(audioclf_home: Path) -> tuple[list[Clip], list[Clip]]:
    """Notes that the starter model has learned, and notes that it has not."""
    run = starter_run()
    dataset = run.experiment.dataset.load()
    split = Inputs(run.experiment, dataset).splits[0]
    return [dataset.clips[at] for at in split.train], [dataset.clips[at] for at in split.test]


def record(path: Path, clips: Sequence[Clip], minutes: float) -> Truth:
    """Write a recording of clips with pauses between them; returns which is heard from when to when, in seconds."""
    chance = np.random.default_rng(7)
    pieces: list[Any] = []
    truth: Truth = []
    at = 0
    while at < minutes * 60 * SR:
        clip = clips[len(truth) % len(clips)]
        y, _ = load_audio(clip.path, sr=SR)
        pause = round(chance.uniform(0.5, 4.0) * SR)
        pieces += [np.zeros(pause, np.float32), y]
        heard = np.flatnonzero(np.abs(y) > 1e-3)
        start = at + pause
        truth.append((clip.label, (start + heard[0]) / SR, (start + heard[-1]) / SR))
        at = start + len(y)
    soundfile.write(path, np.concatenate(pieces), SR, subtype="PCM_16")
    return truth


def matched(found: Sequence[tuple[str, float, float]], truth: Truth) -> int:
    """How many are of the same class and share half of what both cover; every one counts once."""
    left = list(truth)
    for label, start, end in found:
        for one in left:
            shared = min(end, one[2]) - max(start, one[1])
            if one[0] == label and shared >= 0.5 * (max(end, one[2]) - min(start, one[1])):
                left.remove(one)
                break
    return len(truth) - len(left)


def audacity_labels(text: str) -> Truth:
    """As Audacity's manual has it: a label a line, start, end and text between tabs; a backslash begins frequencies."""
    lines = [line for line in text.split("\n") if line and not line.startswith("\\")]
    return [(label, float(start), float(end)) for start, end, label in (line.split("\t") for line in lines)]


def raven_selections(text: str) -> list[dict[str, str]]:
    """As Raven's manual has it: text between tabs, a first line of column names, a line per selection and view."""
    head, *rows = (line.split("\t") for line in text.rstrip("\n").split("\n"))
    assert head[:3] == ["Selection", "View", "Channel"]
    assert {"Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)"} <= set(head)
    return [dict(zip(head, row, strict=True)) for row in rows]


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


def pressed(page: Any, key: str, then: Callable[[], bool]) -> None:
    """Press a key and wait until it has done its work."""
    page.keyboard.press(key)
    for _ in range(6000):
        if then():
            settled(page)
            return
        page.wait_for_timeout(50)
    raise AssertionError(f"{key} did nothing")


def downloaded(page: Any, table: str) -> str:
    page.get_by_label("Table", exact=True).click()
    page.get_by_role("option", name=table).click()
    settled(page)
    with page.expect_download() as download:
        page.get_by_test_id("stDownloadButton").get_by_role("button").click()
    return Path(download.value.path()).read_text(encoding="utf-8")


def tab_to(page: Any, label: str) -> None:
    """Press Tab until the field of that name has the focus."""
    for _ in range(200):
        page.keyboard.press("Tab")
        if page.evaluate("label => document.activeElement?.ariaLabel?.startsWith(label)", label):
            return
    raise AssertionError(f"the keyboard does not reach {label}")


def test_a_recording_becomes_clips_and_another_training(
    new_page: Callable[..., Any],
    notes: tuple[list[Clip], list[Clip]],
    tmp_path: Path,
) -> None:
    learned, others = notes
    truth = record(tmp_path / "known notes.flac", others, MINUTES)
    known = sorted({clip.label for clip in learned})
    parent = tmp_path / "a few notes"
    for label in known:
        for number, clip in enumerate([clip for clip in learned if clip.label == label][:5]):
            (parent / label).mkdir(parents=True, exist_ok=True)
            (parent / label / f"{number}.wav").write_bytes(clip.path.read_bytes())

    # dropped on Classify
    page = new_page("classify", data=parent, run="starter")
    page.get_by_role("radio", name="Recordings and folders").click()
    page.locator("input[type=file]").first.set_input_files(tmp_path / "known notes.flac")
    page.get_by_role("button", name="Listen to all of it").click()
    page.wait_for_function("location.search.includes('scan=')")
    page.get_by_text(re.compile(r"\d+ events, 0 reviewed")).wait_for()
    scan = Scan(max(scans_folder().iterdir(), key=lambda folder: folder.stat().st_mtime))
    found = [(scan.classes[one.label], one.start, one.end) for one in scan.events(*scan.settings)]
    right = matched(found, truth)
    precision, recall = right / len(found), right / len(truth)
    print(f"{len(truth)} notes, {len(found)} events, precision {precision:.3f}, recall {recall:.3f}")
    assert precision >= 0.9
    assert recall >= 0.9

    # reviewed with the keyboard alone
    page.get_by_role("button", name="Confirm").wait_for()
    settled(page)
    page.wait_for_timeout(1500)  # the page listens to keys a moment after it is drawn

    def verdicts() -> list[str]:
        return [one.verdict for one in sorted(read_review(scan), key=lambda one: one.start)]

    for number in range(1, 7):
        pressed(page, "a", lambda number=number: verdicts() == ["confirmed"] * number)  # type: ignore[misc]
    pressed(page, "x", lambda: verdicts() == ["confirmed"] * 6 + ["rejected"])
    pressed(page, "k", lambda: page.get_by_text(re.compile("event 7 of")).count() > 0)
    pressed(page, "u", lambda: verdicts() == ["confirmed"] * 6)
    pressed(page, "x", lambda: verdicts() == ["confirmed"] * 6 + ["rejected"])
    eighth = page.get_by_text(re.compile("event 8 of"))
    eighth.wait_for()
    tab_to(page, "Note")
    page.keyboard.type("=a <b>note</b>")
    pressed(page, "Enter", lambda: any(one.note for one in read_review(scan)))
    page.keyboard.press("Shift+Tab")  # the class stands before the note
    other = next(label for label in known if label != sorted(found, key=lambda one: one[1])[7][0])
    page.keyboard.type(other)
    pressed(page, "Enter", lambda: any(one.label for one in read_review(scan)))
    for _ in range(2):  # out of the fields, where letters are letters
        page.keyboard.press("Tab")
    pressed(page, "a", lambda: verdicts() == ["confirmed"] * 6 + ["rejected", "confirmed"])
    review = sorted(read_review(scan), key=lambda one: one.start)
    assert (review[7].final, review[7].note) == (other, "=a <b>note</b>")
    assert sorted(found, key=lambda one: one[1])[:7] == [(one.predicted, one.start, one.end) for one in review[:7]]

    # kept over a reload
    page.reload()
    page.get_by_text(f"{len(found)} events, 8 reviewed").wait_for()
    page.screenshot(path=str(tmp_path / "reviewed.png"))

    # read by other programs
    labels = audacity_labels(downloaded(page, "Events for Audacity (labels)"))
    assert len(labels) == len(found) - 1
    assert labels[6][0] == other
    assert matched(labels, truth) >= right - 2
    selections = raven_selections(downloaded(page, "Events for Raven (selections)"))
    assert [int(one["Selection"]) for one in selections] == list(range(1, len(found) + 1))
    assert [one["Review"] for one in selections[:9]] == ["confirmed"] * 6 + ["rejected", "confirmed", ""]
    assert selections[7]["Note"] == "=a <b>note</b>"
    begins = [float(one["Begin Time (s)"]) for one in selections]
    assert begins == pytest.approx(sorted(start for _, start, _ in found), abs=1e-3)
    assert all(0 <= float(one["Low Freq (Hz)"]) < float(one["High Freq (Hz)"]) <= SR / 2 for one in selections)

    # sent back, and trained again
    settled(page)
    page.get_by_role("button", name="Send them to Data").click()
    page.get_by_text("They are clips of a data set now").wait_for()
    page.get_by_test_id("stSidebar").get_by_text("57 clips").wait_for()
    page.get_by_role("button", name="Train with them").click()
    page.get_by_role("button", name="Start training").wait_for()
    page.get_by_text("The experiment as text (TOML)").click()
    box = page.get_by_label("Paste or write an experiment")
    box.fill(MODEL)
    box.press("Control+Enter")
    page.get_by_role("button", name="Use it").click()
    page.get_by_text("It is a Decision tree").wait_for()
    page.get_by_role("button", name=re.compile("Start training|Train another")).click()
    page.get_by_role("button", name="See the results").wait_for()
    run = next(run for run in list_runs(workspaces.runs_folder()) if "tree" in run.experiment.model.kind)
    assert len(run.clips) == 57
    assert json.loads((scan.folder / "review.json").read_text(encoding="utf-8"))["events"]
