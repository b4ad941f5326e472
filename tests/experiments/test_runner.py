"""An experiment becomes a run: splits, members, scaling, test, and what happens when it is cut short."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

import audioclf
from audioclf.augment import AUGMENTATIONS
from audioclf.core.errors import AudioclfError, DatasetError, ParameterError, RunError, Stopped
from audioclf.datasets.splits import Holdout, KFold, Resubstitution
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import execute, run_experiment
from audioclf.experiments.runs import Status, open_run
from audioclf.features import FEATURES, MFCC, Mel, views
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=32),),
        split=Holdout(test_size=0.34, validation_size=0.25),
        model=MODELS["logreg"](),
        training=Training(epochs=2, batch_size=4),
    )


NETWORK = MODELS["compact-cnn"](filters=(4, 4))


def test_a_run_holds_all_that_it_promises(experiment: Experiment, tmp_path: Path) -> None:
    seen: list[Status] = []
    run = run_experiment(experiment.replace(model=NETWORK), tmp_path / "run", name="first", watch=seen.append)
    assert [status.state for status in seen][-1] == "done"
    assert {"data", "features", "training", "testing"} <= {status.stage for status in seen}
    metrics = run.metrics
    assert metrics["n_test"] == 4
    assert 0 <= metrics["interval"][0] <= metrics["accuracy"] <= metrics["interval"][1] <= 1
    assert metrics["protocol"] == "holdout, 34% test, stratified, seed 0"
    assert metrics["n_parameters"] == NETWORK.count_parameters((32, 13), 2)[0]
    assert sorted(run.classes) == ["high", "low"]
    assert len(run.clips) == 12
    assert run.clips == audioclf.load_dataset(tmp_path / "sounds").clips
    for item in run.predictions:
        assert run.classes[item.true] == run.clips[item.clip].label
        assert sum(item.probabilities) == pytest.approx(1, abs=1e-4)
    assert [row["epoch"] for row in run.history] == [1, 2]
    json.dumps(metrics, allow_nan=False)


@pytest.mark.parametrize("feature", sorted(views()))
def test_every_feature_goes_into_models_that_flatten(experiment: Experiment, tmp_path: Path, feature: str) -> None:
    """A curve and a map into a network, and every feature into a model that is fitted at once."""
    for model in ("tree", *(("mlp",) if feature in ("waveform", "cqt") else ())):
        small = MODELS[model](units=(4,)) if model == "mlp" else MODELS[model]()
        changed = experiment.replace(model=small, features=(FEATURES[feature](),), scaling=Scaling(mode="standard"))
        assert run_experiment(changed, tmp_path / model).metrics["n_test"] == 4


def test_k_fold_tests_every_clip_once_with_spread(experiment: Experiment, tmp_path: Path) -> None:
    run = run_experiment(experiment.replace(split=KFold(n_splits=3)), tmp_path / "run")
    assert sorted(item.clip for item in run.predictions) == list(range(12))
    assert [split["name"] for split in run.metrics["splits"]] == ["fold-1", "fold-2", "fold-3"]
    assert run.metrics["accuracy_mean"] == pytest.approx(np.mean([s["accuracy"] for s in run.metrics["splits"]]))
    assert run.metrics["accuracy_sd"] is not None


def test_judging_on_training_clips_is_marked_as_leaky(experiment: Experiment, tmp_path: Path) -> None:
    run = run_experiment(experiment.replace(split=Resubstitution()), tmp_path / "run")
    assert run.metrics["leaky"] is True
    assert run.metrics["n_test"] == 12


def test_an_ensemble_sums_weighted_probabilities(experiment: Experiment, tmp_path: Path) -> None:
    both = experiment.replace(features=(Mel(n_mels=32), MFCC()), combine="ensemble", weights=(3.0, 1.0))
    run = run_experiment(both, tmp_path / "both")
    single = [
        run_experiment(experiment.replace(features=(feature,)), tmp_path / feature.kind) for feature in both.features
    ]
    for together, mel, mfcc in zip(run.predictions, *(one.predictions for one in single), strict=True):
        expected = 0.75 * np.array(mel.probabilities) + 0.25 * np.array(mfcc.probabilities)
        np.testing.assert_allclose(together.probabilities, expected, atol=1e-5)


def test_members_of_one_feature_are_networks_of_their_own(experiment: Experiment, tmp_path: Path) -> None:
    experiment = experiment.replace(model=NETWORK)
    twice = experiment.replace(features=(Mel(n_mels=32),) * 2, combine="ensemble")
    second = experiment.with_settings({"training.seed": experiment.training.seed + 1})
    runs = [run_experiment(made, tmp_path / name) for made, name in ((twice, "twice"), (second, "second"))]
    (one, other), (alone,) = (
        [np.load(folder / "test.npz")["probabilities"] for folder in sorted((run.folder / "models").iterdir())]
        for run in runs
    )
    assert not np.allclose(one, other)
    np.testing.assert_allclose(other, alone, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose([p.probabilities for p in runs[0].predictions], (one + other) / 2, atol=1e-5)


def test_features_meet_as_channels_or_in_a_row(experiment: Experiment, tmp_path: Path) -> None:
    pair = (Mel(n_mels=20), MFCC(n_mfcc=20))
    run = run_experiment(experiment.replace(features=pair, model=NETWORK), tmp_path / "channels")
    assert run.signature["input_shapes"] == [[20, 13, 2]]
    uneven = (Mel(n_mels=32), MFCC(n_mfcc=20))
    run = run_experiment(experiment.replace(features=uneven, combine="concatenate"), tmp_path / "row")
    assert run.signature["input_shapes"] == [[52 * 13]]
    with pytest.raises(ParameterError, match="equal size, got 32 x 13, 20 x 13"):
        run_experiment(experiment.replace(features=uneven), tmp_path / "uneven")
    assert open_run(tmp_path / "uneven").status.state == "failed"


def test_scaling_is_learned_from_training_clips_only(experiment: Experiment, tmp_path: Path) -> None:
    run = run_experiment(experiment.replace(scaling=Scaling(mode="standard")), tmp_path / "run")
    tested = {item.clip for item in run.predictions}
    with np.load(run.fit_folder("s00-m0") / "scaling-0.npz") as stored:
        learned = stored["offset"]
    from audioclf.audio.io import AudioSettings
    from audioclf.features.extraction import extract

    settings = AudioSettings(duration=run.signature["duration"])
    values = extract(run.clips, experiment.features[0], settings)
    (split,) = experiment.split.splits(audioclf.load_dataset(experiment.dataset.name))
    assert tested == set(split.test)
    np.testing.assert_allclose(learned, values[list(split.train)].mean(0), atol=1e-3)


@pytest.mark.parametrize("stage", ["samples", "map"])
def test_every_augmentation_trains(experiment: Experiment, tmp_path: Path, stage: str) -> None:
    every = tuple(kind() for kind in AUGMENTATIONS.values() if kind.stage == stage)
    assert len(every) > 3
    changed = experiment.replace(model=NETWORK, augmentations=every)
    assert run_experiment(changed, tmp_path / "run").metrics["n_test"] == 4


def test_a_stop_in_the_middle_can_be_gone_on_from(experiment: Experiment, tmp_path: Path) -> None:
    long = experiment.replace(model=NETWORK, training=Training(epochs=6, batch_size=4), split=KFold(n_splits=2))
    whole = run_experiment(long, tmp_path / "whole")
    run_folder = tmp_path / "run"

    def enough() -> bool:
        history = run_folder / "history.csv"
        return history.exists() and len(history.read_text().splitlines()) > 9

    with pytest.raises(Stopped):
        run_experiment(long, run_folder, should_stop=enough)
    run = open_run(run_folder)
    assert run.status.state == "stopped"
    assert not run.has_metrics
    execute(run)
    assert [(row["fit"], row["epoch"], row["loss"]) for row in run.history] == [
        (row["fit"], row["epoch"], row["loss"]) for row in whole.history
    ]
    assert run.predictions == whole.predictions


def test_clips_that_changed_meanwhile_are_not_mixed_with_those_before(experiment: Experiment, tmp_path: Path) -> None:
    folds = experiment.replace(split=KFold(n_splits=2, validation_size=0.0))
    run = run_experiment(folds, tmp_path / "run")
    (run.folder / "metrics.json").unlink()
    known = run.predictions
    first, second = sorted((tmp_path / "sounds").glob("*/0.wav"))
    first.write_bytes(second.read_bytes())
    with pytest.raises(RunError, match="has changed since it began"):
        execute(run)
    assert run.predictions == known
    assert "has changed" in run.status.message


def test_what_cannot_work_is_a_sentence_in_the_run(experiment: Experiment, tmp_path: Path) -> None:
    (tmp_path / "sounds" / "low").rename(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="at least two"):
        run_experiment(experiment, tmp_path / "one-class")
    assert "at least two" in open_run(tmp_path / "one-class").status.message
    shutil.rmtree(tmp_path / "sounds")
    with pytest.raises(AudioclfError):
        run_experiment(experiment, tmp_path / "gone")


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"model": NETWORK, "training": Training(batch_size=1000)}, "batch_size"),
        ({"model": NETWORK, "features": (FEATURES["waveform"](),)}, "picture"),
        ({"features": (Mel(fmax=20000.0),)}, "fmax"),
    ],
)
def test_impossible_combinations_are_refused(experiment: Experiment, tmp_path: Path, changes: dict, part: str) -> None:
    with pytest.raises(ParameterError, match=part):
        run_experiment(experiment.replace(**changes), tmp_path / "run")
