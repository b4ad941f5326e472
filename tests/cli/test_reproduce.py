"""audioclf reproduce: page, table and README of runs that are made in processes of their own."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from click.testing import CliRunner

from audioclf.cli import cli
from audioclf.reproduce.table import BEGIN, END


def test_reproduce_writes_page_table_and_readme(tmp_path: Path, write_tone: Callable[..., Path]) -> None:
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for i in range(5):
            write_tone(tmp_path / "tones" / label / f"{i}.wav", frequency=base * (1 + 0.02 * i), seconds=0.3)
    readme = tmp_path / "R.md"
    readme.write_text(f"{BEGIN}\n{END}\n", encoding="utf-8")
    names = ("instruments-mfcc-tree", "scenes-mfcc-mlp")
    given = ("--dataset", f"instruments={tmp_path / 'tones'}", "--epochs", "E=1")
    written = ("--out", str(tmp_path / "out"), "--readme", str(readme), "--json")
    done = CliRunner().invoke(cli, ["reproduce", *names, *given, *written])
    assert done.exit_code == 0, done.output
    reported = json.loads(done.stdout.splitlines()[-1])
    tree, missing = reported["rows"]
    assert tree["state"] == "done"
    assert tree["accuracy"] is not None
    assert missing["state"] == "missing"
    assert "--dataset scenes=FOLDER" in missing["verdict"]
    assert "scenes-mfcc-mlp: ESC-10 is not on this machine" in done.stderr
    assert Path(reported["page"]).read_text(encoding="utf-8").startswith("<!doctype html>")
    assert len(Path(reported["table"]).read_text(encoding="utf-8").splitlines()) == 3
    assert "`instruments-mfcc-tree`" in readme.read_text(encoding="utf-8")
    again = CliRunner().invoke(cli, ["reproduce", names[0], "--out", str(tmp_path / "out"), "--no-run"])
    assert again.exit_code == 0
    assert "cannot be compared" in again.stdout


def test_mistakes_are_one_sentence(tmp_path: Path) -> None:
    def refused(*arguments: str) -> str:
        done = CliRunner().invoke(cli, ["reproduce", *arguments, "--out", str(tmp_path / "out")])
        assert done.exit_code == 2
        (line,) = done.stderr.splitlines()
        return line

    assert "did you mean 'instruments-raw-tree'" in refused("instruments-raw-tre")
    assert "whole number" in refused("E", "--epochs", "none")
    assert "that is run here" in refused("E", "--epochs", "digits=3")
    assert "[WHICH=]VALUE" in refused("E", "--dataset", "scenes=")
    assert not (tmp_path / "out").exists()
