"""Arrays for training out of a data set: copies on the side they belong to, scaling, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.core.errors import ParameterError, Stopped
from audioclf.datasets import Dataset
from audioclf.datasets.splits import Holdout, KFold, LeaveOneGroupOut, OfficialFolds
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.preflight import examine
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runner import execute, run_experiment
from audioclf.experiments.runs import open_run
from audioclf.experiments.runs.compare import summarise
from audioclf.experiments.transform import join
from audioclf.features import MFCC, Mel, Waveform
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.features.scaling import Scaling
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS
from audioclf.training import Training

NETWORK = MODELS["compact-cnn"](filters=(4, 4))
NOISE, PAD, STRETCH = (AUGMENTATIONS[kind]() for kind in ("gaussian-noise", "random-pad", "time-stretch"))


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    audio = AudioSettings(sr=8000, duration=0.4)
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        audio=audio,
        features=(Mel(n_mels=24),),
        split=Holdout(test_size=0.34, validation_size=0.25),
        augmentations=(NOISE, PAD),
        model=NETWORK,
        training=Training(epochs=3, batch_size=4),
    )


@pytest.fixture
def dataset(experiment: Experiment) -> Dataset:
    return experiment.dataset.load()


def test_join_keeps_one_feature_as_it_is() -> None:
    x = np.zeros((3, 4, 5), np.float32)
    assert join([x], "channels") is x


def test_copies_train_and_nothing_else_has_any(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    plain = Inputs(experiment.replace(augmentations=()), dataset)
    copied = Inputs(experiment.replace(copies=Copies(number=2)), dataset)
    (split,) = copied.splits
    assert copied.splits == plain.splits
    assert {copied.clip_of(example) for example in copied.train_examples(split)} == set(split.train)
    before, after = plain.of_fit(split, 0, tmp_path), copied.of_fit(split, 0, tmp_path)
    n = len(split.train)
    assert len(after.x_train) == len(after.y_train) == 3 * n
    np.testing.assert_array_equal(after.y_train, np.tile(before.y_train, 3))
    assert after.x_validation is not None
    assert after.x_validation.shape == before.x_validation.shape  # type: ignore[union-attr]
    # only training clips were copied at all
    assert len(copied.examples) == len(dataset) + 2 * n


def test_scaling_is_learned_from_clips_and_copies(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    asked = experiment.replace(copies=Copies(number=2), scaling=Scaling(mode="standard"))
    inputs = Inputs(asked, dataset)
    part = inputs.of_fit(inputs.splits[0], 0, tmp_path)
    np.testing.assert_allclose(part.x_train.mean(axis=0), 0, atol=1e-4)
    raw = extract(
        [dataset.clips[inputs.clip_of(example)] for example in inputs.train_examples(inputs.splits[0])],
        experiment.features[0],
        experiment.audio,
        changes=[inputs.examples[example][1] for example in inputs.train_examples(inputs.splits[0])],
    )
    with np.load(tmp_path / "scaling-0.npz") as stored:
        np.testing.assert_allclose(stored["offset"], raw.mean(axis=0), atol=1e-3)


def test_without_originals_only_copies_train(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    inputs = Inputs(experiment.replace(copies=Copies(number=3, originals=False)), dataset)
    (split,) = inputs.splits
    assert len(inputs.of_fit(split, 0, tmp_path).x_train) == 3 * len(split.train)
    assert not set(inputs.train_examples(split)) & set(range(len(dataset)))


def test_features_of_copies_are_computed_once(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    store = FeatureStore(tmp_path / "store")
    asked = experiment.replace(copies=Copies(number=2))
    first = Inputs(asked, dataset, store=store)
    first.compute()
    kept = {path: path.stat().st_mtime_ns for path in (tmp_path / "store").rglob("*.npy")}
    assert len(kept) == len(first.examples)
    made = [path.read_bytes() for path in sorted(kept)]
    Inputs(asked, dataset, store=store).compute()
    assert [path.read_bytes() for path in sorted((tmp_path / "store").rglob("*.npy"))] == made
    Inputs(asked.replace(training=Training(seed=1)), dataset, store=store).compute()
    # another seed: other copies of the clips that were copied, the clips themselves as they were
    assert len(list((tmp_path / "store").rglob("*.npy"))) == 2 * len(kept) - len(dataset)


def test_two_features_of_a_copy_are_of_the_same_sound(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    shift = AUGMENTATIONS["shift"](max_shift=0.9)
    asked = experiment.replace(
        features=(Mel(n_mels=20), MFCC(n_mfcc=20)), augmentations=(shift,), copies=Copies(number=1, originals=False)
    )
    inputs = Inputs(asked.replace(scaling=Scaling(mode="none")), dataset)
    x = inputs.of_fit(inputs.splits[0], 0, tmp_path).x_train
    mel, mfcc = x[..., 0], x[..., 1]
    for one, other in zip(mel, mfcc, strict=True):
        # the first coefficient follows the loudness of a frame: silence stands at the same place
        loudness = np.corrcoef(one.mean(axis=0), other[0])[0, 1]
        assert loudness > 0.9


def test_before_the_split_copies_of_a_clip_fall_on_both_sides(experiment: Experiment, dataset: Dataset) -> None:
    copies = Copies(number=5, originals=False, before_split=True)
    inputs = Inputs(experiment.replace(copies=copies, split=KFold(n_splits=3, validation_size=0.0)), dataset)
    assert len(inputs.splits) == 3
    tested: list[int] = []
    for split in inputs.splits:
        train, test = ({inputs.clip_of(example) for example in part} for part in (split.train, split.test))
        assert train & test
        assert not set(split.train) & set(split.test)
        assert inputs.train_examples(split) == list(split.train)
        tested += split.test
    assert sorted(tested) == list(range(len(dataset), 6 * len(dataset)))
    np.testing.assert_array_equal(
        inputs.labels, [dataset.labels[inputs.clip_of(example)] for example in range(len(inputs.examples))]
    )


def test_a_leaky_run_says_so_and_names_the_clips(experiment: Experiment, tmp_path: Path) -> None:
    copies = Copies(number=2, before_split=True)
    asked = experiment.replace(model=MODELS["logreg"](), copies=copies, split=KFold(n_splits=2))
    run = run_experiment(Experiment.from_toml(asked.to_toml()), tmp_path / "run")
    assert run.metrics["leaky"] is True
    assert run.metrics["protocol"].endswith("of copies made before the split (leaky)")
    assert "made before the split" in run.metrics["augmentation"]
    # every clip and both its copies are tested once
    assert sorted(item.clip for item in run.predictions) == sorted(3 * list(range(12)))
    for item in run.predictions:
        assert run.classes[item.true] == run.clips[item.clip].label
    assert summarise(run).leaky


def test_a_run_with_copies_says_what_trained_and_classifies(experiment: Experiment, tmp_path: Path) -> None:
    run = run_experiment(experiment.replace(copies=Copies(number=2, how="each")), tmp_path / "run")
    clips = run.metrics["n_train_clips"]
    assert run.metrics["n_train"] == 5 * clips
    assert run.metrics["leaky"] is False
    assert run.metrics["augmentation"].startswith("2 copies of every training clip by each of")
    item = run.predictions[0]
    predictor = Predictor(run)
    from audioclf.features.extraction import load_clip

    y = load_clip(run.clips[item.clip], predictor.audio, predictor.n_samples)
    np.testing.assert_allclose(predictor.probabilities([y], item.split)[0], item.probabilities, atol=1e-4)


def test_on_the_fly_every_epoch_gets_changed_clips(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    inputs = Inputs(experiment.replace(augmentations=(STRETCH, NOISE)), dataset)
    (split,) = inputs.splits
    with inputs.of_fit(split, 0, tmp_path) as part:
        assert part.prefetch is not None
        first, second = part.prefetch(0), part.prefetch(1)
        assert first.shape == second.shape == part.x_train.shape
        assert not np.allclose(first, part.x_train)
        assert not np.allclose(first, second)
    with Inputs(inputs.experiment, dataset).of_fit(split, 0, tmp_path) as again:
        assert again.prefetch is not None
        np.testing.assert_array_equal(again.prefetch(1), second)


def test_on_the_fly_a_cut_off_training_ends_as_if_it_had_not_been(experiment: Experiment, tmp_path: Path) -> None:
    whole = run_experiment(experiment, tmp_path / "whole")
    folder = tmp_path / "run"

    def enough() -> bool:
        return (folder / "history.csv").exists() and len((folder / "history.csv").read_text().splitlines()) > 2

    with pytest.raises(Stopped):
        run_experiment(experiment, folder, should_stop=enough)
    run = open_run(folder)
    execute(run)
    assert [row["loss"] for row in run.history] == [row["loss"] for row in whole.history]
    assert run.predictions == whole.predictions
    plain = run_experiment(experiment.replace(augmentations=()), tmp_path / "plain")
    assert [row["loss"] for row in plain.history] != [row["loss"] for row in whole.history]


@pytest.mark.parametrize(
    ("changes", "field", "part"),
    [
        ({"augmentations": (), "copies": Copies(number=1)}, "copies.number", "changes samples"),
        ({"copies": Copies(originals=False)}, "copies.originals", "number is 0"),
        ({"copies": Copies(before_split=True)}, "copies.before_split", "number is 0"),
        ({"copies": Copies(number=1, before_split=True), "split": OfficialFolds()}, "copies.before_split", "holdout"),
        ({"copies": Copies(number=1, before_split=True), "split": LeaveOneGroupOut()}, "copies.before_split", "k-fold"),
        (
            {"copies": Copies(number=1, before_split=True), "split": Holdout(by_group=True)},
            "copies.before_split",
            "groups",
        ),
        ({"model": MODELS["logreg"]()}, "copies.number", "no epochs"),
        (
            {"augmentations": (AUGMENTATIONS["zoom"](),), "features": (Waveform(),)},
            "augmentations.0",
            "pictures",
        ),
    ],
)
def test_what_cannot_be_is_refused_before_a_job_is_made(
    experiment: Experiment, dataset: Dataset, changes: dict, field: str, part: str
) -> None:
    if "features" in changes:
        changes = changes | {"model": MODELS["mlp"](units=(4,))}
    if part == "groups":
        dataset = replace(dataset, clips=tuple(replace(clip, group=clip.path.stem) for clip in dataset.clips))
    with pytest.raises(ParameterError, match=part) as caught:
        examine(experiment.replace(**changes), dataset)
    assert caught.value.field.startswith(field)


def test_what_is_done_to_the_clips_is_said(experiment: Experiment, dataset: Dataset) -> None:
    both = experiment.replace(augmentations=(NOISE, AUGMENTATIONS["roll"](), AUGMENTATIONS["mixup"]()))
    message = Inputs(both, dataset).augmentation
    assert message.startswith("training clips changed again in every epoch (gaussian noise); ")
    assert message.endswith("feature maps changed again in every epoch (time roll, then mixup)")
    classical = both.replace(model=MODELS["logreg"](), copies=Copies(number=1))
    assert "feature maps" not in Inputs(classical, dataset).augmentation
    assert Inputs(experiment.replace(augmentations=()), dataset).augmentation == ""


def test_copies_count_in_what_is_foreseen(experiment: Experiment, dataset: Dataset) -> None:
    plain = examine(experiment, dataset)
    copied = examine(experiment.replace(copies=Copies(number=4, originals=False)), dataset)
    assert plain.n_train == len(plain.splits[0].train)
    assert copied.n_train == 4 * plain.n_train
    assert copied.n_examples == len(dataset) + 4 * plain.n_train
    larger = experiment.replace(training=Training(batch_size=3 * plain.n_train))
    with pytest.raises(ParameterError, match="batch_size"):
        examine(larger, dataset)
    examine(larger.replace(copies=Copies(number=4)), dataset)
