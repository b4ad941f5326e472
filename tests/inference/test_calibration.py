"""A training's temperature reaches every answer: test predictions, predictor, ensembles, explanations, commands."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf
from click.testing import CliRunner

from audioclf.cli import cli
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.fit import read_result
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, open_run
from audioclf.features import MFCC, Mel
from audioclf.features.extraction import load_clip
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS
from audioclf.training import Temperature, Training
from audioclf.training.temperature import TEMPERATURE

WEIGHTS = (3.0, 1.0)


@pytest.fixture(scope="module")
def noisy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two classes of tones in noise that overlap, so that a model that learns them by heart is too sure."""
    root, rng, t = tmp_path_factory.mktemp("noisy"), np.random.default_rng(0), np.arange(1600) / 8000
    for label, base in (("low", 500), ("high", 540)):
        (root / label).mkdir()
        for number in range(60):
            y = 0.1 * np.sin(2 * np.pi * (base + 40 * rng.standard_normal()) * t) + 0.05 * rng.standard_normal(1600)
            sf.write(root / label / f"{number}.wav", y, 8000)
    return root


@pytest.fixture(scope="module")
def ensemble(noisy: Path, tmp_path_factory: pytest.TempPathFactory) -> Run:
    experiment = Experiment(
        dataset=DatasetChoice(str(noisy)),
        split=Holdout(test_size=0.3, validation_size=0.4),
        features=(Mel(n_mels=24), MFCC(n_mfcc=12, n_mels=24)),
        combine="ensemble",
        weights=WEIGHTS,
        model=MODELS["logreg"](),
    )
    return run_experiment(experiment, tmp_path_factory.mktemp("runs") / "run")


def windows(run: Run, predictor: Predictor) -> list[np.ndarray]:
    return [load_clip(run.clips[item.clip], predictor.audio, predictor.n_samples) for item in run.predictions]


def test_every_member_is_calibrated_before_the_sum(ensemble: Run) -> None:
    known = ensemble.metrics["temperatures"]
    assert [one["fit"] for one in known] == ["s00-m0", "s00-m1"]
    assert all(one["temperature"] > 1.2 for one in known)  # learned by heart: too sure
    assert all(one["log_loss_after"] < one["log_loss_before"] for one in known)
    assert [one["n_validation"] for one in known] == [ensemble.metrics["n_validation"]] * 2
    predictor = Predictor(ensemble)
    given = windows(ensemble, predictor)
    again = predictor.probabilities(given)
    np.testing.assert_allclose(again, [item.probabilities for item in ensemble.predictions], atol=1e-5)
    folders = [ensemble.fit_folder(one["fit"]) for one in known]
    stored = [read_result(folder).probabilities for folder in folders]
    np.testing.assert_allclose(again, np.average(stored, axis=0, weights=WEIGHTS), atol=1e-5)
    texts = [(folder / TEMPERATURE).read_text() for folder in folders]
    try:
        for folder in folders:
            (folder / TEMPERATURE).unlink()  # as in runs of earlier versions
        older = Predictor(open_run(ensemble.folder))
        values = _stacked(older, given)
        plain = [older.fitted(fit).predict_proba(older.transform(fit)(values)) for fit in ensemble.signature["fits"]]
        np.testing.assert_allclose(older.probabilities(given), np.average(plain, axis=0, weights=WEIGHTS), atol=1e-6)
    finally:
        for folder, text in zip(folders, texts, strict=True):
            (folder / TEMPERATURE).write_text(text)
    for one, raw, calibrated in zip(known, plain, stored, strict=True):
        np.testing.assert_allclose(Temperature(one["temperature"])(raw), calibrated, atol=1e-5)
        np.testing.assert_array_equal(raw.argmax(axis=1), calibrated.argmax(axis=1))
        assert np.abs(raw - calibrated).max() > 0.01


def _stacked(predictor: Predictor, given: list[np.ndarray]) -> dict[object, np.ndarray]:
    maps = [predictor.maps(y) for y in given]
    return {feature: np.stack([one[feature].values for one in maps]) for feature in maps[0]}


def test_explanation_and_answer_give_the_same_probabilities(ensemble: Run) -> None:
    predictor = Predictor(ensemble)
    clip = ensemble.clips[ensemble.predictions[0].clip]
    answer, explained = predictor.classify(clip), predictor.explain(clip, method="occlusion")
    np.testing.assert_allclose(explained.probabilities, answer.probabilities, atol=1e-6)
    assert explained.peak <= explained.probabilities.max() + 1e-6


def test_the_commands_give_error_and_temperatures(ensemble: Run) -> None:
    found = CliRunner().invoke(cli, ["runs", str(ensemble.folder), "--json"])
    assert found.exit_code == 0, found.output
    (row,) = json.loads(found.output)["runs"]
    metrics = ensemble.metrics
    assert row["calibration_error"] == metrics["calibration"]["error"]
    assert row["calibration_chance"] == metrics["calibration"]["chance"]
    assert row["temperatures"] == [one["temperature"] for one in metrics["temperatures"]]
    table = CliRunner().invoke(cli, ["runs", str(ensemble.folder)]).output
    assert "ECE" in table
    assert f"{row['calibration_error']:.3f}" in table


def test_a_network_is_calibrated_unless_that_is_switched_off(noisy: Path, tmp_path: Path) -> None:
    experiment = Experiment(
        dataset=DatasetChoice(str(noisy)),
        split=Holdout(test_size=0.3, validation_size=0.4),
        features=(Mel(n_mels=24),),
        model=MODELS["compact-cnn"](filters=(8,)),
        training=Training(epochs=3, batch_size=8, learning_rate=0.01, test_rolls=2),
    )
    on = run_experiment(experiment, tmp_path / "on")
    off = run_experiment(experiment.with_settings({"training.calibrate": False}), tmp_path / "off")
    (fitted,), (none,) = on.metrics["temperatures"], off.metrics["temperatures"]
    assert none["temperature"] == 1
    assert none["note"] == "calibrate is switched off"
    assert fitted["temperature"] != 1
    assert fitted["log_loss_after"] <= fitted["log_loss_before"]
    assert [item.predicted for item in on.predictions] == [item.predicted for item in off.predictions]
    raw = np.float32([item.probabilities for item in off.predictions])
    expected = Temperature(fitted["temperature"])(raw)
    np.testing.assert_allclose([item.probabilities for item in on.predictions], expected, atol=1e-3)
    # the losses in the curves are those of the network itself
    assert [row["val_loss"] for row in on.history] == pytest.approx([row["val_loss"] for row in off.history], rel=1e-3)
    without = run_experiment(experiment.replace(split=Holdout(test_size=0.3, validation_size=0)), tmp_path / "without")
    assert "there were none" in without.metrics["temperatures"][0]["note"]
