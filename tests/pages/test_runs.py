"""The Runs page: every run has its line, chosen ones are compared, kept in order and let go."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run, RunWriter, open_run
from audioclf.inference.assets import app_folder
from audioclf.ui.jobs import run_picker

OpenPage = Callable[..., AppTest]


@pytest.fixture
def copy(finished: Run) -> Iterator[Run]:
    """A copy of the finished run with other settings and another figure."""
    folder = finished.folder.with_name(f"{finished.id}-copy")
    shutil.copytree(finished.folder, folder)
    text = (folder / "experiment.toml").read_text().replace("epochs = 25", "epochs = 26")
    (folder / "experiment.toml").write_text(text)
    run = open_run(folder)
    (folder / "metrics.json").write_text(json.dumps(run.metrics | {"leaky": True}))
    run.describe(name="the other")
    yield run
    shutil.rmtree(folder, ignore_errors=True)


def button(page: AppTest, key: str) -> Any:
    return next(element for element in page.button if element.key == key)


def chosen(*runs: Run) -> AppTest:
    """The page as it is found when runs were chosen on an earlier visit."""
    page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=600)
    page.switch_page("pages/runs.py")
    page.session_state["runs.chosen"] = [run.id for run in runs]
    page.run()
    assert not page.exception
    return page


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.caption)).replace("\\", "")


def test_every_run_has_its_line(open_page: OpenPage, finished: Run, copy: Run) -> None:
    page = open_page("runs")
    assert not page.error
    table = page.dataframe[0].value.set_index("run")
    line = table.loc["<i>first</i> *run*"]
    assert line["accuracy"] == pytest.approx(100 * finished.metrics["accuracy"])  # per cent
    assert line["seconds"] == finished.metrics["seconds"]
    assert line["protocol"] == "on 50% of the clips, kept aside from the start"
    assert table.loc["the other"]["remark"] == run_picker.LEAKY


def test_chosen_runs_show_what_was_set_differently(finished: Run, copy: Run) -> None:
    page = chosen(finished, copy)
    differences = page.dataframe[1].value
    assert list(differences["setting"]) == ["training.epochs"]
    assert sorted(differences.iloc[0, 1:]) == ["25", "26"]
    assert len(page.get("vega_lite_chart") or page.get("arrow_vega_lite_chart")) == 3
    assert "*run*" not in words(page).replace("first</i> *run*", "")


def test_two_runs_on_the_same_clips_are_tested_against_each_other(finished: Run, copy: Run) -> None:
    assert "learned from, so it is not tested against others" in words(chosen(finished, copy))
    (copy.folder / "metrics.json").write_text(json.dumps(copy.metrics | {"leaky": False}))
    shown = words(chosen(finished, copy))
    assert f"Of {finished.metrics['n_test']:,} test clips" in shown
    assert "may be chance" in shown
    assert "McNemar" not in shown
    assert any("McNemar\\'s exact test\\, p \\= 1" in element.help for element in chosen(finished, copy).markdown)


def test_a_run_is_begun_again_with_its_settings(copy: Run) -> None:
    page = chosen(copy)
    button(page, f"runs.use {copy.id}").click()
    page.run()
    assert not page.exception
    assert page.title[0].value == "Train"
    assert "26 times through" in words(page)


def edited(run: Run) -> AppTest:
    """The page with the run chosen and its "Edit" open."""
    page = chosen(run)
    page.session_state[f"edit {run.id}"] = True
    return page.run()


def test_a_run_is_renamed_noted_and_deleted(finished: Run, copy: Run) -> None:
    page = edited(copy)
    next(element for element in page.text_input if element.key == f"edit.name {copy.id}").set_value("**new** name")
    page.run()
    button(page, f"edit.save {copy.id}").click()
    page.run()
    assert "**new** name" in list(page.dataframe[0].value["run"])
    assert "cannot be undone" in words(page)
    delete = f"edit.delete {copy.id} 1"
    assert button(page, delete).disabled
    next(element for element in page.checkbox if element.key.startswith("edit.sure")).check()
    page.run()
    button(page, delete).click()
    page.run()
    assert not page.exception
    assert not copy.folder.exists()
    assert finished.folder.exists()


def test_a_run_under_way_is_not_deleted(copy: Run) -> None:
    (copy.folder / "metrics.json").unlink()
    RunWriter(copy).status(state="running", stage="training")
    page = edited(copy)
    assert "stop it first" in words(page)
    assert not page.checkbox
    RunWriter(copy).status(state="failed", message="no <b>luck</b>")
    page.run()
    assert list(page.dataframe[0].value.set_index("run").loc[["the other"]]["remark"]) == ["no <b>luck</b>"]


def test_without_runs_the_way_to_train_is_shown(
    open_page: OpenPage, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path))
    page = open_page("runs")
    assert any(element.label == "Train one" for element in page.button)
