"""Ready-made sets of runs: what a leak adds to an accuracy, and the same model on every feature."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.datasets import Dataset
from audioclf.datasets.curation import edit
from audioclf.datasets.splits import OfficialFolds
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import open_run
from audioclf.features import MFCC, Mel
from audioclf.models import MODELS
from audioclf.tuning.studies import (
    COPIED,
    GROUPED,
    RANDOM,
    Row,
    bake_off,
    conclusion,
    gap,
    leakage,
    make,
    rows,
    run_study,
    studies_among,
    tagged,
)


@pytest.fixture
def grouped(tmp_path: Path, write_tone: Callable[..., Path]) -> Experiment:
    """Speakers whose pitch tells who they are and nothing of what they say: only a leak helps."""
    rng = np.random.default_rng(0)
    for speaker in range(8):
        label = "yes" if speaker % 2 else "no"
        for take in range(6):
            frequency = 200.0 * 1.25 ** ((speaker * 5) % 8) * (1 + 0.003 * rng.standard_normal())
            write_tone(tmp_path / "said" / label / f"speaker{speaker}_{take}.wav", frequency=frequency, seconds=0.2)
    return Experiment(
        dataset=DatasetChoice(str(tmp_path / "said"), {"kind": "pattern", "pattern": "{group}_{take}"}),
        features=(Mel(n_mels=24),),
        model=MODELS["logreg"](),
    )


def data(experiment: Experiment) -> Dataset:
    return experiment.dataset.load()


def test_the_leak_is_measured_on_the_same_experiment(grouped: Experiment, tmp_path: Path) -> None:
    dataset = data(grouped)
    assert len({clip.group for clip in dataset.clips}) == 8
    study = leakage(grouped, dataset)
    assert [variant.name for variant in study.variants] == [GROUPED, RANDOM, COPIED]
    assert not any(variant.refusal for variant in study.variants)
    honest, random, copied = (variant.experiment for variant in study.variants)
    assert (honest.split.by_group, random.split.by_group, copied.split.by_group) == (True, False, False)
    assert (honest.leaky, random.leaky, copied.leaky) == (False, False, True)
    assert {one.copies.number for one in (honest, random, copied)} == {1}, "all train with the same copies"
    assert honest.replace(split=random.split) == random
    found = rows(run_study(study, tmp_path / "study"))
    assert [row.name for row in found] == [GROUPED, RANDOM, COPIED]
    accuracies = [row.accuracy for row in found]
    assert accuracies[0] is not None
    assert accuracies[1] is not None
    assert accuracies[1] > accuracies[0] + 0.2, accuracies
    sentences = conclusion(found)
    assert len(sentences) == 2
    assert sentences[0].startswith("Clips at random: ")
    assert "points (95 % interval" in sentences[0]
    assert (
        json.loads(json.dumps([row.to_dict() for row in found]))[0]["n_values"]
        == 24 * found[0].run.signature["input_shapes"][0][1]
    )
    # what is done stays, and belongs to one study
    again = rows(run_study(study, tmp_path / "study"))
    assert [row.seconds for row in again] == [row.seconds for row in found]
    (runs,) = studies_among([row.run for row in found], "leakage").values()
    assert len(runs) == 3
    assert studies_among([row.run for row in found], "bake-off") == {}
    about = tagged(open_run(tmp_path / "study" / COPIED))
    assert about is not None
    assert about["variant"] == COPIED
    with pytest.raises(ParameterError, match="another experiment"):
        run_study(leakage(grouped.with_settings({"training.seed": 5}), dataset), tmp_path / "study")


def test_without_groups_there_is_nothing_to_leak(grouped: Experiment) -> None:
    dataset = data(grouped)
    for groups in ([None] * len(dataset), ["one"] * len(dataset)):
        with pytest.raises(ParameterError, match="group"):
            leakage(grouped, edit(dataset, groups=groups))
    with pytest.raises(ParameterError, match="study"):
        make("leak", grouped, dataset)


def test_another_protocol_becomes_a_holdout(grouped: Experiment) -> None:
    study = leakage(grouped.replace(split=OfficialFolds()), data(grouped))
    assert {variant.experiment.split.kind for variant in study.variants} == {"holdout"}


def test_every_feature_is_given_to_the_same_model(grouped: Experiment, tmp_path: Path) -> None:
    experiment = grouped.replace(features=(Mel(n_mels=24), MFCC(n_mfcc=8)), combine="ensemble")
    study = bake_off(experiment, data(grouped))
    assert [variant.name for variant in study.variants] == ["waveform", "spectrum", "stft", "cqt", "mel", "mfcc"]
    assert {(one.experiment.model, one.experiment.split, one.experiment.scaling) for one in study.variants} == {
        (experiment.model, experiment.split, study.variants[0].experiment.scaling)
    }
    of = {variant.name: variant.experiment.features for variant in study.variants}
    assert of["mel"] == (Mel(n_mels=24),)
    assert of["mfcc"] == (MFCC(n_mfcc=8),)
    found = rows(run_study(study, tmp_path / "study"))
    assert len(found) == len(study.runnable)
    accuracies = [row.accuracy or 0.0 for row in found]
    assert accuracies == sorted(accuracies, reverse=True)
    assert all(row.n_values and row.seconds for row in found)


def test_a_feature_the_model_cannot_take_is_left_out_with_its_reason(grouped: Experiment) -> None:
    study = bake_off(grouped.replace(model=MODELS["cnn"]()), data(grouped))
    refused = {variant.name: variant.refusal for variant in study.variants if variant.refusal}
    assert refused
    assert len(study.runnable) == len(study.variants) - len(refused)
    assert all(sentence.endswith(".") for sentence in refused.values())


def test_the_gap_of_two_accuracies_is_newcombes() -> None:
    def row(name: str, accuracy: float, low: float, high: float) -> Row:
        return Row(None, name, name, "", "done", accuracy, low, high)  # type: ignore[arg-type]

    # Newcombe 1998, table II: 56/70 and 48/80 with Wilson's intervals; method 10 gives 0.0524 to 0.3339
    found = gap(row("a", 56 / 70, 0.6918, 0.8776), row("b", 48 / 80, 0.4904, 0.7003))
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.0524, 0.3339), abs=2e-3)
    assert math.isclose(found.difference, 0.2)
    honest = row(GROUPED, 0.5, 0.4, 0.6)
    ends = [conclusion([honest, row(RANDOM, share, share - 0.1, share + 0.1)])[0] for share in (0.9, 0.55, 0.1)]
    assert [end.rsplit(")", 1)[1] for end in ends] == [". ", ", which may well be chance.", ": no leak shows in it."]
    assert gap(row("a", 0.5, 0.4, 0.6), Row(None, "b", "b", "", "running")) is None  # type: ignore[arg-type]
