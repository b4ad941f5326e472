"""Predictions leave as a table that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from audioclf.core.errors import RunError
from audioclf.datasets.csv_table import guarded
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import create_run
from audioclf.experiments.runs.export import predictions_csv
from audioclf.models import MODELS


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_formulas_are_made_text(text: str) -> None:
    assert guarded(text) == f"'{text}"


@pytest.mark.parametrize("text", ["", "piano", "a=b", "1.5", "-1"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert guarded(text) == text


def test_every_tested_clip_is_a_line(tmp_path: Path, write_tone) -> None:
    for label in ("=cmd()", "plain, with comma"):
        for number in range(4):
            write_tone(tmp_path / "data" / label / f"-{number}.wav", frequency=220 * (1 + number), seconds=0.1)
    experiment = Experiment(
        dataset=DatasetChoice(str(tmp_path / "data")), model=MODELS["tree"](), split=Holdout(test_size=0.5)
    )
    run = run_experiment(experiment, tmp_path / "run")
    lines = list(csv.reader(io.StringIO(predictions_csv(run))))
    assert lines[0] == ["clip", "group", "fold", "split", "true", "predicted", "right", "'=cmd()", "plain, with comma"]
    assert len(lines) == 1 + len(run.predictions)
    for line, item in zip(lines[1:], run.predictions, strict=True):
        assert line[4].lstrip("'") == run.classes[item.true]
        assert line[6] == str(int(item.true == item.predicted))
        assert [float(value) for value in line[7:]] == pytest.approx(item.probabilities, abs=1e-5)
        assert not any(cell.startswith(("=", "+", "-", "@")) for cell in line)


def test_a_run_without_predictions_says_so(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="no trained model yet"):
        predictions_csv(create_run(Experiment(), tmp_path / "run"))
