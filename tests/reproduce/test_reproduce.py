"""The reference systems, run again on tones: which data, what is kept, what the table says."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

from audioclf import recipes
from audioclf.core.errors import ParameterError
from audioclf.experiments.runs import Run, open_run
from audioclf.jobs.background import run_task
from audioclf.reproduce import rows, runner, table
from audioclf.reproduce.plan import Data, Planned, choose, find_data, plan
from audioclf.reproduce.report import read

MARKUP = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def tones(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Path:
    """Two classes of tones; one is called like markup."""
    folder = tmp_path_factory.mktemp("reproduce") / "tones"
    for label, base in (("low", 220.0), (MARKUP, 1760.0)):
        for i in range(6):
            write_tone(folder / label / f"{i}.wav", frequency=base * (1 + 0.02 * i), seconds=0.3)
    return folder


@pytest.fixture(scope="module")
def made(tones: Path) -> tuple[list[Planned], Path]:
    """A tree on tones, a network for one epoch, and one that cannot be: tones have no folds."""
    planned = plan(
        choose(["instruments-mfcc-tree", "scenes-mfcc-mlp", "scenes-mfcc-mlp-folds"]),
        datasets={"": str(tones)},
        epochs={"scenes": 1},
    )
    small = [
        replace(item, recipe=replace(item.recipe, experiment=item.recipe.experiment.with_settings(SMALL)))
        if item.recipe.family == "scenes"
        else item
        for item in planned
    ]
    folder = tones.parent / "out"
    runner.make_all(small, folder / "runs", lambda item, run: None)
    return small, folder


SMALL = {"audio.sr": 8000, "model.units": [8, 8, 8], "training.batch_size": 4, "features.0.n_fft": 256}


def test_recipes_are_chosen_by_name_letter_and_family() -> None:
    every = choose([])
    assert {recipe.letter for recipe in every} >= {"A", "E"}
    assert "" not in {recipe.letter for recipe in every}
    assert {recipe.name for recipe in choose(["e"])} == {recipe.name for recipe in choose(["scenes"])}
    assert [recipe.name for recipe in choose(["scenes-mfcc-mlp", "E"])] == ["scenes-mfcc-mlp", "scenes-mfcc-mlp-folds"]
    assert [recipe.name for recipe in choose(["instruments-best"])] == ["instruments-best"]
    with pytest.raises(ParameterError, match="did you mean 'scenes-mfcc-mlp'"):
        choose(["scene-mfcc-mlp"])


def test_data_is_the_published_set_a_stand_in_or_missing(tones: Path, esc10: Path) -> None:
    scenes = recipes.get("scenes-mfcc-mlp")
    assert find_data(recipes.get("instruments-best")).name == "instruments"
    missing = find_data(scenes)
    assert "--dataset scenes=FOLDER" in missing.missing
    published = find_data(scenes, str(esc10))
    assert (published.name, published.stand_in, published.title) == ("esc10", False, "ESC-10")
    other = find_data(scenes, str(tones))
    assert other.stand_in
    assert not other.missing
    assert "check the path" in find_data(scenes, str(tones / "nowhere")).missing
    stood_in = replace(scenes, experiment=scenes.experiment.with_settings({"dataset.name": "gtzan"}), stand_in="esc10")
    assert find_data(stood_in, str(esc10)).stand_in


def test_what_is_said_of_one_recipe_wins_over_what_is_said_of_all(tones: Path) -> None:
    chosen = choose(["scenes"])
    one, two = plan(chosen, datasets={"": str(tones)}, epochs={"": 7, "E": 5, "scenes-mfcc-mlp": 2})
    assert (one.experiment.training.epochs, two.experiment.training.epochs) == (2, 5)
    assert one.experiment.dataset.name == str(tones)
    assert plan(chosen, epochs={"": 1000})[0].experiment.training.epochs == 100
    (tree,) = plan(choose(["instruments-mfcc-tree"]), epochs={"": 1})
    assert tree.experiment == tree.recipe.experiment


def test_clips_of_a_stand_in_keep_their_length_where_they_are_shorter() -> None:
    recipe = recipes.get("scenes-mfcc-mlp")
    short = Planned(recipe, Data("esc10", {}, "Other", stand_in=True, seconds=2.04))
    assert short.experiment.audio.duration == 2.0
    assert short.words == "Other (stand-in, clips of 2 s)"
    assert Planned(recipe, Data("esc10", {}, "Other", stand_in=True, seconds=9)).experiment.audio.duration == 5
    assert Planned(recipe, Data("esc10", {}, "ESC-10", seconds=2)).experiment.audio.duration == 5


def test_every_recipe_has_a_row_and_a_failing_one_its_sentence(made: tuple[list[Planned], Path]) -> None:
    planned, folder = made
    tree, network, failed = read(planned, folder / "runs")
    assert tree.state == network.state == "done"
    assert tree.accuracy is not None
    assert tree.interval is not None
    assert tree.interval[0] <= tree.accuracy <= tree.interval[1]
    assert "stand-in" in tree.planned.words
    assert "cannot be compared" in tree.verdict
    assert network.leaky
    assert network.protocol.startswith(rows.LEAKY)
    assert network.epochs == "1 of 100"
    assert "LEAKY" in network.verdict
    assert network.parameters == open_run(folder / "runs" / "scenes-mfcc-mlp").signature["n_parameters"][0]
    assert failed.state == "failed"
    assert "no official folds" in failed.verdict


def test_a_finished_run_is_not_run_again(made: tuple[list[Planned], Path]) -> None:
    planned, folder = made
    runs = folder / "runs"
    before = {run.id: run.metrics["seconds"] for run in runner.reproductions(runs) if run.has_metrics}
    seen: list[str] = []

    def watch(item: Planned, run: Run) -> None:
        seen.append(run.id)

    runner.make_all(planned[:2], runs, watch)
    assert seen == ["instruments-mfcc-tree", "scenes-mfcc-mlp"]
    assert {run.id: run.metrics["seconds"] for run in runner.reproductions(runs) if run.has_metrics} == before
    other = replace(planned[1], epochs=2)
    assert runner.find(runner.reproductions(runs), other) is None
    assert runner.prepare(other, runs).id == "scenes-mfcc-mlp-2"
    shutil.rmtree(runs / "scenes-mfcc-mlp-2")  # being made by this process, as far as anyone can see


def test_a_run_knows_what_it_was_planned_as(made: tuple[list[Planned], Path]) -> None:
    planned, folder = made
    run = open_run(folder / "runs" / "instruments-mfcc-tree")
    known = runner.planned_of(run)
    assert known is not None
    assert known.experiment == run.experiment
    assert known.words == planned[0].words
    (row,) = read([Planned(planned[0].recipe, Data("", {}, "", missing="Nothing here."))], folder / "runs")
    assert row.state == "done"
    assert "tones" in row.planned.words


@pytest.mark.parametrize(
    ("published", "stand_in", "words"),
    [
        (0.5, False, "as published, within the interval"),
        (0.3, False, "above the published figure"),
        (0.9, False, "below the published figure"),
        (None, False, "no figure was published"),
        (0.5, True, "cannot be compared"),
    ],
)
def test_a_verdict_says_where_the_published_figure_lies(published: float | None, stand_in: bool, words: str) -> None:
    recipe = replace(recipes.get("instruments-cqt-mlp"), reference={"accuracy": published} if published else {})
    planned = Planned(recipe, Data("instruments", {}, "Some", stand_in=stand_in))
    measured = {"interval": (0.4, 0.6), "leaky": False}
    assert words in rows.verdict(planned, measured)
    assert "after 3 of 20 epochs only" in rows.verdict(replace(planned, epochs=3), measured)
    assert "says nothing about new sounds" in rows.verdict(planned, {**measured, "leaky": True})


class Reader(HTMLParser):
    """Tags, addresses and texts of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.addresses: list[str] = []
        self.texts: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.addresses += [value or "" for name, value in attrs if name in ("src", "srcset", "href")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def test_page_and_table_hold_everything_and_names_are_text(made: tuple[list[Planned], Path]) -> None:
    planned, folder = made
    # as the web server has it written
    names = [item.recipe.name for item in planned]
    run_task("reproduce.report:write_task", {"runs": str(folder / "runs"), "folder": str(folder), "recipes": names})
    page, csv_file = folder / "index.html", folder / "results.csv"
    seen = Reader()
    seen.feed(page.read_text(encoding="utf-8"))
    assert all(address.startswith(("data:image/png;base64,", "#")) for address in seen.addresses)
    assert MARKUP not in page.read_text(encoding="utf-8")
    assert "script" not in seen.tags
    titles = set(seen.texts)
    assert {"Accuracy and loss", "Reading a confusion matrix", "Confusion matrix, clips"} <= titles
    assert {"MFCC of three clips of each class", "A note of each instrument"} <= titles
    assert seen.tags.count("source") == seen.tags.count("img") > 8
    lines = list(csv.DictReader(io.StringIO(csv_file.read_text(encoding="utf-8"))))
    assert [line["recipe"] for line in lines] == [item.recipe.name for item in planned]
    assert list(lines[0]) == list(table.COLUMNS)
    assert lines[1]["leaky"] == "True"
    assert lines[2]["accuracy"] == ""
    assert str(folder) not in page.read_text(encoding="utf-8") + csv_file.read_text(encoding="utf-8")


def test_the_table_goes_between_its_marks(made: tuple[list[Planned], Path], tmp_path: Path) -> None:
    planned, folder = made
    made_rows = read(planned, folder / "runs")
    file = tmp_path / "R.md"
    file.write_text(f"before\n{table.BEGIN}\nstale row\n{table.END}\nafter\n", encoding="utf-8")
    table.write_markdown(file, made_rows)
    text = file.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale row" not in text
    assert text.count("\n| ") == 2 + len(planned)
    table.write_markdown(file, made_rows)
    assert file.read_text(encoding="utf-8") == text
    file.write_text("no marks", encoding="utf-8")
    with pytest.raises(ParameterError, match="reproduced: begin"):
        table.write_markdown(file, made_rows)


def test_a_damaged_run_is_a_row(made: tuple[list[Planned], Path], tmp_path: Path) -> None:
    planned, _ = made
    run = runner.prepare(planned[0], tmp_path)
    (run.folder / "metrics.json").write_text(json.dumps({"accuracy": 1}), encoding="utf-8")
    (row,) = read(planned[:1], tmp_path)
    assert row.state == "failed"
    assert "damaged" in row.verdict


def test_a_search_is_a_row_with_the_point_it_chose(tones: Path, tmp_path: Path) -> None:
    recipe = recipes.get("genres-grid")
    assert recipe.search is not None
    tree = {"model.kind": "tree", "picture.colormap": "none", "audio.duration": 0.3, "split.test_size": 0.4}
    search = recipe.search.replace(
        experiment=recipe.experiment.with_settings(tree), grid={"feature.n_mels": [16, 32]}, share=1.0
    )
    data = Data(str(tones), {}, "tones", stand_in=True, seconds=0.3)
    planned = Planned(replace(recipe, experiment=search.experiment, search=search), data)
    job = runner.prepare(planned, tmp_path / "runs")
    assert job.folder.parent.name == "searches"
    assert runner.find(runner.reproductions(tmp_path / "runs"), planned) is not None
    (begun,) = read([planned], tmp_path / "runs")
    assert begun.state == "running"
    seen: list[int] = []
    runner.make(job, lambda status: seen.append(status.n_fits))
    (row,) = read([planned], tmp_path / "runs")
    assert row.state == "done", row.verdict
    assert row.run is not None
    assert "best of 2 points: n_mels " in row.verdict
    assert row.accuracy == row.run.metrics["accuracy"]
    assert seen[-1] == 2
    assert set(seen) <= {0, 2}


def test_random_weights_are_asked_for_by_name_and_only_where_there_are_any() -> None:
    planned = plan(choose(["genres-vgg16", "scenes-mfcc-mlp"]), random_weights=True)
    settings = [getattr(item.experiment.model, "without_weights", None) for item in planned]
    assert settings == ["random", None]
    assert plan(choose(["genres-vgg16"]))[0].experiment.model == recipes.get("genres-vgg16").experiment.model
