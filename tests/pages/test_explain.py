"""The Explain page: evidence over the picture, for the answer and for any other class, to see and to hear."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, new_folder
from audioclf.explain import METHODS
from audioclf.features import CQT, MFCC, Mel, Spectrum, Waveform
from audioclf.inference.assessment import assess_method
from audioclf.inference.evidence import read_choice
from audioclf.models import MODELS
from audioclf.ui.inference.explanation import heard
from audioclf.ui.sound import clip_picker

OpenPage = Callable[..., AppTest]
Until = Callable[..., Any]


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption))


def test_evidence_lies_over_the_picture_beside_the_plain_one(open_page: OpenPage, finished: Run) -> None:
    page = open_page("explain", run=finished.id)
    assert not page.error
    (player,) = players(page)
    plain, used = player["panels"]
    assert "heat" not in plain
    assert used["heat"].endswith(".png")
    assert used["y"] == plain["y"]
    assert (plain["track"], used["track"]) == (0, 1)
    assert player["sync"]
    assert len({track["audio"] for track in player["tracks"]}) == 3
    assert [track["title"] for track in player["tracks"]] == ["The sound", "What the model used", "What it ignored"]
    wrong = [item for item in finished.predictions if item.true != item.predicted]
    assert "but the true class is" in words(page), "wrong ones come first"
    assert any(f"({len(wrong)} predicted wrong" in element.label for element in page.selectbox)
    assert "**Where?**" in words(page)


def test_above_the_picture_it_says_what_removing_the_marked_tenth_does(open_page: OpenPage, finished: Run) -> None:
    page = open_page("explain", run=finished.id)
    sentences = [element.value for element in (*page.success, *page.info, *page.warning)]
    assert any("Removing the marked tenth takes" in text and "a random tenth to" in text for text in sentences)
    choice = read_choice(finished)
    assert choice is not None, "the job that made the run chose the method"
    method = next(element for element in page.selectbox if element.label == "Method")
    assert method.value == choice["method"]
    assert "is the default of this run" in words(page)
    assert choice["clips"] == "validation"


def test_a_map_is_tested_and_so_are_all(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = open_page("explain", run=finished.id)
    next(element for element in page.toggle if element.key == "evidence.test").set_value(True)
    page.run()
    until(page, lambda: page.metric)
    assert {"Average drop", "Input fidelity", "With random weights"} <= {element.label for element in page.metric}
    assert "other methods mark" in words(page)
    assess_method(finished, "occlusion")
    next(element for element in page.toggle if element.key == "assessment.on").set_value(True)
    page.run()
    assert not page.exception
    (table,) = page.dataframe
    assert list(table.value["method"]) == ["Occlusion"]
    assert 0 <= table.value["marked"][0] <= 1
    assert any("Test them" in element.label for element in page.button)


def test_any_class_and_any_method_and_layer_can_be_asked(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = open_page("explain", run=finished.id)
    before = players(page)[0]["panels"][1]
    chooser = next(element for element in page.selectbox if element.label == "Evidence for")
    assert len(chooser.options) == 3
    other = next(number for number, title in enumerate(chooser.options) if title.startswith("high,"))
    assert "predicted" not in chooser.options[other]
    chooser.set_value(other)
    page.run()
    until(page, lambda: players(page))
    assert "heat" not in before or players(page)[0]["panels"][-1].get("heat") != before["heat"]
    for kind in ("grad-cam", "integrated-gradients"):
        next(element for element in page.selectbox if element.label == "Method").set_value(kind)
        page.run()
        until(page, lambda: players(page))
        assert METHODS[kind].title in words(page).replace("\\", "")
    next(element for element in page.selectbox if element.label == "Method").set_value("layercam")
    page.run()
    until(page, lambda: players(page))
    layer = next(element for element in page.selectbox if element.label == "Layer")
    assert layer.options == ["conv_2_activation", "conv_1_activation"]
    layer.set_value("conv_1_activation")
    page.run()
    until(page, lambda: players(page))
    assert not page.error


def test_a_clip_in_the_address_is_the_one_that_is_shown(open_page: OpenPage, finished: Run) -> None:
    item = finished.predictions[-1]
    clip = finished.clips[item.clip]
    page = open_page("explain", run=finished.id, clip=clip.key)
    chooser = next(element for element in page.selectbox if element.label.startswith("Test clip"))
    assert clip.path.name in chooser.options[chooser.value]


def test_ones_own_sound_and_a_file_that_is_none(
    open_page: OpenPage, finished: Run, tone_wav: Path, until: Until
) -> None:
    page = open_page("explain", run=finished.id)
    next(element for element in page.segmented_control if element.key == "subject.source").set_value("Your own sound")
    page.run()
    page.file_uploader[0].upload("page.wav", b"<html>no sound</html>")
    page.run()
    (error,) = page.error
    assert "Traceback" not in error.value
    page.file_uploader[0].set_value(("tone.wav", tone_wav.read_bytes(), "audio/wav"))
    page.run()
    until(page, lambda: players(page))
    assert not page.error
    assert "The model predicted" in words(page)


def test_a_model_without_convolutions_is_explained_by_what_suits_it(
    open_page: OpenPage, finished: Run, until: Until
) -> None:
    experiment = finished.experiment.replace(
        model=MODELS["logreg"](), features=(Mel(n_mels=16), Waveform(), MFCC()), combine="ensemble"
    )
    run = run_experiment(experiment, new_folder(finished.folder.parent), name="three features")
    try:
        page = open_page("explain", run=run.id)
        assert not page.error
        method = next(element for element in page.selectbox if element.label == "Method")
        assert method.options == ["Weights", "Occlusion", "Random masks"]
        assert "A linear model adds up weight times value" in words(page)
        assert "1 of 3 models look at this feature" in words(page)
        next(element for element in page.selectbox if element.label == "Feature").set_value(1)
        page.run()
        until(page, lambda: players(page))
        panel = players(page)[0]["panels"][1]
        assert panel["kind"] == "curve"
        assert max(panel["heat"]) == pytest.approx(1)
        next(element for element in page.selectbox if element.label == "Feature").set_value(2)
        page.run()
        until(page, lambda: players(page) and "Rows are coefficients and have no frequency" in words(page))
        assert not page.error
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


def test_a_selected_stretch_is_explained(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = open_page("explain", run=finished.id)
    page.session_state[clip_picker._SELECTED] = replace(finished.clips[0], start=0.05, duration=0.2)
    page.session_state[clip_picker._JUST] = True
    page.run()
    until(page, lambda: players(page))
    assert "0.050 to 0.250 s of its file" in words(page).replace("\\", "")
    assert [len(data["panels"]) for data in players(page)] == [2], "the sound and the evidence"
