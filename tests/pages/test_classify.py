"""The Classify page: sounds in, probabilities out; a bad file costs one sentence."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run

OpenPage = Callable[..., AppTest]
Until = Callable[..., Any]


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption, *page.subheader))


def answered(page: AppTest, until: Until) -> AppTest:
    """The page once the models have answered: the sound, and its evidence or a sentence that there is none."""
    page.run()
    until(page, lambda: page.title and len(page.get("bidi_component")) + len(page.info) == 2)
    return page


def source(page: AppTest, name: str) -> None:
    next(element for element in page.segmented_control if element.key == "classify.source").set_value(name)
    page.run()


def test_an_example_is_classified_and_explained(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = answered(open_page("classify", run=finished.id), until)
    assert not page.error
    first = sorted(
        finished.predictions, key=lambda item: (item.true == item.predicted, -item.probabilities[item.predicted])
    )[0]
    assert page.title[-1].value.replace("\\", "") == finished.classes[first.predicted]
    assert "The model knows 3 classes" in words(page)
    whole, used = (json.loads(element.proto.json) for element in page.get("bidi_component"))
    assert whole["tracks"][0]["title"] == finished.classes[first.true]
    assert used["panels"][0]["heat"]


def test_good_files_are_answered_and_bad_ones_told(
    open_page: OpenPage, finished: Run, write_tone: Callable[..., Path], tmp_path: Path, until: Until
) -> None:
    page = open_page("classify", run=finished.id)
    source(page, "Files")
    files: list[tuple[str, bytes, str]] = [("empty.wav", b"", "audio/wav"), ("page.wav", b"<html>", "audio/wav")]
    for name, frequency in (("high.flac", 1800.0), ("also high.ogg", 1850.0), ("high.mp3", 1790.0)):
        path = write_tone(tmp_path / name, frequency=frequency, seconds=0.3)
        files.append((name, path.read_bytes(), ""))
    page.file_uploader[0].set_value(files)
    answered(page, until)
    assert sorted(error.value.split("\\")[0] for error in page.error) == ["empty", "page"]
    assert all("Traceback" not in error.value for error in page.error)
    table = page.dataframe[0].value
    assert list(table["sound"]) == ["high.flac", "also high.ogg", "high.mp3"]
    assert set(table["prediction"]) == {"high"}
    assert table["probability"].between(100 / 3, 100).all()  # per cent


def test_what_is_the_matter_with_a_sound_stands_beside_its_answer(
    open_page: OpenPage, finished: Run, tone: Any, tmp_path: Path, until: Until
) -> None:
    y = tone(1800.0, 0.3)
    files = []
    for name, channels in (("cancels.wav", [y, -y]), ("fine.wav", [y, y])):
        soundfile.write(tmp_path / name, np.stack(channels, axis=1), 22050)
        files.append((name, (tmp_path / name).read_bytes(), "audio/wav"))
    page = open_page("classify", run=finished.id)
    source(page, "Files")
    page.file_uploader[0].set_value(files)
    answered(page, until)
    shown = [element.value for element in page.warning]
    assert [text.split()[:3] for text in shown] == [["There", "is", "next"], ["The", "channels", "cancel"]]
    bad, good = page.dataframe[0].value["remarks"]
    assert "next to nothing to hear" in bad
    assert good == ""


def test_a_long_sound_is_followed_window_by_window(open_page: OpenPage, finished: Run, tone: Any, until: Until) -> None:
    y = np.concatenate([tone(1800.0, 0.3), tone(220.0, 0.3), tone(1800.0, 0.3)])
    file = io.BytesIO()
    soundfile.write(file, y, 22050, format="WAV")
    page = open_page("classify", run=finished.id)
    source(page, "Files")
    page.file_uploader[0].set_value(("three.wav", file.getvalue(), "audio/wav"))
    answered(page, until)
    assert "Along the sound" in words(page)
    (slider,) = page.select_slider
    assert len(slider.options) == 3
    slider.set_value(slider.options[1] if isinstance(slider.value, str) else 0.3)
    page.run()
    answered(page, until)
    assert not page.error


def test_nothing_brought_is_nothing_asked(open_page: OpenPage, finished: Run) -> None:
    page = open_page("classify", run=finished.id)
    for name in ("Files", "Microphone"):
        source(page, name)
        assert not page.error
        assert not page.get("bidi_component")
