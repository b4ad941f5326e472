"""What a training will take: memory counted by hand, time from finished runs and from nothing else."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.estimate import Estimate, Pace, estimate, pace_of
from audioclf.experiments.preflight import examine
from audioclf.experiments.runs import FitKey, Run, RunWriter, create_run
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.training import Epoch, Training


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    return load_dataset(class_folders)


@pytest.fixture
def experiment(class_folders: Path, monkeypatch: pytest.MonkeyPatch) -> Experiment:
    monkeypatch.setenv("AUDIOCLF_FIT_PROCESSES", "1")
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        split=Holdout(test_size=0.34, validation_size=0.25),
        features=(Mel(n_mels=32),),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=40, batch_size=4),
    )


def finished(folder: Path, experiment: Experiment, dataset: Dataset, *seconds: float, n_train: int = 100) -> Run:
    """A run as a process would leave it, with an epoch of so many seconds each."""
    run = create_run(experiment, folder)
    writer = RunWriter(run)
    for number, value in enumerate(seconds, start=1):
        writer.epoch(FitKey(0, 0), Epoch(number, 1.0, 0.5, 1.0, 0.5, 0.001, value, 100.0))
    shapes = [list(shape) for shape in examine(experiment, dataset).input_shapes]
    fits = [{"id": "s00-m0", "split": "holdout", "split_index": 0, "member": 0}]
    writer.signature({"classes": ["a", "b"], "duration": 1.0, "input_shapes": shapes, "fits": fits})
    writer.metrics({"n_train": n_train})
    return run


def seconds(experiment: Experiment, dataset: Dataset, *paces: Pace | None) -> float | None:
    known = [pace for pace in paces if pace is not None]
    return estimate(experiment, examine(experiment, dataset), paces=known).seconds


def test_memory_is_counted_by_hand(experiment: Experiment, dataset: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def expected(experiment: Experiment) -> Estimate:
        return estimate(experiment, examine(experiment, dataset))

    mlp = experiment.replace(model=MODELS["mlp"](units=(100,)), training=Training(batch_size=4, optimizer="sgd"))
    plan, found = examine(mlp, dataset), expected(mlp)
    (shape,) = plan.input_shapes
    # the features as they come, and twice as the model gets them: scaled, and picked out for training
    assert found.feature_bytes == 4 * 12 * 3 * math.prod(shape)
    assert found.model_bytes == 4 * 2 * plan.n_parameters
    assert expected(mlp.replace(training=mlp.training.replace(optimizer="adam"))).model_bytes == 2 * found.model_bytes
    # three copies of each training clip, none of the others
    changed = mlp.replace(augmentations=(AUGMENTATIONS["pitch-shift"](),), copies=Copies(number=3))
    assert 2 < expected(changed).feature_bytes / found.feature_bytes < 4
    assert found.fits
    monkeypatch.setenv("AUDIOCLF_JOB_MEMORY_GB", "0.1")
    assert not expected(mlp).fits


def test_without_a_finished_run_no_time_is_known(experiment: Experiment, dataset: Dataset) -> None:
    assert seconds(experiment, dataset) is None


def test_a_finished_run_tells_how_long_its_kind_takes(
    tmp_path: Path, experiment: Experiment, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    pace = pace_of(finished(tmp_path / "run", experiment, dataset, 9.0, 2.0, 4.0))  # the first epoch compiles
    n_train = examine(experiment, dataset).n_train
    assert seconds(experiment, dataset, pace) == pytest.approx(40 * n_train * 3.0 / 100)
    longer = experiment.replace(training=Training(epochs=80, batch_size=4, learning_rate=0.1))
    assert seconds(longer, dataset, pace) == pytest.approx(80 * n_train * 3.0 / 100)
    folds = experiment.replace(split=KFold(n_splits=3))
    alone = seconds(folds, dataset, pace)
    assert alone == pytest.approx(3 * 40 * examine(folds, dataset).n_train * 3.0 / 100)
    monkeypatch.setenv("AUDIOCLF_FIT_PROCESSES", "2")
    assert seconds(folds, dataset, pace) == pytest.approx(alone / 2)


def test_what_changes_the_work_of_a_step_is_another_kind(
    tmp_path: Path, experiment: Experiment, dataset: Dataset
) -> None:
    pace = pace_of(finished(tmp_path / "run", experiment, dataset, 9.0, 2.0))
    for changes in (
        {"model": MODELS["compact-cnn"](filters=(8, 8))},
        {"model": MODELS["tree"]()},
        {"features": (Mel(n_mels=64),)},
        {"training": Training(epochs=40, batch_size=2)},
        {"augmentations": (AUGMENTATIONS["pitch-shift"](),)},
    ):
        assert seconds(experiment.replace(**changes), dataset, pace) is None


def test_a_model_without_epochs_is_scaled_by_its_clips(
    tmp_path: Path, experiment: Experiment, dataset: Dataset
) -> None:
    forest = experiment.replace(model=MODELS["forest"]())
    paces = [
        pace_of(finished(tmp_path / str(number), forest, dataset, took)) for number, took in enumerate((5.0, 9.0, 6.0))
    ]
    n_train = examine(forest, dataset).n_train
    assert seconds(forest, dataset, *paces) == pytest.approx(n_train * 6.0 / 100), "the median"
    other_batches = forest.replace(training=Training(batch_size=32))
    assert seconds(other_batches, dataset, *paces) == pytest.approx(n_train * 6.0 / 100)


def test_a_run_that_does_not_tell_is_passed_over(tmp_path: Path, experiment: Experiment, dataset: Dataset) -> None:
    assert pace_of(create_run(experiment, tmp_path / "queued")) is None
    assert pace_of(finished(tmp_path / "no epoch", experiment, dataset)) is None
    torn = finished(tmp_path / "torn", experiment, dataset, 1.0)
    (torn.folder / "model.json").write_text("{}")
    assert pace_of(Run(torn.folder)) is None
