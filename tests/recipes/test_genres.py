"""Recipes of references C and D: shapes and networks as published, and each runs whole on a stand-in."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from audioclf import recipes
from audioclf.experiments.config import DatasetChoice
from audioclf.experiments.runner import run_experiment

PICTURES = ("genres-mfcc-cnn", "genres-mfcc-cnn-plateau", "genres-mel-cnn", "genres-image-augment", "genres-vgg16")
COPIES = ("genres-augmented-cnn", "genres-augmented-crnn")

QUICK: dict[str, Any] = {"audio.duration": 0.3, "training.epochs": 1, "training.batch_size": 4}
SMALL: dict[str, dict[str, Any]] = {
    **{name: {"picture.height": 32, "picture.width": 36, "model.units": [4]} for name in PICTURES},
    "genres-augmented-cnn": {"model.filters": [4, 4], "model.units": [4]},
    "genres-augmented-crnn": {"model.filters": [4, 4], "model.pool_frames": [2], "model.recurrent_units": [4]},
}


@pytest.mark.parametrize("name", PICTURES)
def test_reference_c_draws_pictures_of_1290_frames(name: str) -> None:
    recipe = recipes.get(name)
    audio = recipe.experiment.audio
    assert recipe.letter == "C"
    assert recipe.experiment.features[0].shape(round(audio.sr * (audio.duration or 0)), audio.sr)[1] == 1290
    assert recipe.input_shape == (250, 420, 3)
    flat, classes = (7 * 13 * 512, 64) if name == "genres-vgg16" else (61 * 104 * 32, 128)
    convolutions = 14_714_688 if name == "genres-vgg16" else 3 * 3 * 3 * 64 + 64 + 3 * 3 * 64 * 32 + 32
    assert recipe.n_parameters == convolutions + (flat + 1) * classes + (classes + 1) * 11


@pytest.mark.parametrize("name", COPIES)
def test_reference_d_trains_on_three_times_the_clips_of_128_x_1206(name: str) -> None:
    recipe = recipes.get(name)
    assert recipe.letter == "D"
    assert recipe.input_shape == (128, 1206)
    assert not recipe.experiment.leaky
    assert [item.kind for item in recipe.experiment.augmentations] == ["gaussian-noise", "pitch-shift"]


@pytest.mark.parametrize("name", ["genres-image-augment", "genres-vgg16", *COPIES])
def test_a_genre_recipe_runs_whole_on_other_data(name: str, class_folders: Path, tmp_path: Path) -> None:
    settings = {**QUICK, **SMALL[name]}
    if name == "genres-vgg16":
        settings["model.weights"] = "none"
    experiment = recipes.load_recipe(name).replace(dataset=DatasetChoice(str(class_folders)))
    metrics = run_experiment(experiment.with_settings(settings), tmp_path / "run").metrics
    assert metrics["n_test"] == 2
    assert metrics["remarks"] == []
    assert metrics["n_train"] == metrics["n_train_clips"] * (3 if name in COPIES else 1)
