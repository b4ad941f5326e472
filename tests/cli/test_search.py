"""``audioclf search``: a table by a real process, one object of JSON, resuming, refusals."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from audioclf.cli import cli
from audioclf.tuning import open_search


def audioclf(*arguments: object) -> str:
    command = [sys.executable, "-m", "audioclf", *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return done.stdout


def here(*arguments: object, code: int = 0) -> str:
    """The same in this process; what it prints and refuses."""
    done = CliRunner().invoke(cli, [*map(str, arguments)])
    assert done.exit_code == code, done.output
    return done.stdout if code == 0 else done.stderr


def test_a_search_is_made_reported_and_resumed(class_folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "search"
    shared = ("--dataset", class_folders, "--set", "audio.duration=0.3", "--set", "split.validation_size=0.25")
    grid = ("--grid", "model.kind=logreg,tree", "--grid", "feature.n_mfcc=13,20")
    reported = audioclf(
        "search", "instruments-mfcc-logreg", *shared, *grid, "--metric", "val_accuracy", "--out", folder
    )
    header, *rows = reported.splitlines()
    assert header.split() == (
        ["place", "point", "model.kind", "n_mfcc", "val_loss", "val_accuracy", "epochs", "seconds", "state"]
    )
    assert [row.split()[0] for row in rows[:4]] == ["1", "2", "3", "4"]
    made = open_search(folder)
    assert made.best is not None
    answer = json.loads(here("search", "--resume", folder, "--json").splitlines()[-1])
    assert answer["best"]["settings"] == made.best.settings
    assert answer["best"]["val_accuracy"] == made.best.val_accuracy
    assert (answer["metric"], answer["n_points"], answer["n_done"]) == ("val_accuracy", 4, 4)
    assert answer["seconds"] > 0
    random = tmp_path / "random.toml"
    random.write_text((folder / "search.toml").read_text())
    values = ("--random", "model.C=0.01:10:log", "--grid", "model.kind=logreg", "--json")
    drawn = here("search", random, *values, "--points", 2, "--share", 0.7)
    assert json.loads(drawn.splitlines()[-1])["n_points"] == 2
    proposed = here(
        *("search", random, *values, "--sampler", "tpe", "--points", 4, "--seed", 3, "--out", tmp_path / "tpe")
    )
    assert json.loads(proposed.splitlines()[-1])["n_done"] == 4
    search = open_search(tmp_path / "tpe").search
    assert (search.sampler, search.seed, search.n_points) == ("tpe", 3, 4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "Name a recipe"),
        (("instruments-best",), "at least one parameter"),
        (("instruments-cqt-cnn", "--grid", "feature.n_bin=84,96"), "did you mean 'feature.n_bins'"),
        (("genres-grid", "--points", "500"), "at most 256"),
        (("genres-grid", "--sampler", "tpe", "--points", "9"), "Only 8 different points"),
        (("instruments-mfcc-tree", "--grid", "model.max_depth=2,3", "--pruner", "median"), "not trained in epochs"),
        (("genres-grid", "--join", "here"), "name nothing beside --resume FOLDER or --join FOLDER"),
    ],
)
def test_refusals_are_one_sentence(arguments: tuple[str, ...], message: str) -> None:
    assert message in here("search", *arguments, code=2)


def test_a_recipe_that_is_a_search_is_not_run_as_one_experiment() -> None:
    assert "audioclf search genres-grid" in here("run", "genres-grid", code=2)
