"""Commands that look at a data set through an embedding."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from audioclf.cli import cli
from audioclf.experiments.config import Experiment


def run(*arguments: object, code: int = 0) -> str:
    done = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert done.exit_code == code, done.output
    return done.output


def test_labels_are_reviewed(class_folders: Path) -> None:
    words = run("data", "review", class_folders, "--by", "mel")
    assert "labels may be wrong" in words
    found = json.loads(run("data", "review", class_folders, "--by", "mel", "--json"))
    assert found["agreement"] == 1.0
    assert found["suspects"] == []
    assert "did you mean" in run("data", "review", class_folders, "--by", "yamnt", code=2)


@pytest.mark.usefixtures("yamnet")
def test_the_embedding_that_suits_is_written_as_an_experiment(class_folders: Path, tmp_path: Path) -> None:
    words = run("data", "suggest", class_folders, "--out", tmp_path / "made.toml")
    assert "Cross-validated on" in words
    made = Experiment.from_toml((tmp_path / "made.toml").read_text(encoding="utf-8"))
    assert made.model.kind == "logreg"
    assert made.dataset.name == str(class_folders)


def test_a_learning_curve_is_printed(class_folders: Path) -> None:
    words = run("data", "curve", class_folders, "--way", "speech-embedding")
    assert "clips per class" in words
    assert "test clips" in words
    assert "no way to learn" in run("data", "curve", class_folders, "--way", "cnn", code=2)
