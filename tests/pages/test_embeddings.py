"""Pretrained networks on the pages: a training computes them, the web server's process never does."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import Run, create_run, new_folder
from audioclf.features import FEATURES
from audioclf.features.embedding import EmbeddingFeature
from audioclf.features.scaling import Scaling
from audioclf.jobs import queue
from audioclf.models import MODELS

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="module")
def embedded(
    audioclf_home: Path, three_classes: Path, yamnet: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Run]:
    """A run of logistic regression on YAMNet's embedding, made by a real worker process."""
    experiment = Experiment(
        dataset=DatasetChoice(str(three_classes)),
        split=Holdout(test_size=0.5, validation_size=0.0),
        features=(FEATURES["yamnet"](),),
        scaling=Scaling(mode="standard"),
        model=MODELS["logreg"](),
    )
    made = create_run(experiment, tmp_path_factory.mktemp("runs") / "embedded", name="embedded")
    assert queue.start_process(made).wait(timeout=300) == 0
    assert made.has_metrics, made.status
    workspaces.runs_folder().mkdir(parents=True, exist_ok=True)
    run = Run(Path(shutil.move(made.folder, new_folder(workspaces.runs_folder()))))
    yield run
    if run.folder.is_dir():
        run.delete()


@pytest.fixture(autouse=True)
def never_here(monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(*args: Any) -> None:
        raise AssertionError("computed in the server's process")

    monkeypatch.setattr(EmbeddingFeature, "compute", compute)


@pytest.mark.parametrize("recipe", ["esc10-embedding", "fsdd-speakers-embedding"])
def test_a_recipe_on_embeddings_can_be_filled_in(open_page: OpenPage, class_folders: Path, recipe: str) -> None:
    page = open_page("train", data=class_folders)
    next(box for box in page.selectbox if box.key == "train.start").set_value(recipe)
    page.run()
    next(button for button in page.button if button.label == "Fill in").click()
    page.session_state["train.text"] = True
    page.run()
    made = Experiment.from_toml(page.code[0].value)
    assert made.features[0].heavy
    assert not page.exception
    assert not any("server's process" in error.value for error in page.error)


def test_pages_show_a_run_on_embeddings(open_page: OpenPage, embedded: Run) -> None:
    for name in ("results", "explain", "classify", "runs"):  # one after the other: each process that tests makes a run
        page = open_page(name, run=embedded.id)
        assert not page.exception, name
        assert not page.error, name


@pytest.mark.usefixtures("yamnet")
def test_an_embedding_is_suggested_and_the_network_from_scratch_is_a_click_away(
    open_page: OpenPage, class_folders: Path
) -> None:
    page = open_page("train", data=class_folders)
    assert not page.error
    assert page.session_state["train.model"] == "logreg"
    said = " ".join(caption.value for caption in page.caption).replace("\\", "")
    assert "Cross-validated on" in said
    next(button for button in page.button if button.label == "Use the compact CNN").click().run()
    assert page.session_state["train.model"] == "compact-cnn"
    next(button for button in page.button if button.label == "Use the embedding").click().run()
    assert page.session_state["train.model"] == "logreg"
    assert not page.error


def test_without_weights_there_is_a_choice_and_nothing_is_fetched(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("train", data=class_folders)
    assert page.session_state["train.model"] == "compact-cnn"
    assert any("are not on this computer" in caption.value for caption in page.caption)
    next(button for button in page.button if button.label == "Use the speech embedding").click().run()
    assert page.session_state["train.feature.0"] == "speech-embedding"
    assert not page.error
