"""Runs side by side: every run has its line, and only settings that differ are named."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

import audioclf
from audioclf.augment import AUGMENTATIONS
from audioclf.core.errors import RunError
from audioclf.datasets.splits import KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import FitKey, Run, RunWriter, create_run
from audioclf.features import MFCC, Mel
from audioclf.models import MODELS
from audioclf.training import Epoch, Training

METRICS = {
    "accuracy": 0.9,
    "interval": [0.8, 0.95],
    "accuracy_mean": 0.91,
    "accuracy_sd": 0.02,
    "n_test": 50,
    "n_parameters": 1000,
    "seconds": 12.5,
    "splits": [{}, {}],
    "protocol": "2-fold",
    "leaky": False,
}


def make(folder: Path, experiment: Experiment | None = None, metrics: dict | None = None, **losses: list[float]) -> Run:
    """A run as a process would leave it: one list of validation losses per fit."""
    run = create_run(experiment or Experiment(), folder)
    writer = RunWriter(run)
    for fit, values in enumerate(losses.values()):
        for number, loss in enumerate(values, start=1):
            writer.epoch(FitKey(fit, 0), Epoch(number, 1.0, 0.5, loss, 0.5, 0.001, 2.0, 50.0))
    if metrics is not None:
        writer.metrics(metrics)
        writer.status(state="done")
    return run


def test_figures_are_those_of_the_folder(tmp_path: Path) -> None:
    make(tmp_path / "a", metrics=METRICS, m0=[1.0, 0.4, 0.9], m1=[0.6, math.nan])
    (summary,) = audioclf.compare_runs([tmp_path / "a"]).runs
    assert (summary.accuracy, summary.low, summary.high) == (0.9, 0.8, 0.95)
    assert (summary.accuracy_mean, summary.accuracy_sd, summary.n_splits) == (0.91, 0.02, 2)
    assert (summary.n_parameters, summary.seconds, summary.protocol) == (1000, 12.5, "2-fold")
    # mean over the fits of the loss in the epoch that was kept
    assert summary.val_loss == pytest.approx((0.4 + 0.6) / 2)
    assert summary.settings["features.0.n_mels"] == 128


def test_only_settings_that_differ_are_named(tmp_path: Path) -> None:
    base = Experiment(dataset=DatasetChoice("instruments"))
    make(tmp_path / "a", base)
    make(tmp_path / "b", base.replace(training=Training(epochs=7), name="another", note="names are no settings"))
    make(tmp_path / "c", base.replace(augmentations=(AUGMENTATIONS["noise"](),)))
    compared = audioclf.compare_runs([tmp_path / name for name in "abc"])
    assert compared.differences == {
        "training.epochs": (40, 7, 40),
        "augmentations.0.kind": (None, None, "noise"),
    }
    assert audioclf.compare_runs([tmp_path / "a", tmp_path / "a"]).differences == {}


def test_parts_of_different_kinds_are_named_by_their_kind(tmp_path: Path) -> None:
    make(tmp_path / "a", Experiment(features=(Mel(),), split=KFold(n_splits=3)))
    make(tmp_path / "b", Experiment(features=(MFCC(),), split=KFold(n_splits=4), model=MODELS["tree"]()))
    found = audioclf.compare_runs([tmp_path / "a", tmp_path / "b"]).differences
    assert found["features.0.kind"] == ("mel", "mfcc")
    assert found["model.kind"] == ("compact-cnn", "tree")
    assert found["split.n_splits"] == (3, 4)
    assert not any(name in found for name in ("model.max_depth", "model.filters", "features.0.hop_length"))


def test_a_value_left_to_be_found_out_differs_from_a_given_one(tmp_path: Path) -> None:
    base = Experiment()
    make(tmp_path / "a", base)
    make(tmp_path / "b", base.replace(audio=base.audio.replace(duration=2.0)))
    found = audioclf.compare_runs([tmp_path / "a", tmp_path / "b"]).differences
    assert found == {"audio.duration": (None, 2.0)}


def test_failed_old_damaged_and_running_runs_have_their_line(tmp_path: Path) -> None:
    failed = make(tmp_path / "failed")
    RunWriter(failed).status(state="failed", message="The loss was no number.")
    make(tmp_path / "old", metrics={"accuracy": 0.5})
    (make(tmp_path / "torn", metrics=METRICS).folder / "metrics.json").write_text("[{")
    (make(tmp_path / "strange").folder / "experiment.toml").write_text("[model]\nkind = 'of tomorrow'")
    RunWriter(make(tmp_path / "running", m0=[0.7])).status(state="running")
    found = {run.id: run for run in audioclf.compare_runs(tmp_path).runs}
    assert set(found) == {"failed", "old", "torn", "strange", "running"}
    assert found["failed"].remarks == ("The loss was no number.",)
    assert (found["old"].accuracy, found["old"].low, found["old"].seconds) == (0.5, None, None)
    assert found["torn"].accuracy is None
    assert (found["strange"].model, found["strange"].settings) == ("", {})
    assert (found["running"].state, found["running"].val_loss) == ("running", 0.7)
    json.dumps(audioclf.compare_runs(tmp_path).to_dict())


def test_a_data_set_has_the_name_people_know_it_by(tmp_path: Path) -> None:
    experiment = Experiment(dataset=DatasetChoice(str(tmp_path / "03d9f89eb477e0fa")))
    run = create_run(experiment, tmp_path / "run", data_title="My violins")
    assert run.name.startswith("My violins · mel")
    (summary,) = audioclf.compare_runs([run]).runs
    assert summary.data == "My violins"
    (unknown,) = audioclf.compare_runs([create_run(experiment, tmp_path / "other")]).runs
    assert unknown.data == "03d9f89eb477e0fa"


def test_a_folder_that_is_no_run_is_said(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run"):
        audioclf.compare_runs([tmp_path])
    assert audioclf.compare_runs(tmp_path / "nowhere").runs == ()
