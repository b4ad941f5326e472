"""Colour pictures as a model's input: from the features through training to an explanation on the true time line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.datasets import load_dataset
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.preflight import examine
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.transform import join
from audioclf.features import MFCC, Mel, Waveform
from audioclf.features.colormap import Picture
from audioclf.features.extraction import load_clip
from audioclf.features.scaling import Scaling
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=32),),
        picture=Picture(colormap="viridis", vmin=-20, vmax=80, height=24, width=40),
        scaling=Scaling(mode="none"),
        split=Holdout(test_size=0.34, validation_size=0.25),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=1, batch_size=4),
    )


def test_a_run_on_pictures_answers_and_explains_on_the_map(experiment: Experiment, tmp_path: Path) -> None:
    plan = examine(experiment, load_dataset(experiment.dataset.name))
    assert plan.feature_shapes == ((32, 13),)
    assert plan.input_shapes == ((24, 40, 3),)
    run = run_experiment(experiment, tmp_path / "run")
    assert run.signature["input_shapes"] == [[24, 40, 3]]
    predictor = Predictor(run)
    item = run.predictions[0]
    y = load_clip(run.clips[item.clip], predictor.audio, predictor.n_samples)
    np.testing.assert_allclose(predictor.probabilities([y], item.split)[0], item.probabilities, atol=1e-4)
    for method in ("grad-cam", "occlusion"):
        found = predictor.explain(run.clips[item.clip], method=method)
        assert found.heat.shape == found.feature_map.values.shape == (32, 13)
        assert found.heat.max() <= 1


def test_a_curve_is_refused_before_a_job_is_made(experiment: Experiment) -> None:
    with pytest.raises(ParameterError, match="colour picture is drawn of a map") as caught:
        examine(experiment.replace(features=(Waveform(),)), load_dataset(experiment.dataset.name))
    assert caught.value.field == "picture.colormap"


def test_pictures_that_no_memory_holds_are_refused_before_a_job_is_made(
    experiment: Experiment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_JOB_MEMORY_GB", "2")
    huge = experiment.replace(picture=Picture(colormap="viridis", height=2048, width=8192))
    with pytest.raises(ParameterError, match=r"would take 2\.4 GB.*lower height and width") as caught:
        examine(huge, load_dataset(experiment.dataset.name))
    assert caught.value.field == "picture.width"


def test_pictures_of_two_features_meet_as_six_channels(experiment: Experiment) -> None:
    both = experiment.replace(features=(Mel(n_mels=32), MFCC()))
    assert examine(both, load_dataset(experiment.dataset.name)).input_shapes == ((24, 40, 6),)
    first, second = np.zeros((2, 4, 5, 3), np.float32), np.ones((2, 4, 5, 3), np.float32)
    joined = join([first, second], "channels")
    assert joined.shape == (2, 4, 5, 6)
    assert joined[..., 3:].all()
