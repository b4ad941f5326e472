"""What a training will take: each fit of the sum, and what finished runs teach."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.calibration import experience_of
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.estimate import (
    Member,
    estimate,
    feature_seconds,
    fit_seconds,
    multiplications_of,
    n_computed_once,
    slowness,
    step_seconds,
    training_seconds,
)
from audioclf.experiments.preflight import examine
from audioclf.experiments.runs import FitKey, Run, RunWriter, create_run
from audioclf.features import MFCC, Mel
from audioclf.features.cache import FeatureStore
from audioclf.features.colormap import Picture
from audioclf.features.extraction import extract
from audioclf.models import MODELS
from audioclf.models.classical import Classical
from audioclf.models.layers import Row
from audioclf.training import Epoch, Training


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    return load_dataset(class_folders)


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        split=Holdout(test_size=0.34, validation_size=0.25),
        features=(Mel(n_mels=32),),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=40, batch_size=4),
    )


@pytest.mark.parametrize(
    ("row", "before", "said"),
    [
        # 3 x 3 filters over one channel, at every place of a 10 x 20 map
        (Row("conv", "Conv2D", (10, 20, 8), (9 + 1) * 8, 0), (10, 20, 1), 2 * 80 * 200),
        (Row("dense", "Dense", (5,), (7 + 1) * 5, 0), (7,), 2 * 40),
        (Row("last", "Recurrent", (16,), 1000, 0), (30, 8), 2 * 1000 * 30),
        (Row("pool", "MaxPool", (5, 10, 8), 0, 0), (10, 20, 8), 0),
    ],
)
def test_multiplications_follow_from_weights_and_places(row: Row, before: tuple[int, ...], said: int) -> None:
    assert multiplications_of(row, before) == said


def test_more_work_takes_longer(experiment: Experiment, dataset: Dataset) -> None:
    def high(**changes: object) -> float:
        changed = experiment.replace(**changes)
        found = estimate(changed, dataset, examine(changed, dataset)).high
        assert found is not None
        return found

    plain, long = high(), Training(epochs=9000, batch_size=4)
    assert high(training=long) > 2 * plain
    assert high(training=long, model=MODELS["cnn"](filters=(64, 128), units=(64,))) > high(training=long)
    assert high(split=KFold(n_splits=5)) > plain
    assert high(features=(Mel(n_mels=32), MFCC(n_mfcc=32)), combine="ensemble") > plain


def test_memory_is_counted_by_hand(experiment: Experiment, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    mlp = experiment.replace(model=MODELS["mlp"](units=(100,)), training=Training(batch_size=4, optimizer="sgd"))
    outlook = examine(mlp, dataset)
    found = estimate(mlp, dataset, outlook)
    (shape,) = outlook.input_shapes
    # the features as they come, and twice as the model gets them: scaled, and picked out for training
    assert found.feature_bytes == 4 * 12 * 3 * math.prod(shape)
    assert found.model_bytes == 4 * 2 * outlook.n_parameters
    adam = mlp.replace(training=mlp.training.replace(optimizer="adam"))
    assert estimate(adam, dataset, outlook).model_bytes == 2 * found.model_bytes
    assert found.fits
    monkeypatch.setenv("AUDIOCLF_JOB_MEMORY_GB", "0.1")
    assert not estimate(mlp, dataset, outlook).fits


CLASSICAL = [kind for kind in MODELS if MODELS[kind].family == "classical"]


@pytest.mark.parametrize("kind", CLASSICAL)
def test_a_model_that_is_fitted_at_once_takes_a_time_too(kind: str, experiment: Experiment, dataset: Dataset) -> None:
    classical = experiment.replace(model=MODELS[kind]())
    found = estimate(classical, dataset, examine(classical, dataset))
    assert found.low is not None
    assert found.high is not None
    assert 0 < found.low < found.high
    assert found.memory_bytes > found.feature_bytes > 0
    few, many = (fit_seconds(classical.model, n, 1000, 10) for n in (100, 10_000))  # type: ignore[arg-type]
    assert few is not None
    assert many is not None
    assert few[0] < few[1]
    assert kind == "knn" or many[1] > 5 * few[1]


def test_more_to_fit_takes_longer(experiment: Experiment, dataset: Dataset) -> None:
    def high(kind: str, n_values: int = 1000, n_classes: int = 10, **params: object) -> float:
        found = fit_seconds(MODELS[kind](**params), 500, n_values, n_classes)  # type: ignore[arg-type]
        assert found is not None
        return found[1]

    assert high("forest", n_estimators=600) == pytest.approx(2 * high("forest"))
    assert high("boosting", n_classes=20) == pytest.approx(2 * high("boosting"))
    assert high("boosting", max_features=1.0) > 5 * high("boosting")
    assert high("tree", max_depth=1) < high("tree")
    assert high("tree", n_values=2000) == pytest.approx(2 * high("tree"))
    assert high("svm", max_iter=10) < high("svm") / 5
    assert high("logreg", max_iter=10) < high("logreg") / 3
    forest = experiment.replace(model=MODELS["forest"](n_estimators=10_000))
    folds = forest.replace(split=KFold(n_splits=3))
    alone, thrice = (estimate(made, dataset, examine(made, dataset)).high for made in (forest, folds))
    assert thrice > 2 * alone  # type: ignore[operator]


def test_a_model_that_says_nothing_of_its_time_has_none(
    experiment: Experiment, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = experiment.replace(model=MODELS["tree"]())
    monkeypatch.setattr(MODELS["tree"], "fit_seconds", Classical.fit_seconds)
    found = estimate(tree, dataset, examine(tree, dataset))
    assert (found.low, found.high) == (None, None)


def test_features_that_are_kept_cost_nothing(experiment: Experiment, dataset: Dataset) -> None:
    longer = experiment.replace(audio=AudioSettings(duration=60.0))
    assert feature_seconds(Mel(), longer.audio, 60.0) > feature_seconds(Mel(), longer.audio, 3.0)
    outlook = examine(longer, dataset)
    before = estimate(longer, dataset, outlook).low
    extract(dataset.clips, longer.features[0], longer.audio, store=FeatureStore(), n_jobs=1)
    after = estimate(longer, dataset, outlook).low
    assert before is not None
    assert after is not None
    assert after < before


def test_copies_and_changes_on_the_fly_cost_time_and_memory(experiment: Experiment, dataset: Dataset) -> None:
    plain = experiment.replace(augmentations=(AUGMENTATIONS["pitch-shift"](),), audio=AudioSettings(duration=5.0))
    copied = plain.replace(copies=Copies(number=3))
    unchanged = plain.replace(augmentations=())
    found = {
        name: estimate(made, dataset, examine(made, dataset))
        for name, made in (("plain", plain), ("copied", copied), ("unchanged", unchanged))
    }
    # three copies of each training clip, none of the others
    assert 2 < found["copied"].feature_bytes / found["plain"].feature_bytes < 4
    assert found["plain"].high > found["unchanged"].high  # type: ignore[operator]


def test_layers_that_never_learn_are_counted_once(experiment: Experiment) -> None:
    vgg = experiment.replace(model=MODELS["vgg16"](weights="none"), picture=Picture("viridis"))
    rows = vgg.model.summary((128, 224, 3), 2)  # type: ignore[attr-defined]
    n_once = n_computed_once(vgg, rows, (128, 224, 3))
    assert rows[n_once - 1].name == vgg.model.frozen_until
    once, anew = (
        training_seconds([Member(rows, (128, 224, 3), 20, number)], Training(), 100, 0, 1) for number in (n_once, 0)
    )
    assert once < anew / 5
    assert n_computed_once(vgg.replace(augmentations=(AUGMENTATIONS["zoom"](),)), rows, (128, 224, 3)) == 0
    # clips that are changed once, before training, pass the frozen layers once too; changed anew in every epoch, not
    noisy = vgg.replace(augmentations=(AUGMENTATIONS["gaussian-noise"](),))
    assert n_computed_once(noisy, rows, (128, 224, 3)) == 0
    assert n_computed_once(noisy.replace(copies=Copies(number=2)), rows, (128, 224, 3)) == n_once


def finished(folder: Path, seconds: float, *, epochs: int = 30, per_epoch: float = 1.0) -> Run:
    """A run as a process would leave it: one model of 100 training clips, so many seconds."""
    experiment = Experiment(model=MODELS["compact-cnn"](filters=(8, 8)))
    run = create_run(experiment, folder)
    writer = RunWriter(run)
    for number in range(1, epochs + 1):
        writer.epoch(FitKey(0, 0), Epoch(number, 1.0, 0.5, 1.0, 0.5, 0.001, per_epoch, 100.0))
    fit = {"id": "s00-m0", "split": "holdout", "split_index": 0, "member": 0}
    writer.signature({"classes": ["a", "b"], "duration": 1.0, "input_shapes": [[64, 40]], "fits": [fit]})
    writer.metrics({"seconds_training": seconds, "n_train": 100, "n_validation": 20})
    return run


def test_a_finished_run_teaches_how_long_its_kind_takes(
    tmp_path: Path, experiment: Experiment, dataset: Dataset
) -> None:
    found = experience_of(finished(tmp_path / "a", 3.0, per_epoch=0.1))
    twice = experience_of(finished(tmp_path / "b", 6.0, per_epoch=0.2))
    assert found is not None
    assert twice is not None
    assert found[0] == "compact-cnn"
    assert twice[1] == pytest.approx(2 * found[1])
    rows = MODELS["compact-cnn"](filters=(8, 8)).summary((64, 40), 2)  # type: ignore[attr-defined]
    assert found[1] == pytest.approx(3.0 / training_seconds([Member(rows, (64, 40), 30)], Training(), 100, 20, 1))
    outlook = examine(experiment, dataset)
    rough, known = estimate(experiment, dataset, outlook), estimate(experiment, dataset, outlook, experience=[twice])
    assert (rough.learned, known.learned) == (False, True)
    assert known.high is not None
    assert known.low is not None
    assert rough.high is not None
    assert rough.low is not None
    assert known.high / known.low < rough.high / rough.low


def test_a_finished_fit_teaches_how_long_its_kind_takes(
    tmp_path: Path, experiment: Experiment, dataset: Dataset
) -> None:
    def after(seconds: float) -> tuple[str, float] | None:
        run = create_run(Experiment(model=MODELS["forest"]()), tmp_path / f"{seconds:g}")
        writer = RunWriter(run)
        writer.epoch(FitKey(0, 0), Epoch(1, 1.0, 0.5, 1.0, 0.5, 0.0, seconds, 100.0))
        fit = {"id": "s00-m0", "split": "holdout", "split_index": 0, "member": 0}
        writer.signature({"classes": ["a", "b"], "duration": 1.0, "input_shapes": [[64, 40]], "fits": [fit]})
        writer.metrics({"seconds_training": seconds, "n_train": 1000, "n_validation": 20})
        return experience_of(run)

    once, twice = after(5.0), after(10.0)
    assert after(0.01) is None  # too short to say anything
    assert once is not None
    assert twice is not None
    assert once[0] == "forest"
    assert twice[1] == pytest.approx(2 * once[1])
    forest = experiment.replace(model=MODELS["forest"]())
    outlook = examine(forest, dataset)
    rough, known = estimate(forest, dataset, outlook), estimate(forest, dataset, outlook, experience=[twice])
    assert (rough.learned, known.learned) == (False, True)
    assert known.high / known.low < rough.high / rough.low  # type: ignore[operator]
    # what was learned of a forest says nothing of a network, or of another classical model
    for kind in ("compact-cnn", "tree"):
        other = experiment.replace(model=MODELS[kind]())
        assert not estimate(other, dataset, examine(other, dataset), experience=[twice]).learned


def test_a_run_that_was_resumed_teaches_nothing(tmp_path: Path) -> None:
    # most of its epochs were made by an earlier process, whose time nobody knows
    assert experience_of(finished(tmp_path / "resumed", 10.0, per_epoch=10.0)) is None
    assert experience_of(create_run(Experiment(), tmp_path / "queued")) is None
    (finished(tmp_path / "torn", 30.0).folder / "model.json").write_text("{}")
    assert experience_of(Run(tmp_path / "torn")) is None


def test_the_machine_is_measured_in_sane_numbers() -> None:
    assert 0.01 < slowness() < 100
    rows = MODELS["mlp"](units=(10,)).summary((5, 5), 2)  # type: ignore[attr-defined]
    assert step_seconds(rows, (5, 5), 16) > step_seconds(rows, (5, 5), 16, backward=False) > 0
