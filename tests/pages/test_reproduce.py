"""The Reproduce page: choosing, beginning as jobs, the table, the pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.experiments.runs import Run
from audioclf.jobs import queue
from audioclf.reproduce import runner
from audioclf.reproduce.plan import choose, plan
from audioclf.reproduce.rows import row as row_of
from audioclf.reproduce.table import to_csv

OpenPage = Callable[..., AppTest]


@pytest.fixture(scope="module")
def made(audioclf_home: Path, three_classes: Path) -> Iterator[Run]:
    """A tree on tones in the workspace that pages see, made by a real worker process."""
    (planned,) = plan(choose(["instruments-mfcc-tree"]), datasets={"": str(three_classes)})
    run = runner.prepare(planned, workspaces.runs_folder())
    assert queue.start_process(run).wait(timeout=600) == 0
    assert run.has_metrics, (run.folder / "log.txt").read_text()
    yield run
    run.delete()


@pytest.fixture
def nobody_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Queued runs stay queued, also where an earlier test's page has left a supervisor in this process."""
    monkeypatch.setattr(queue, "ensure_supervisor", lambda: None)
    if queue._supervisor is not None:
        queue._supervisor.close()
        queue._supervisor = None


def test_what_was_run_stands_beside_what_was_published(made: Run, open_page: OpenPage) -> None:
    page = open_page("reproduce")
    assert not page.error
    table = page.dataframe[0].value
    row = table[table["recipe"] == "instruments-mfcc-tree"].iloc[0]
    assert "stand-in" in row["data"]
    assert row["here"] == pytest.approx(100 * made.metrics["accuracy"])
    assert "cannot be compared" in row["verdict"]
    (shown,) = [box for box in page.selectbox if box.key == "reproduce.shown"]
    assert shown.value == "instruments-mfcc-tree"
    assert len(page.get("image")) == 1  # the confusion matrix
    page.session_state["reproduce.tabs"] = "The sounds"
    page.run()
    assert len(page.get("image")) == 3  # waveform, CQT and MFCC


def test_a_recipe_without_data_says_what_to_bring(open_page: OpenPage) -> None:
    page = open_page("reproduce")
    letters = next(element for element in page.button_group if element.key == "reproduce.letters")
    letters.set_value(["E"]).run()
    assert not page.error
    assert any("ESC-10 is not on this machine" in info.value.replace("\\", "") for info in page.info)
    (button,) = [button for button in page.button if button.key == "reproduce.run"]
    assert button.disabled


def test_recipes_begin_as_ordinary_runs_once_each(open_page: OpenPage, nobody_runs: None) -> None:
    page = open_page("reproduce")
    (box,) = page.multiselect
    box.set_value(["instruments-raw-tree"]).run()
    (button,) = [button for button in page.button if button.key == "reproduce.run"]
    assert button.label == "Run 1 recipe"
    button.click().run()
    runs = [
        run
        for run in runner.reproductions(workspaces.runs_folder())
        if runner.reproduces(run) == "instruments-raw-tree"
    ]
    try:
        (run,) = runs
        assert run.status.state == "queued"
        known = runner.planned_of(run)
        assert known is not None
        assert known.experiment == run.experiment
        next(button for button in page.button if button.key == "reproduce.run").click().run()
        again = runner.reproductions(workspaces.runs_folder())
        assert [item.id for item in again if runner.reproduces(item) == "instruments-raw-tree"] == [run.id]
    finally:
        for run in runs:
            run.delete()


def test_on_a_shared_server_recipes_begin_and_foreign_folders_do_not(
    open_page: OpenPage, nobody_runs: None, three_classes: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    workspace = workspaces.new_id()
    page = open_page("reproduce", workspace=workspace, data=three_classes)
    (box,) = page.multiselect
    box.set_value(["instruments-raw-tree"]).run()
    (choice,) = [box for box in page.selectbox if box.key == "reproduce.data.instruments"]
    assert not any(three_classes.name in option for option in choice.options)
    next(button for button in page.button if button.key == "reproduce.run").click().run()
    assert not page.error
    (run,) = runner.reproductions(workspaces.runs_folder(workspace))
    assert run.status.state == "queued"
    run.delete()  # or it would take a minute of the tests that come after


def test_one_that_waits_to_go_on_is_not_called_failed(made: Run) -> None:
    known = runner.planned_of(made)
    assert known is not None
    assert (made.folder / "log.txt").exists() or (made.folder / "log.txt").write_text("earlier") > 0
    before = (made.folder / "status.json").read_text()
    try:
        (made.folder / "status.json").write_text('{"state": "queued"}')
        metrics = (made.folder / "metrics.json").rename(made.folder / "metrics.away")
        row = row_of(known, made)
        assert (row.state, row.verdict) == ("queued", "not run yet")
    finally:
        metrics.rename(made.folder / "metrics.json")
        (made.folder / "status.json").write_text(before)


def test_the_table_to_take_along_is_that_of_the_command_line(made: Run) -> None:
    known = runner.planned_of(made)
    assert known is not None
    (line,) = csv.DictReader(io.StringIO(to_csv([row_of(known, made)])))
    assert float(line["accuracy"]) == pytest.approx(made.metrics["accuracy"], abs=1e-4)
