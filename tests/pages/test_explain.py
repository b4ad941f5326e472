"""The Explain page: evidence over the picture, for the answer and for any other class, to see and to hear."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, new_folder
from audioclf.features import CQT, MFCC, Mel, Spectrum, Waveform
from audioclf.models import MODELS
from audioclf.ui.inference.explanation import heard

OpenPage = Callable[..., AppTest]


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption))


def test_evidence_lies_over_the_picture_beside_the_plain_one(open_page: OpenPage, finished: Run) -> None:
    page = open_page("explain", run=finished.id)
    assert not page.error
    plain, used = players(page)
    assert "heat" not in plain["panels"][0]
    assert used["panels"][0]["heat"].endswith(".png")
    assert used["panels"][0]["y"] == plain["panels"][0]["y"]
    whole, part = (player["tracks"][0]["audio"] for player in (plain, used))
    assert whole != part
    assert "What the model used" in used["tracks"][0]["title"]
    wrong = [item for item in finished.predictions if item.true != item.predicted]
    assert "but the true class is" in words(page), "wrong ones come first"
    assert any(f"({len(wrong)} predicted wrong" in element.label for element in page.selectbox)


def test_any_class_and_either_method_can_be_asked(open_page: OpenPage, finished: Run) -> None:
    page = open_page("explain", run=finished.id)
    before = players(page)[1]["panels"][0]
    chooser = next(element for element in page.selectbox if element.label == "Evidence for")
    assert len(chooser.options) == 3
    other = next(number for number, title in enumerate(chooser.options) if title.startswith("high,"))
    assert "predicted" not in chooser.options[other]
    chooser.set_value(other)
    for _ in range(20):
        page.run()
        if len(players(page)) == 2:
            break
    after = players(page)[1]["panels"][0]
    assert after["title"] == "Evidence for high"
    assert after["heat"] != before["heat"]
    next(element for element in page.segmented_control if element.key == "evidence.method").set_value("occlusion")
    for _ in range(20):
        page.run()
        if len(players(page)) == 2:
            break
    assert "Occlusion" in words(page)
    assert players(page)[1]["panels"][0]["heat"] != after["heat"]


def test_a_clip_in_the_address_is_the_one_that_is_shown(open_page: OpenPage, finished: Run) -> None:
    item = finished.predictions[-1]
    clip = finished.clips[item.clip]
    page = open_page("explain", run=finished.id, clip=clip.key)
    chooser = next(element for element in page.selectbox if element.label.startswith("Test clip"))
    assert clip.path.name in chooser.options[chooser.value]


def test_ones_own_sound_and_a_file_that_is_none(open_page: OpenPage, finished: Run, tone_wav: Path) -> None:
    page = open_page("explain", run=finished.id)
    next(element for element in page.segmented_control if element.key == "subject.source").set_value("Your own sound")
    page.run()
    page.file_uploader[0].upload("page.wav", b"<html>no sound</html>")
    page.run()
    (error,) = page.error
    assert "Traceback" not in error.value
    page.file_uploader[0].set_value(("tone.wav", tone_wav.read_bytes(), "audio/wav"))
    for _ in range(20):
        page.run()
        if len(players(page)) == 2:
            break
    assert not page.error
    assert "The model predicted" in words(page)


def test_a_model_without_convolutions_is_explained_by_occlusion(open_page: OpenPage, finished: Run) -> None:
    experiment = finished.experiment.replace(
        model=MODELS["logreg"](), features=(Mel(n_mels=16), Waveform()), combine="ensemble"
    )
    run = run_experiment(experiment, new_folder(finished.folder.parent), name="two pictures")
    try:
        page = open_page("explain", run=run.id)
        assert not page.error
        assert not any(element.key == "evidence.method" for element in page.segmented_control)
        assert "Occlusion" in words(page)
        picture = next(element for element in page.selectbox if element.label == "Feature")
        picture.set_value(1)
        for _ in range(20):
            page.run()
            if len(players(page)) == 2:
                break
        panel = players(page)[1]["panels"][0]
        assert panel["kind"] == "curve"
        assert max(panel["heat"]) == pytest.approx(1)
    finally:
        run.delete()


@pytest.mark.parametrize(
    "feature", [Mel(n_mels=40), MFCC(), CQT(n_bins=48), Spectrum(), Waveform()], ids=lambda f: f.kind
)
def test_where_all_is_evidence_all_is_heard(feature: Any, tone: Callable[..., Any]) -> None:
    y = tone(440.0, 0.5)
    shown = feature.compute(y, 22050)
    np.testing.assert_allclose(heard(shown, np.ones_like(shown.values), y, 22050), y, atol=1e-4)
    silent = heard(shown, np.zeros_like(shown.values), y, 22050)
    assert np.abs(silent).max() < 1e-6
