"""The error desk: from a cell to a clip, its evidence and its neighbours, to a new version and another training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.datasets import load_dataset
from audioclf.experiments.runs import Run, list_runs, open_run
from audioclf.experiments.runs.review import Verdict, decide, read_review, reviewed_accuracy
from audioclf.jobs import queue

OpenPage = Callable[..., AppTest]
Until = Callable[..., Any]


@pytest.fixture
def copy(finished: Run) -> Iterator[Run]:
    """A copy of the finished run, to be changed."""
    folder = finished.folder.with_name(f"{finished.id}-desk")
    shutil.copytree(finished.folder, folder)
    yield open_run(folder)
    shutil.rmtree(folder, ignore_errors=True)


def words(page: AppTest) -> str:
    return " ".join(element.value for element in (*page.markdown, *page.title, *page.caption, *page.subheader))


def players(page: AppTest) -> list[dict[str, Any]]:
    return [json.loads(element.proto.json) for element in page.get("bidi_component")]


def press(page: AppTest, key: str) -> None:
    next(button for button in page.button if button.key == key).click()
    page.run()
    assert not page.exception


def looked_at(open_page: OpenPage, run: Run, count: int, until: Until) -> AppTest:
    """The page with the worst mistake opened, once so many players stand on it."""
    page = open_page("results", run=run.id)
    wrong = max(
        (item for item in run.predictions if item.true != item.predicted),
        key=lambda item: item.probabilities[item.predicted],
    )
    page.session_state[f"desk.clip {run.id}"] = (wrong.clip, wrong.split)
    page.run()
    until(page, lambda: len(players(page)) >= count)
    return page


def test_one_sentence_names_the_confusion(open_page: OpenPage, finished: Run) -> None:
    page = open_page("results", run=finished.id)
    assert "**Confuses " in words(page)
    assert "What do you hear" not in words(page), "nothing is asked before a clip is looked at"


def test_a_clip_has_evidence_for_both_classes_and_neighbours_of_both(
    open_page: OpenPage, copy: Run, until: Until
) -> None:
    page = looked_at(open_page, copy, 5, until)
    assert not page.error
    listed, sound, true, predicted, near = players(page)
    assert listed["action"] == "Why?"
    assert sound["tracks"][0]["title"] == "The clip"
    assert true["panels"][0]["heat"] != predicted["panels"][0]["heat"]
    assert true["panels"][0]["title"] != predicted["panels"][0]["title"]
    wrong = next(i for i in copy.predictions if (i.clip, i.split) == page.session_state[f"desk.clip {copy.id}"])
    titles = {track["title"] for track in near["tracks"]}
    assert len(titles) == 2
    tested = {item.clip for item in copy.predictions}
    names = [track["note"].split(" · ")[-1] for track in near["tracks"]]
    assert not {copy.clips[number].name for number in tested} & set(names), "only training clips are neighbours"
    assert "and not" in words(page)
    assert near["action"] == ""
    assert wrong.true != wrong.predicted


def test_verdicts_make_a_new_version(open_page: OpenPage, copy: Run, until: Until) -> None:
    page = looked_at(open_page, copy, 2, until)
    clip, split = page.session_state[f"desk.clip {copy.id}"]
    press(page, "desk.both")
    wrong = next(item for item in copy.predictions if (item.clip, item.split) == (clip, split))
    assert read_review(copy) == {clip: Verdict("both", copy.classes[wrong.predicted])}
    assert f"**{reviewed_accuracy(copy, read_review(copy)):.1%}**" in words(page)
    assert "1 both right" in words(page)
    press(page, "desk.undo")
    assert read_review(copy) == {}
    press(page, "desk.exclude")
    assert read_review(copy) == {clip: Verdict("exclude")}
    press(page, "desk.relabel")
    wrong = next(item for item in copy.predictions if (item.clip, item.split) == (clip, split))
    assert read_review(copy) == {clip: Verdict("relabel", copy.classes[wrong.predicted])}
    press(page, "desk.save")
    kept = page.session_state["audioclf"].data
    made = load_dataset(kept)
    assert len(made) == len(copy.clips)
    changed = [one.label for one in made.clips if one.path == copy.clips[clip].path]
    assert changed == [copy.classes[wrong.predicted]]
    assert read_review(copy) == {}
    shutil.rmtree(kept)


def test_one_press_trains_again_on_the_new_version(open_page: OpenPage, copy: Run, until: Until) -> None:
    decide(copy, copy.predictions[0].clip, Verdict("exclude"))
    before = {run.id for run in list_runs(workspaces.runs_folder())}
    page = open_page("results", run=copy.id)
    press(page, "desk.again")
    (made,) = [run for run in list_runs(workspaces.runs_folder()) if run.id not in before]
    queue.stop(made)
    try:
        assert page.session_state["audioclf"].run == made.id
        assert made.experiment.replace(dataset=copy.experiment.dataset, note="") == copy.experiment.replace(note="")
        assert len(load_dataset(made.experiment.dataset.name)) == len(copy.clips) - 1
    finally:
        until(None, lambda: made.status.ended)
        shutil.rmtree(made.experiment.dataset.name, ignore_errors=True)
        made.delete()


def test_sounds_that_are_gone_leave_what_was_predicted(
    open_page: OpenPage, copy: Run, three_classes: Path, until: Until
) -> None:
    path = copy.folder / "clips.csv"
    path.write_text(path.read_text().replace(str(three_classes), str(three_classes / "gone")))
    page = looked_at(open_page, copy, 0, until)
    assert not page.error
    assert "no longer on this machine" in words(page)
    assert players(page) == []
    explained = open_page("explain", run=copy.id)
    assert not explained.error
    assert "no longer on this machine" in words(explained)
    assert "The model predicted" in words(explained)
    for by in ("Level", "Length", "Group", "Fold"):
        page.session_state["results.tabs"] = "Where it errs"
        page.session_state["results.slices"] = by
        page.run()
        assert not page.error
        assert not page.exception


def test_curves_and_parts_are_drawn_when_they_are_asked_for(open_page: OpenPage, finished: Run, until: Until) -> None:
    page = open_page("results", run=finished.id)
    page.session_state["results.tabs"] = "ROC and precision"
    page.run()
    until(page, lambda: any(metric.label == "Mean area under ROC" for metric in page.metric))
    assert not page.error
    table = next(frame.value for frame in page.dataframe if "ROC area" in frame.value)
    assert list(table["class"]) == list(finished.classes)
    assert table["ROC area"].between(0, 1).all()
    page.session_state["results.tabs"] = "Where it errs"
    page.session_state["results.slices"] = "Level"
    page.run()
    until(page, lambda: "Wilson" in words(page) or "alike" in words(page))
    assert not page.error


def test_a_model_of_another_version_still_has_its_matrix(open_page: OpenPage, copy: Run, until: Until) -> None:
    signature = json.loads((copy.folder / "model.json").read_text())
    (copy.folder / "model.json").write_text(json.dumps(signature | {"version": 99}))
    page = looked_at(open_page, copy, 2, until)
    until(page, lambda: page.error)
    assert any("train the run again" in error.value for error in page.error)
    assert not any("our side" in error.value for error in page.error)
    assert "What do you hear" in words(page)


def test_a_run_of_one_test_clip(open_page: OpenPage, copy: Run, until: Until) -> None:
    path = copy.folder / "predictions.csv"
    path.write_text("\n".join(path.read_text().splitlines()[:2]) + "\n")
    page = open_page("results", run=copy.id)
    assert not page.exception
    for tab in ("Classes", "Calibration", "Where it errs", "ROC and precision"):
        page.session_state["results.tabs"] = tab
        page.run()
        assert not page.exception
        assert not page.error
    until(page, lambda: "No curve can be drawn" in words(page))
    assert not page.error
