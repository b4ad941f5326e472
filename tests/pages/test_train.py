"""The Train page: one press makes a run, every value can be changed, and a value that cannot work is reported."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run, list_runs, open_run
from audioclf.jobs import queue

OpenPage = Callable[..., AppTest]
Keyed = Callable[[AppTest, str], Any]


def experiment(page: AppTest) -> Experiment:
    """What the forms hold, from the TOML on the page."""
    return Experiment.from_toml(page.code[0].value)


def button(page: AppTest, label: str) -> Any:
    return next(element for element in page.button if element.label == label)


def words(page: AppTest) -> str:
    return " ".join(element.value for element in page.markdown)


def runs() -> set[str]:
    return {run.id for run in list_runs(workspaces.runs_folder())}


def eventually(page: AppTest, condition: Callable[[], bool], seconds: float = 600) -> None:
    """Look at the page again and again, as its timer does in a browser."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.5)  # the job has a lower priority than this
        page.run()
    assert not page.exception


@pytest.fixture
def page(train: AppTest) -> AppTest:
    return train


def test_a_sane_default_waits_behind_one_button(page: AppTest, class_folders: Path) -> None:
    go = button(page, "Start training")
    assert go.proto.type == "primary"
    assert not go.disabled
    assert "12 clips" in words(page)
    assert "Compact CNN" in words(page)
    shown = {metric.label: metric.value for metric in page.metric}
    assert (shown["Training clips"], shown["Validation"], shown["Test"]) == ("8", "2", "2")
    assert "Training takes about" not in shown, "no finished run tells"
    assert "shown after the first epoch" in words(page)
    assert shown["Memory, about"].endswith("MB")
    made = experiment(page)
    assert made.dataset.name == str(class_folders)
    assert made.model.kind == "compact-cnn"
    assert made.training.batch_size <= 8
    layers = page.dataframe[0].value
    assert next(iter(layers["name"])) == "input"
    assert layers["weights"].sum() == made.model.count_parameters((128, 13), 2)[0]  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("train.training.batch_size", 0, "batch_size must be at least 1"),
        ("train.training.learning_rate", 0.0, "learning_rate must be above 0"),
        ("train.training.epochs", 10**6, "epochs must be at most"),
        ("train.feature.0.mel.hop_length", 0, "hop_length must be at least 1"),
        ("train.split.holdout.test_size", 0.99, "test_size must be at most"),
        ("train.audio.sr", 1, "sr must be at least 1000"),
        ("train.training.batch_size", 5000, "batch_size must be at most the number of training clips"),
        ("train.feature.0.mel.fmax", 90000.0, "fmax"),
        ("train.model.compact-cnn.filters", "4, 4, 4, 4, 4, 4, 4, 4, 4", "needs a map of at least"),
        ("train.model.compact-cnn.filters", "4, x", "list of numbers"),
    ],
)
def test_what_cannot_be_is_said_and_stops_the_button(
    page: AppTest, key: str, value: Any, message: str, keyed: Keyed
) -> None:
    before = runs()
    keyed(page, key).set_value(value)
    page.run()
    assert not page.exception
    assert any(message in error.value.replace("\\", "") for error in page.error), [error.value for error in page.error]
    assert button(page, "Start training").disabled
    assert runs() == before


def test_vgg16_on_a_picture_of_one_pixel_is_told_beside_its_height(page: AppTest, keyed: Keyed) -> None:
    keyed(page, "train.model").set_value("vgg16")
    keyed(page, "train.picture.colormap").set_value("viridis")
    page.run()
    assert not page.error
    before = runs()
    for name in ("height", "width"):
        keyed(page, f"train.picture.{name}").set_value(1)
    page.run()
    reported = [error.value.replace("\\", "") for error in page.error]
    assert len(reported) == 2
    assert reported[0].startswith("Features: ")  # beside the button; the other stands under the field
    assert all("needs at least 32 x 32, got 1 x 1" in sentence for sentence in reported)
    assert button(page, "Start training").disabled
    assert runs() == before


def test_a_network_of_pictures_cannot_take_a_curve(page: AppTest, keyed: Keyed) -> None:
    keyed(page, "train.feature.0").set_value("waveform")
    page.run()
    assert any(error.value.replace("\\", "").startswith("Model:") for error in page.error)
    keyed(page, "train.model").set_value("logreg")
    page.run()
    assert not page.error
    assert "fitted in one step" in words(page)
    assert not any(element.key == "train.training.epochs" for element in page.number_input)
    assert experiment(page).model.kind == "logreg"


def test_pictures_and_augmentations_can_be_added_and_taken_away(page: AppTest, keyed: Keyed) -> None:
    page.session_state["train.stage"] = "features"
    page.run()
    button(page, "Add another feature").click()
    page.run()
    assert [feature.kind for feature in experiment(page).features] == ["mel", "mfcc"]
    assert any("Channels of one picture" in error.value for error in page.error)
    keyed(page, "train.combination.combine").set_value("ensemble")
    page.run()
    assert not page.error
    made = experiment(page)
    assert [feature.kind for feature in made.features] == ["mel", "mfcc"]
    assert made.combine == "ensemble"
    assert "2 models" in words(page)
    keyed(page, "train.feature.1.mfcc.n_mfcc").set_value(13)
    page.run()
    keyed(page, "train.feature.remove.0").click()
    page.run()
    (kept,) = experiment(page).features
    assert (kept.kind, kept.to_dict()["n_mfcc"]) == ("mfcc", 13)
    keyed(page, "train.augmentation.new").set_value("noise")
    keyed(page, "train.augmentation.add").click()
    page.run()
    assert [augmentation.kind for augmentation in experiment(page).augmentations] == ["noise"]


