"""An experiment's size is known before it is run, and a setting that cannot work is reported with its name."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS
from audioclf.core.errors import ParameterError
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import PROTOCOLS, Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.preflight import examine
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import compare_runs
from audioclf.features import FEATURES, MFCC, Mel, Waveform
from audioclf.features.colormap import Picture
from audioclf.models import MODELS
from audioclf.training import Training

SMALL = MODELS["compact-cnn"](filters=(4, 4))


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    return load_dataset(class_folders)


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        split=Holdout(test_size=0.34, validation_size=0.25),
        features=(Mel(n_mels=32),),
        model=SMALL,
        training=Training(epochs=1, batch_size=4),
    )


def test_what_is_promised_is_what_the_run_holds(experiment: Experiment, dataset: Dataset, tmp_path: Path) -> None:
    plan = examine(experiment, dataset)
    run = run_experiment(experiment, tmp_path / "run")
    assert [list(shape) for shape in plan.input_shapes] == run.signature["input_shapes"]
    assert plan.duration == run.signature["duration"]
    assert plan.n_parameters == run.metrics["n_parameters"]
    assert plan.n_models == 1
    (split,) = plan.splits
    assert len(split.train) == run.metrics["n_train"]
    assert len(split.validation) == run.metrics["n_validation"]
    assert len(split.test) == run.metrics["n_test"]


def test_every_member_of_an_ensemble_counts(experiment: Experiment, dataset: Dataset) -> None:
    both = experiment.replace(features=(Mel(n_mels=32), MFCC(n_mfcc=16)), combine="ensemble", split=KFold(n_splits=3))
    plan = examine(both, dataset)
    assert plan.n_models == 6
    assert [shape[0] for shape in plan.input_shapes] == [32, 16]
    assert len(plan.layers) == 2


def test_a_classical_model_has_no_layers_and_no_batches(experiment: Experiment, dataset: Dataset) -> None:
    plan = examine(
        experiment.replace(model=MODELS["tree"](), training=Training(batch_size=4096), features=(Waveform(),)), dataset
    )
    assert plan.layers == ()
    assert plan.n_parameters == 0


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"split": KFold(n_splits=7)}, "split.n_splits"),
        ({"split": PROTOCOLS["leave-one-group-out"]()}, "split"),
        ({"features": (Mel(), Mel(hop_length=100)), "combine": "channels"}, "combine.combine"),
        ({"features": (Mel(), Mel(fmax=20000.0)), "combine": "ensemble"}, "features.1.fmax"),
        ({"features": (Waveform(),)}, "model.model"),
        ({"model": MODELS["compact-cnn"](filters=(4,) * 9)}, "model.pool_size"),
        ({"training": Training(batch_size=64)}, "training.batch_size"),
        ({"model": MODELS["vgg16"](), "picture": Picture("magma", height=1, width=1)}, "picture.height"),
        ({"model": MODELS["vgg16"](), "picture": Picture("magma", height=64, width=31)}, "picture.width"),
        ({"model": MODELS["vgg16"]()}, "model.width"),
        ({"model": MODELS["knn"](n_neighbors=9)}, "model.n_neighbors"),
        (
            {"model": MODELS["knn"](n_neighbors=1), "training": Training(class_weight="balanced")},
            "training.class_weight",
        ),
        (
            {
                "features": (Mel(), MFCC()),
                "combine": "concatenate",
                "model": MODELS["mlp"](),
                "augmentations": (AUGMENTATIONS["noise"](), AUGMENTATIONS["roll"]()),
            },
            "augmentations.1",
        ),
        (
            {
                "features": (FEATURES["spectrum"](),),
                "model": MODELS["mlp"](),
                "training": Training(batch_size=4, test_rolls=2),
            },
            "training.test_rolls",
        ),
        (
            {
                "features": (Waveform(),),
                "model": MODELS["mlp"](),
                "augmentations": (AUGMENTATIONS["noise"](), AUGMENTATIONS["mask"]()),
            },
            "augmentations.1.augment",
        ),
        ({"audio": AudioSettings(duration=2.0), "features": (Waveform(),)}, "audio.duration"),
    ],
)
def test_what_cannot_be_is_said_with_its_place(
    experiment: Experiment, dataset: Dataset, changes: dict, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_JOB_MEMORY_GB", "0.001")
    with pytest.raises(ParameterError) as caught:
        examine(experiment.replace(**changes), dataset)
    assert caught.value.field == field
    assert str(caught.value).endswith(".")


def test_a_waveform_and_a_picture_can_be_rolled_along_time(experiment: Experiment, dataset: Dataset) -> None:
    rolled = experiment.replace(augmentations=(AUGMENTATIONS["roll"](),), training=Training(batch_size=4, test_rolls=2))
    assert examine(rolled, dataset).n_models == 1
    wave = rolled.replace(features=(Waveform(),), model=MODELS["mlp"](units=(4,)))
    assert examine(wave, dataset).n_models == 1


def test_more_neighbours_than_the_smallest_class_has_clips_deserve_a_word(
    experiment: Experiment, dataset: Dataset
) -> None:
    fewer = replace(dataset, clips=(*dataset.clips[:4], *dataset.clips[6:]))  # of class high, 2 are trained on
    knn = experiment.replace(model=MODELS["knn"](n_neighbors=3))
    (message,) = examine(knn, fewer).advice
    assert "n_neighbors is 3, and the smallest class has 2 training clips" in message
    assert not examine(knn.replace(model=MODELS["knn"](n_neighbors=2)), fewer).advice


def test_a_class_without_a_second_clip_is_said_with_the_split(experiment: Experiment, dataset: Dataset) -> None:
    lonely = replace(dataset, clips=dataset.clips[:7])
    with pytest.raises(ParameterError, match="clip") as caught:
        examine(experiment, lonely)
    assert caught.value.field.startswith("split")


def test_no_clip_left_after_grouping_is_said_with_the_split(experiment: Experiment, dataset: Dataset) -> None:
    one_speaker_each = replace(
        dataset, clips=tuple(replace(clip, group=f"speaker of {clip.label}") for clip in dataset.clips)
    )
    for split in (Holdout(by_group=True), KFold(n_splits=2, by_group=True), PROTOCOLS["leave-one-group-out"]()):
        with pytest.raises(ParameterError, match=r"has no training clip|groups") as caught:
            examine(experiment.replace(split=split), one_speaker_each)
        assert caught.value.field.startswith("split")


def test_groups_on_both_sides_are_warned_of_before_and_after_the_training(
    experiment: Experiment, class_folders: Path, tmp_path: Path
) -> None:
    lines = ["file_name,label,group"] + [
        f"{class_folders.name}/{label}/{number}.wav,{label},speaker {number % 3}"
        for label in ("low", "high")
        for number in range(6)
    ]
    manifest = class_folders.parent / "manifest.csv"
    manifest.write_text("\n".join(lines), encoding="utf-8")
    choice = DatasetChoice(str(manifest))
    apart = experiment.replace(dataset=choice, split=Holdout(test_size=0.34, by_group=False), model=MODELS["logreg"]())
    data = choice.load()
    (advice,) = [sentence for sentence in examine(apart, data).advice if "both sides" in sentence]
    run = run_experiment(apart, tmp_path / "run")
    assert advice in run.metrics["remarks"]
    assert "groups not kept together" in run.metrics["protocol"]
    (line,) = compare_runs([run]).runs
    assert advice in line.remarks
    kept = apart.replace(split=Holdout(test_size=0.34))
    assert not any("both sides" in sentence for sentence in examine(kept, data).advice)


def test_an_ensemble_of_one_is_none() -> None:
    with pytest.raises(ParameterError, match="two features or more") as caught:
        Experiment(combine="ensemble")
    assert caught.value.field == "combine"


def test_what_has_no_effect_or_another_one_is_said(experiment: Experiment, dataset: Dataset) -> None:
    masked = experiment.replace(model=MODELS["tree"](), augmentations=(AUGMENTATIONS["mask"](),))
    assert any("is left out" in sentence for sentence in examine(masked, dataset).advice)
    assert not examine(masked.replace(augmentations=()), dataset).advice
    patient = experiment.replace(training=Training(epochs=5, batch_size=4, early_stopping=2))
    assert not examine(patient, dataset).advice
    blind = patient.replace(split=Holdout(test_size=0.34, validation_size=0.0))
    assert any("follow the training loss" in sentence for sentence in examine(blind, dataset).advice)
