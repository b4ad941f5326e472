"""Explore with sounds and parameters that hardly work: a sentence, the previous picture, never a traceback."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.features import views

OpenPage = Callable[..., AppTest]

SOUNDS: dict[str, tuple[int, Callable[[int], np.ndarray]]] = {
    "silence": (22050, lambda sr: np.zeros(sr)),
    "5 ms": (22050, lambda sr: 0.5 * np.sin(np.arange(round(0.005 * sr)))),
    "one sample": (22050, lambda sr: np.full(1, 0.5)),
    "DC": (22050, lambda sr: np.full(sr, 0.5)),
    "96 kHz": (96000, lambda sr: 0.5 * np.sin(2 * np.pi * 30000 * np.arange(sr) / sr)),
    "6 minutes": (1000, lambda sr: 0.5 * np.sin(2 * np.pi * 100 * np.arange(360 * sr) / sr)),
    "30 minutes": (1000, lambda sr: 0.5 * np.sin(2 * np.pi * 100 * np.arange(1800 * sr) / sr)),
}

SENTENCES = {"one sample": ["needs at least"]}
REMARKS = {
    "silence": "all of its samples are 0",
    "DC": "a constant",
    "96 kHz": "nothing above 11,025 Hz",
    "6 minutes": "so that it can be drawn",
    "30 minutes": "so that it can be drawn",
}


def folder(tmp_path: Path, sr: int, y: np.ndarray) -> Path:
    """Two classes, the first of which holds the sound."""
    import soundfile

    for label, samples in (("a", y), ("b", 0.1 * np.sin(np.arange(2000)))):
        (tmp_path / "set" / label).mkdir(parents=True)
        soundfile.write(tmp_path / "set" / label / "0.wav", samples, sr)
    return tmp_path / "set"


def players(page: AppTest) -> list[dict[str, Any]]:
    found = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    return [data for data in found if "tracks" in data]


def show(page: AppTest, kind: str) -> None:
    next(item for item in page.segmented_control if item.key == "explore.view").set_value(kind)
    page.run()
    assert not page.exception


def sentences(page: AppTest) -> str:
    return " ".join(item.value.replace("\\", "") for item in (*page.error, *page.warning))


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=pytest.mark.long if name == "30 minutes" else ()) for name in SOUNDS]
)
def test_a_strange_sound_is_shown_or_refused_in_a_sentence(
    name: str, open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if name == "6 minutes":
        monkeypatch.setenv("AUDIOCLF_MAX_CLIP_SECONDS", "60")
    sr, make = SOUNDS[name]
    page = open_page("explore", data=folder(tmp_path, sr, make(sr)))
    expected = SENTENCES.get(name, [])
    assert len(page.error) == len(expected)
    for words in expected:
        assert words in sentences(page)
    (data,) = players(page)
    assert len(data["panels"]) == len(views()) - len(expected)
    for panel in data["panels"]:
        assert np.isfinite([panel["low"], panel["high"], panel["x"]["low"], panel["x"]["high"]]).all()
        assert panel["low"] < panel["high"]
        assert panel["x"]["low"] < panel["x"]["high"]
    if name.endswith("minutes"):
        titles = [panel["title"] for panel in data["panels"]]
        assert sum("one frame in" in title for title in titles) == 4, titles
    assert REMARKS.get(name, "") in " ".join(item.value.replace("\\", "") for item in page.caption)
    for kind in views():
        show(page, kind)
    show(page, "Resampling")
    show(page, "Step by step")
    assert not page.error


@pytest.mark.parametrize(
    ("kind", "field", "value", "words", "at"),
    [
        ("mel", "n_mels", 0, "n_mels must be at least 2", "error"),
        ("mel", "fmax", 20000.0, "fmax must be at most half the sample rate", "error"),
        ("mel", "fmin", 11025.0, "fmin must be at least 1 Hz below half the sample rate", "error"),
        ("cqt", "n_bins", 120, "n_bins must be at most", "error"),
        ("mfcc", "n_mfcc", 200, "n_mfcc must be at most n_mels", "error"),
        ("stft", "n_fft", 0, "n_fft must be at least 16", "error"),
        ("mel", "n_mels", 1024, "stay empty", "warning"),
        ("mel", "hop_length", 30000, "longer than the sound", "warning"),
        ("stft", "hop_length", 65536, "longer than the sound", "warning"),
    ],
)
def test_a_parameter_that_cannot_work_leaves_the_picture(
    kind: str, field: str, value: object, words: str, at: str, open_page: OpenPage, class_folders: Path
) -> None:
    page = open_page("explore", data=class_folders)
    show(page, kind)
    (before,) = players(page)
    page.number_input(key=f"feature.{kind}.{field}").set_value(value)
    page.run()
    assert not page.exception
    assert words in " ".join(item.value.replace("\\", "") for item in (page.error if at == "error" else page.warning))
    (after,) = players(page)
    if at == "error":
        assert after["panels"] == before["panels"]
    else:
        assert not page.error
        assert after["panels"] != before["panels"]


def test_empty_mel_bands_are_named(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders)
    show(page, "mel")
    page.number_input(key="feature.mel.n_fft").set_value(256)
    page.run()
    assert "counted from 0: 0" in sentences(page)
