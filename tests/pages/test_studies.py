"""Ready-made comparisons on the Search page: refused in words without groups, and runs of one press."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import new_folder
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.tuning.studies import bake_off, run_study

OpenPage = Callable[..., AppTest]


def words(page: AppTest) -> str:
    texts = " ".join(element.value for element in (*page.markdown, *page.caption, *page.info))
    return texts.replace("\\", "")


@pytest.fixture
def compared(class_folders: Path) -> Iterator[list[str]]:
    """Two features compared on the tones, as a study of the workspace."""
    experiment = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=16),),
        split=Holdout(test_size=0.34, validation_size=0.0),
        model=MODELS["logreg"](),
    )
    folder = new_folder(workspaces.runs_folder())
    study = bake_off(experiment, experiment.dataset.load())
    few = type(study)(study.kind, tuple(one for one in study.variants if one.name in ("mel", "waveform")))
    made = run_study(few, folder)
    moved = []
    for run in made:
        place = folder.with_name(f"{folder.name}-{run.id}")
        run.folder.rename(place)
        moved.append(type(run)(place))
    folder.rmdir()
    yield [run.id for run in moved]
    for run in moved:
        run.delete()


def test_without_groups_a_leak_is_no_question(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("search", data=class_folders)
    assert "knows no groups" in words(page)
    assert not any(button.key == "studies.go" for button in page.button)


def test_the_features_of_a_study_stand_side_by_side(
    open_page: OpenPage, class_folders: Path, compared: list[str], until: Callable[..., Any]
) -> None:
    page = open_page("search", data=class_folders)
    page.session_state["studies.kind"] = "Which feature?"
    page.run()
    assert not page.exception
    assert not page.error
    (button,) = [button for button in page.button if button.key == "studies.go"]
    assert button.label.startswith("Run ")
    table = next(frame.value for frame in page.dataframe if "values per clip" in frame.value)
    assert set(table["run"]) == {"Mel spectrogram", "Waveform"}
    assert table["accuracy"].is_monotonic_decreasing
    assert (table["values per clip"] > 0).all()
    next(toggle for toggle in page.toggle if toggle.key == "studies.hear").set_value(True)
    page.run()
    until(page, lambda: page.get("bidi_component"))
    (heard,) = [json.loads(element.proto.json) for element in page.get("bidi_component")]
    assert [track["title"] for track in heard["tracks"]] == ["The clip itself", "Mel spectrogram"]
    assert "dB away" in heard["tracks"][1]["note"]
    assert heard["tracks"][0]["audio"] != heard["tracks"][1]["audio"]
    assert "Waveform: the clip itself" in words(page)
