"""A run, search, data set or clip in the link that is not there is reported, and never replaced by another."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.config import DatasetChoice
from audioclf.experiments.runs import Run, open_run

OpenPage = Callable[..., AppTest]


@pytest.fixture
def newer(finished: Run, class_folders: Path) -> Iterator[Run]:
    """A newer run, of another data set."""
    folder = finished.folder.with_name(f"{finished.id}-newer")
    shutil.copytree(finished.folder, folder)
    experiment = finished.experiment.replace(dataset=DatasetChoice(str(class_folders)))
    (folder / "experiment.toml").write_text(experiment.to_toml(), encoding="utf-8")
    yield open_run(folder)
    shutil.rmtree(folder, ignore_errors=True)


def warned(page: AppTest) -> str:
    assert not page.exception
    return " ".join(element.value for element in page.warning).replace("\\", "")


def press(page: AppTest, label: str) -> None:
    next(button for button in page.button if button.label == label).click()
    page.run()
    assert not page.exception


@pytest.mark.parametrize("name", ["results", "explain", "classify", "train"])
def test_a_missing_run_is_reported_and_another_is_chosen_on_request(
    name: str, open_page: OpenPage, finished: Run, three_classes: Path
) -> None:
    page = open_page(name, run="20200101-000000-gone", data=three_classes)
    assert "'20200101-000000-gone' does not exist here" in warned(page)
    assert page.session_state["audioclf"].run == "20200101-000000-gone"
    if name != "train":
        assert not page.selectbox
    press(page, "Choose another run")
    assert "does not exist" not in warned(page)
    if name != "train":
        assert page.session_state["audioclf"].run == finished.id


def test_a_run_without_results_is_not_replaced_either(open_page: OpenPage, finished: Run, newer: Run) -> None:
    (newer.folder / "metrics.json").unlink()
    page = open_page("results", run=newer.id)
    assert "has no results" in warned(page)
    assert page.session_state["audioclf"].run == newer.id


def test_a_missing_search_is_reported(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("search", search="gone", data=class_folders)
    assert "'gone' does not exist here" in warned(page)
    press(page, "Choose another search")
    assert not warned(page)


@pytest.mark.parametrize("name", ["", "data", "explore", "compare", "train", "search"])
def test_a_missing_data_set_is_reported(name: str, open_page: OpenPage, tmp_path: Path) -> None:
    page = open_page(name, data=tmp_path / "gone")
    page.run()  # it may have failed to load between two looks of the page
    assert any("gone" in error.value for error in page.error)
    assert page.session_state["audioclf"].data == str(tmp_path / "gone")
    press(page, "Choose another data set")
    assert not page.error


def test_a_missing_clip_is_reported_on_explore(open_page: OpenPage, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders, clip="gone")
    assert "The clip in this link is not in the data set" in warned(page)
    assert not page.get("bidi_component")
    press(page, "Choose another clip")
    assert not warned(page)


@pytest.mark.parametrize("name", ["explain", "classify"])
def test_a_missing_clip_is_reported_where_a_model_is_asked(name: str, open_page: OpenPage, finished: Run) -> None:
    page = open_page(name, run=finished.id, clip="gone")
    assert "not in the test clips of this run" in warned(page)
    press(page, "Choose another clip")
    assert not warned(page)


def test_a_clip_chosen_elsewhere_is_no_broken_link(open_page: OpenPage, finished: Run, class_folders: Path) -> None:
    page = open_page("explore", data=class_folders)
    page.switch_page("pages/explain.py")
    page.run()
    assert not warned(page)


@pytest.mark.parametrize("name", ["explain", "classify"])
def test_runs_of_the_chosen_data_set_come_first(
    name: str, open_page: OpenPage, finished: Run, newer: Run, three_classes: Path, class_folders: Path
) -> None:
    for folder, run in ((three_classes, finished), (class_folders, newer)):
        page = open_page(name, data=folder)
        assert page.session_state["audioclf"].run == run.id


def test_another_data_set_brings_its_own_run(
    open_page: OpenPage, finished: Run, newer: Run, three_classes: Path, class_folders: Path
) -> None:
    page = open_page("explain", data=class_folders, run=newer.id)
    page.query_params["data"] = str(three_classes)
    del page.query_params["run"]
    if "clip" in page.query_params:
        del page.query_params["clip"]
    page.run()
    assert page.session_state["audioclf"].run == finished.id