def test_an_experiment_can_be_pasted_and_a_wrong_one_is_told_beside(page: AppTest, class_folders: Path) -> None:
    (area,) = page.text_area
    area.set_value(
        '[model]\nkind = "tree"\nmax_depth = 3\n[training]\nseed = 7\n[[features]]\nkind = "cqt"\nn_bins = 60'
    )
    page.run()
    button(page, "Use it").click()
    page.run()
    made = experiment(page)
    assert made.dataset.name == str(class_folders)
    assert made.model.to_dict()["max_depth"] == 3
    assert made.features[0].to_dict()["n_bins"] == 60
    assert made.training.seed == 7
    page.text_area[0].set_value("[training]\nepoch = 3")
    page.run()
    button(page, "Use it").click()
    page.run()
    assert any("did you mean 'epochs'" in error.value.replace("\\", "") for error in page.error)
    assert experiment(page) == made


def test_a_recipe_can_be_filled_in(page: AppTest, class_folders: Path, keyed: Keyed) -> None:
    keyed(page, "train.start").set_value("instruments-mfcc-tree")
    page.run()
    button(page, "Fill in").click()
    page.run()
    made = experiment(page)
    assert (made.model.kind, made.features[0].kind) == ("tree", "mfcc")
    assert made.dataset.name == str(class_folders)


@pytest.mark.parametrize("by_group", [True, False])
def test_another_protocol_goes_on_keeping_groups_together_or_not(page: AppTest, keyed: Keyed, by_group: bool) -> None:
    keyed(page, "train.split.holdout.by_group").set_value(by_group)
    page.run()
    for kind in ("k-fold", "leave-one-group-out", "holdout"):
        page.session_state["train.split"] = kind
        page.run()
        assert keyed(page, f"train.split.{kind}.by_group").value == by_group


def test_a_press_makes_a_run_that_is_watched_stopped_resumed_and_found_again(
    page: AppTest, open_page: OpenPage, class_folders: Path, keyed: Keyed
) -> None:
    keyed(page, "train.training.epochs").set_value(5000)
    keyed(page, "train.name").set_value("*long* one")
    page.run()
    button(page, "Start training").click()
    page.run()
    run_id = "".join(page.query_params["run"])
    run = open_run(workspaces.runs_folder() / run_id)
    try:
        eventually(page, lambda: len(run.history) >= 2)
        page.run()
        assert "long" in words(page)
        assert "*long*" not in words(page).replace("\\*", "")
        shown = {metric.label: metric.value for metric in page.metric}
        assert shown["Epoch"].endswith("of 5000")
        assert shown["Accuracy"].endswith("%")
        assert button(page, "Train another").proto.type == "secondary"
        # a second browser at the same address sees the same
        other = open_page("train", data=class_folders, run=run_id)
        assert any(element.label == "Epoch" for element in other.metric)
        button(other, "Stop").click()
        other.run()
        eventually(page, lambda: run.status.ended)
        page.run()
        assert run.status.state == "stopped"
        epochs = len(run.history)
        button(page, "Resume").click()
        page.run()
        eventually(page, lambda: len(run.history) > epochs)
        resumed = [row["epoch"] for row in run.history]
        assert resumed == list(range(1, len(resumed) + 1))
    finally:
        queue.stop(run)
        eventually(page, lambda: run.status.ended)
        run.delete()


def test_a_finished_run_says_how_good_it_is_and_leads_to_its_results(
    open_page: OpenPage, finished: Run, three_classes: Path
) -> None:
    page = open_page("train", run=finished.id)
    page.session_state["train.text"] = True
    page.run()
    assert experiment(page).dataset.name == str(three_classes)
    assert any("9 test clips" in element.value for element in page.markdown)
    assert button(page, "See the results")
    listed = page.dataframe[-1].value
    assert "<i>first</i> *run*" in list(listed["run"])


def test_a_run_of_an_unknown_id_is_no_error(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("train", data=class_folders, run="../../etc")
    assert not page.error
    assert button(page, "Start training")


def test_a_stage_is_a_line_until_it_is_opened_and_keeps_what_was_set(page: AppTest, keyed: Keyed) -> None:
    lines = {words.split("**")[1]: words for words in (item.value for item in page.markdown) if words.startswith("**")}
    assert "Mel spectrogram" in lines["Features:"]
    assert "40 times through the training clips" in lines["Training:"].replace("\\", "")
    assert any("epochs 40 · batch_size" in item.help.replace("\\", "") for item in page.markdown)
    assert not any(widget.key.startswith("train.training") for widget in page.number_input)
    keyed(page, "train.training.epochs").set_value(7)
    page.run()
    assert not any(widget.key.startswith("train.audio") for widget in page.number_input)
    button(page, "Done").click()
    page.run()
    assert not any(widget.key.startswith("train.training") for widget in page.number_input)
    assert "7 times through" in words(page).replace("\\", "")
    assert experiment(page).training.epochs == 7


def test_what_cannot_be_is_still_said_once_its_stage_is_closed(page: AppTest, keyed: Keyed) -> None:
    keyed(page, "train.training.batch_size").set_value(0)
    page.run()
    button(page, "Done").click()
    page.run()
    (error,) = page.error
    assert error.value.replace("\\", "").startswith("Training: batch_size must be at least 1")
    assert "batch_size must be at least 1" in words(page).replace("\\", "")
    assert button(page, "Start training").disabled
