"""Explore, step by step and heard: the numbers of the steps are the feature's, and sound is made in another process."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.audio.io import AudioSettings
from audioclf.datasets import load_dataset
from audioclf.features import CQT, MFCC
from audioclf.features.extraction import load_clip
from audioclf.ui.explore.steps import numbers
from audioclf.ui.shell import tasks

OpenPage = Callable[..., AppTest]


def components(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def steps(page: AppTest) -> dict[str, Any]:
    """What the steps are drawn of."""
    (data,) = [found for found in components(page) if "numbers" in found]
    return data


def test_the_last_step_is_the_column_of_the_mfcc_on_the_page(open_page: OpenPage, class_folders: Path) -> None:
    view = {"show": "Step by step", "frame": 5, "features": {"mfcc": {"n_mfcc": 13, "n_mels": 40}}}
    data = steps(open_page("explore", data=class_folders, view=json.dumps(view)))
    clip, audio = load_dataset(class_folders).clips[0], AudioSettings()
    feature = MFCC(n_mfcc=13, n_mels=40)
    made = numbers(clip, feature, CQT(), audio)
    shown = feature.compute(load_clip(clip, audio), audio.sr)
    np.testing.assert_array_equal(made.arrays["coefficients"].T, shown.values)
    assert data["layout"] == [[name, list(array.shape)] for name, array in made.arrays.items()]
    assert b"".join(array.tobytes() for array in made.arrays.values()) == made.blob
    assert data["frame"] == 5
    assert [step["name"] for step in data["steps"]] == ["sound", "window", "fft", "mel", "log", "dct", "beside"]
    assert all(step["sentence"] and step["question"].endswith("?") and step["answer"] for step in data["steps"])
    assert made.arrays["cqt"].shape[1] == 84


def test_a_long_sound_is_followed_from_its_start(open_page: OpenPage, tmp_path: Path, write_tone: Any) -> None:
    write_tone(tmp_path / "set" / "a" / "long.wav", seconds=40)
    write_tone(tmp_path / "set" / "b" / "short.wav", seconds=0.001)
    page = open_page("explore", data=tmp_path / "set", view='{"show": "Step by step"}')
    data = steps(page)
    assert sum(4 * int(np.prod(shape)) for _, shape in data["layout"]) < 16e6
    assert data["seconds"] < 40
    assert any("of the sound are followed" in item.value for item in page.caption)
    page.selectbox[0].set_value("b")
    page.run()
    data = steps(page)
    shapes = dict(data["layout"])
    assert data["n_frames"] == shapes["coefficients"][0] == 1
    assert "cqt" not in shapes
    assert any("constant-Q" in item.value.replace("\\", "") for item in page.caption)


def test_parameters_that_cannot_work_are_reported(open_page: OpenPage, class_folders: Path) -> None:
    view = {"show": "Step by step", "features": {"mfcc": {"fmax": 20000}}}
    page = open_page("explore", data=class_folders, view=json.dumps(view))
    assert "fmax" in page.error[0].value
    view = {"show": "Step by step", "features": {"mfcc": {"summary": "mean"}}}
    page = open_page("explore", data=class_folders, view=json.dumps(view))
    assert "summary must be" in page.error[0].value.replace("\\", "")


def hear(page: AppTest) -> list[dict[str, Any]]:
    """The two players, once the sound is made."""
    for task in tasks.all_tasks():
        assert task.wait(300)
    page.run()
    assert not page.exception
    return components(page)


def test_a_feature_is_heard_beside_the_original(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders, view='{"show": "Hear it", "n_mels": 32}')
    before, after = hear(page)
    assert before["tracks"][0]["title"] == "Original"
    assert after["tracks"][0]["title"] == "From the Mel spectrogram"
    assert before["tracks"][0]["seconds"] == pytest.approx(after["tracks"][0]["seconds"])
    assert before["tracks"][0]["audio"] != after["tracks"][0]["audio"]
    assert len({(one["panels"][0]["low"], one["panels"][0]["high"]) for one in (before, after)}) == 1
    far = float(page.metric[0].value.split()[0])
    next(item for item in page.select_slider if item.key == "explore.hear.n_mels").set_value(4)
    page.run()
    assert "n_mels 4" in hear(page)[1]["tracks"][0]["note"]
    assert float(page.metric[0].value.split()[0]) > far


def test_what_cannot_be_made_again_is_reported(open_page: OpenPage, class_folders: Path) -> None:
    view = {"show": "Hear it", "hear": "cqt", "features": {"cqt": {"hop_length": 500}}}
    page = open_page("explore", data=class_folders, view=json.dumps(view))
    for task in tasks.all_tasks():
        assert task.wait(300)
    page.run()
    assert "multiple of 64" in page.error[0].value
    assert any(button.label == "Make the sound" for button in page.button)


def test_a_sound_under_way_can_be_stopped(open_page: OpenPage, tmp_path: Path, write_tone: Any) -> None:
    """The last one here: it ends the process that makes sounds, and the next sound would wait for another."""
    write_tone(tmp_path / "set" / "a" / "long.wav", seconds=10)
    write_tone(tmp_path / "set" / "b" / "long.wav", seconds=10, frequency=330)
    page = open_page("explore", data=tmp_path / "set")
    next(item for item in page.segmented_control if item.key == "explore.view").set_value("Hear it")
    page.session_state["explore.hear.kind"] = "cqt"
    page.run()
    page.button(key="explore.hear.stop").click()
    page.run()
    for task in tasks.all_tasks():
        assert task.wait(60)
    page.run()
    assert "It was stopped" in page.info[0].value
    assert any(button.label == "Make the sound" for button in page.button)
