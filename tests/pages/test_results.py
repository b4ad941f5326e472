"""The Results page: every figure with what it rests on, down to the single clip."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.experiments.runs import Run, open_run
from audioclf.ui.shell import tasks

OpenPage = Callable[..., AppTest]


@pytest.fixture
def copy(finished: Run) -> Iterator[Run]:
    """A copy of the finished run, to be changed."""
    folder = finished.folder.with_name(f"{finished.id}-copy")
    shutil.copytree(finished.folder, folder)
    yield open_run(folder)
    shutil.rmtree(folder, ignore_errors=True)


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.title, *page.caption))


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def test_the_headline_has_interval_and_protocol(open_page: OpenPage, finished: Run) -> None:
    page = open_page("results", run=finished.id)
    assert not page.error
    metrics = finished.metrics
    assert f"{metrics['accuracy']:.1%}" in [title.value for title in page.title]
    low, high = metrics["interval"]
    assert f"most likely between {low:.1%} and {high:.1%}" in words(page)
    support = [row["support"] for row in metrics["per_class"]]
    assert f"{max(support):,} ({max(support) / sum(support):.1%})" in words(page)
    assert "Tested on 50\\% of the clips" in words(page)
    exact = [element.help for element in page.markdown if "holdout\\, 50\\% test\\, stratified" in element.help]
    assert exact, "the field's words are one click away"
    assert not page.warning
    assert {metric.label: metric.value for metric in page.metric}["Class average"] == f"{metrics['macro_f1']:.3f}"


def test_a_leaky_figure_is_marked(open_page: OpenPage, copy: Run) -> None:
    (copy.folder / "metrics.json").write_text(json.dumps(copy.metrics | {"leaky": True}))
    page = open_page("results", run=copy.id)
    assert any("says nothing about new sounds" in warning.value for warning in page.warning)
    assert "never met" not in words(page)


def test_copies_of_tested_clips_are_marked_and_stand_once_among_test_clips(open_page: OpenPage, copy: Run) -> None:
    experiment = copy.folder / "experiment.toml"
    experiment.write_text(
        experiment.read_text()
        + '[copies]\nnumber = 1\nbefore_split = true\n\n[[augmentations]]\nkind = "gaussian-noise"\n'
    )
    message = "1 copy of every clip (gaussian noise), beside the clip itself, made before the split"
    (copy.folder / "metrics.json").write_text(json.dumps(copy.metrics | {"leaky": True, "augmentation": message}))
    path = copy.folder / "predictions.csv"
    header, *rows = path.read_text().splitlines()
    path.write_text("\n".join([header, *rows, *rows]) + "\n")
    page = open_page("results", run=copy.id)
    assert not page.exception
    assert any("copies of clips it learned from" in warning.value for warning in page.warning)
    assert "Trained with 1 copy of every clip" in words(page)
    page = open_page("explain", run=copy.id)
    chooser = next(element for element in page.selectbox if element.label.startswith("Test clip"))
    assert len(chooser.options) == len(rows)


def test_mistakes_come_with_players_and_lead_to_their_explanation(open_page: OpenPage, finished: Run) -> None:
    wrong = [item for item in finished.predictions if item.true != item.predicted]
    assert wrong, "classes that sound alike are mixed up"
    page = open_page("results", run=finished.id)
    (shown,) = players(page)
    assert shown["action"] == "Why?"
    assert len(shown["tracks"]) == min(len(wrong), 6)
    sure = max(wrong, key=lambda item: item.probabilities[item.predicted])
    first = shown["tracks"][0]
    assert first["title"] == finished.classes[sure.true]
    assert first["note"].startswith(f"✗ {finished.classes[sure.predicted]}")
    assert first["audio"].endswith(".wav")


def test_every_cell_can_be_chosen(open_page: OpenPage, finished: Run) -> None:
    page = open_page("results", run=finished.id)
    chooser = next(element for element in page.selectbox if element.label == "Clips")
    cells = {(item.true, item.predicted) for item in finished.predictions}
    assert len(chooser.options) == 2 + len(cells)
    high = finished.classes.index("high")
    chooser.set_value((high, high))
    page.run()
    (shown,) = players(page)
    assert {track["title"] for track in shown["tracks"]} == {"high"}


def test_precision_recall_and_support_of_every_class(open_page: OpenPage, finished: Run) -> None:
    page = open_page("results", run=finished.id)
    page.session_state["results.tabs"] = "Classes"
    page.run()
    table = page.dataframe[0].value
    assert list(table["class"]) == [row["class"] for row in finished.metrics["per_class"]]
    assert list(table["support"]) == [3, 3, 3]
    assert list(table["f1"]) == pytest.approx([row["f1"] for row in finished.metrics["per_class"]])
    page.session_state["results.tabs"] = "Settings and files"
    page.run()
    assert finished.experiment.to_toml().strip() == page.code[0].value


def test_a_run_is_renamed_noted_and_deleted(open_page: OpenPage, copy: Run) -> None:
    page = open_page("results", run=copy.id)
    page.session_state[f"edit {copy.id}"] = True
    page.run()
    page.text_input[0].set_value("$another$ name")
    page.text_area[0].set_value("[a note](http://x.example)")
    page.run()
    next(button for button in page.button if button.label == "Save").click()
    page.run()
    # two runs of one name, made in one moment, still have different names
    assert len(set(page.selectbox[0].options)) == len(page.selectbox[0].options)
    assert copy.about["name"] == "$another$ name"
    assert "\\[a note\\]" in words(page)
    delete = next(button for button in page.button if button.label == "Delete")
    assert delete.disabled
    page.checkbox[0].check()
    page.run()
    next(button for button in page.button if button.label == "Delete").click()
    page.run()
    assert not copy.folder.exists()
    assert not page.exception


def test_a_damaged_run_is_one_sentence(open_page: OpenPage, copy: Run) -> None:
    (copy.folder / "metrics.json").write_text("{")
    page = open_page("results", run=copy.id)
    assert any("damaged" in error.value for error in page.error)


def test_without_runs_the_way_to_train_is_shown(
    open_page: OpenPage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path))
    page = open_page("results")
    assert any(button.label == "Train one" for button in page.button)


@pytest.mark.parametrize("name", ["status.json", "run.json", "experiment.toml", "predictions.csv", "clips.csv"])
def test_a_damaged_run_does_not_stand_in_the_way_of_the_others(
    open_page: OpenPage, finished: Run, copy: Run, name: str
) -> None:
    (copy.folder / name).write_text("{")
    for page_name in ("train", "results", "explain"):
        page = open_page(page_name, run=finished.id)
        assert not page.error, page_name
        other = open_page(page_name, run=copy.id)
        assert not any("our side" in error.value for error in other.error), page_name


def test_a_run_and_its_report_leave_and_a_run_comes_back(open_page: OpenPage, linear: Run) -> None:
    page = open_page("results", run=linear.id)
    page.session_state["results.tabs"] = "Export and report"
    page.run()
    assert not page.error
    assert [button.label for button in page.button if (button.key or "").startswith("export.make")] == [
        "Make the file",
        "Make the report",
    ]
    page.selectbox(key="export.format").set_value("run").run()
    for what in ("file", "report"):
        page.button(key=f"export.make {what}").click().run()
    made = [task for task in tasks.all_tasks() if task.title in ("Making the file", "Making the report")]
    assert all(task.wait(300) for task in made)
    assert [task.error for task in made] == [None, None]
    page.run()
    assert not page.error
    assert len([button for button in page.get("download_button") if "Download (" in str(button.proto.label)]) == 2
    files = {task.title: task.result["path"] for task in made}
    assert "Which classes are confused" in files["Making the report"].read_text(encoding="utf-8")
    uploaded = ("run.zip", files["Making the file"].read_bytes(), "application/zip")
    page.file_uploader(key="export.open").set_value(uploaded).run()
    assert not page.error
    given = page.query_params["run"]
    name = given if isinstance(given, str) else given[0]
    assert name != linear.id
    back = open_run(linear.folder.parent / name)
    assert back.metrics == linear.metrics
    back.delete()


def test_a_file_that_is_no_run_is_one_sentence(open_page: OpenPage, finished: Run) -> None:
    page = open_page("results", run=finished.id)
    page.session_state["results.tabs"] = "Export and report"
    page.run()
    page.file_uploader(key="export.open").set_value(("x.zip", b"PK\x03\x04 no zip", "application/zip")).run()
    (error,) = page.error
    assert "cannot be opened as a run" in error.value
    assert "Traceback" not in error.value
