"""Recordings and folders on the Classify page: a scan in a process of its own, a review that survives, a way back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.datasets import load_dataset
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, new_folder
from audioclf.features import Mel
from audioclf.inference.events import EventSettings
from audioclf.inference.review import read_review
from audioclf.inference.scan import Scan, list_scans, scans_folder
from audioclf.models import MODELS

OpenPage = Callable[..., AppTest]
Until = Callable[..., Any]
PIECES = ((240.0, 2.0), (0.0, 1.0), (1900.0, 2.0), (0.0, 1.0), (1900.0, 2.0))


@pytest.fixture(scope="module")
def run(three_classes: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """A quick run on two of the classes, where pages see it."""
    sounds = tmp_path_factory.mktemp("two") / "tones"
    for label in ("low", "high"):
        shutil.copytree(three_classes / label, sounds / label)
    experiment = Experiment(dataset=DatasetChoice(str(sounds)), features=(Mel(n_mels=32),), model=MODELS["logreg"]())
    run = run_experiment(experiment, new_folder(workspaces.runs_folder()))
    yield run
    run.delete()


@pytest.fixture(autouse=True)
def no_scans() -> Iterator[None]:
    yield
    shutil.rmtree(scans_folder(), ignore_errors=True)


def recording() -> bytes:
    import io

    sr = 22050
    y = np.concatenate([0.4 * np.sin(2 * np.pi * f * np.arange(round(s * sr)) / sr) for f, s in PIECES])
    buffer = io.BytesIO()
    soundfile.write(buffer, y, sr, format="WAV")
    return buffer.getvalue()


def keyed(elements: Any, key: str) -> Any:
    return next(element for element in elements if str(element.key).startswith(key))


def opened(open_page: OpenPage, run: Run) -> AppTest:
    page = open_page("classify", run=run.id)
    next(element for element in page.segmented_control if element.key == "classify.source").set_value(
        "Recordings and folders"
    )
    page.run()
    assert not page.exception
    return page


def scanned(page: AppTest, files: list[tuple[str, bytes, str]], until: Until) -> Scan:
    page.file_uploader[0].set_value(files)
    page.run()
    next(button for button in page.button if button.label == "Listen to all of it").click()
    page.run()
    until(None, lambda: list_scans() and list_scans()[0].status.ended)
    page.run()
    page.run()
    assert not page.exception
    assert not page.error
    return list_scans()[0]


def test_a_recording_is_reviewed_and_sent_back(open_page: OpenPage, run: Run, until: Until) -> None:
    page = opened(open_page, run)
    scan = scanned(page, [("<b>long</b>.wav", recording(), "audio/wav")], until)
    assert scan.status.state == "done", scan.status
    assert scan.folder.name in page.query_params["scan"]
    scan.set_events(EventSettings(min_length=1.2, max_gap=0.2), {})  # an edge between two sounds is none of them
    page.run()
    table = page.dataframe[0].value
    assert list(table["class"]) == ["low", "high", "high"]
    player = json.loads(page.get("bidi_component")[0].proto.json)
    assert [panel["kind"] for panel in player["panels"]] == ["picture", "curve"]
    keyed(page.button, "scan.Confirm").click()
    page.run()
    keyed(page.text_input, "scan.note.").set_value("*quiet*")
    page.run()
    keyed(page.button, "scan.Reject").click()
    page.run()
    keyed(page.selectbox, "scan.label.").set_value("low")
    page.run()
    keyed(page.button, "scan.Confirm").click()
    page.run()
    assert not page.exception
    assert not page.error
    events = sorted(read_review(scan), key=lambda one: one.start)
    assert [(one.verdict, one.final) for one in events] == [
        ("confirmed", "low"),
        ("rejected", "high"),
        ("confirmed", "low"),
    ]
    assert events[1].note == "*quiet*"
    # another session, as after a reload: the address brings the same scan and review
    again = open_page("classify", run=run.id, scan=scan.folder.name)
    assert [str(value)[2:] for value in again.dataframe[0].value["review"]] == ["confirmed", "rejected", "confirmed"]
    keyed(again.button, "scan.send").click()
    again.run()
    until(again, lambda: again.success)
    assert "clips of a data set" in again.success[0].value
    made = load_dataset(again.session_state["audioclf"].data)
    assert sorted(clip.label for clip in made.clips) == ["low", "low"]
    scan.files[0][1].rename(scan.folder / "moved")
    again.run()
    assert "It cannot be played" in again.error[0].value
    assert "long" in again.error[0].value
    assert len(again.dataframe[0].value) == 3


def test_many_files_are_a_table_and_bad_ones_a_row(open_page: OpenPage, run: Run, until: Until) -> None:
    page = opened(open_page, run)
    files = [(f"{number}.wav", recording(), "audio/wav") for number in range(3)] + [("bad.wav", b"<html>", "")]
    scan = scanned(page, files, until)
    table = page.dataframe[0].value
    assert list(table["file"]) == ["0.wav", "1.wav", "2.wav", "bad.wav"]
    assert "HTML page" in table["remarks"][3]
    assert {"low %", "high %"} <= set(table.columns)
    words = " ".join(element.value for element in page.markdown)
    assert "4 files" in words
    assert "1 could not be used" in words
    assert "0 not sure" in words
    assert len(scan.files) == 4


def test_a_stopped_scan_goes_on(open_page: OpenPage, run: Run, until: Until) -> None:
    from audioclf.inference.scan_records import ScanStatus

    page = opened(open_page, run)
    scan = scanned(page, [("a.wav", recording(), "audio/wav")], until)
    rows = scan.n_rows
    scan.write_status(ScanStatus("stopped", message="It was stopped; what was done is kept."))
    (scan.folder / "files.jsonl").unlink()
    with (scan.folder / "windows.f32").open("r+b") as file:
        file.truncate(4 * (len(scan.classes) + 2) * 5)
    page.run()
    assert "stopped" in page.warning[0].value
    keyed(page.button, "scan.go_on").click()
    page.run()
    until(None, lambda: scan.status.ended)
    assert scan.status.state == "done"
    assert scan.n_rows == rows


def test_a_scan_that_is_not_there_is_named_in_a_sentence(open_page: OpenPage, run: Run) -> None:
    page = open_page("classify", run=run.id, scan="0" * 16)
    assert "not in this workspace" in page.warning[0].value
