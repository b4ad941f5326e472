"""Every recipe is an experiment that can be made, and has the network that was published."""

from __future__ import annotations

import pytest

from audioclf import recipes
from audioclf.core.errors import ParameterError
from audioclf.datasets import SOURCES
from audioclf.experiments.config import Experiment
from audioclf.models import Network


@pytest.mark.parametrize("name", recipes.names())
def test_a_recipe_is_whole(name: str) -> None:
    recipe = recipes.get(name)
    assert recipe.title
    assert recipe.source
    assert recipe.experiment.name == name
    assert recipe.family == name.split("-")[0]
    assert recipe.experiment.dataset.name in SOURCES
    assert not recipe.stand_in or recipe.stand_in in SOURCES
    assert Experiment.from_toml(recipe.experiment.to_toml()) == recipe.experiment


@pytest.mark.parametrize(
    "name", [name for name in recipes.names() if recipes.get(name).reference.get("parameters") is not None]
)
def test_a_network_has_the_published_number_of_parameters(name: str) -> None:
    recipe = recipes.get(name)
    assert isinstance(recipe.experiment.model, Network)
    assert recipe.n_parameters == recipe.reference["parameters"]


def test_letters_are_those_of_the_reference_systems() -> None:
    letters = {name: recipes.get(name).letter for name in recipes.names()}
    assert letters["instruments-cqt-cnn"] == letters["instruments-cqt-tree-scaled"] == "A"
    assert letters["scenes-mfcc-mlp"] == letters["scenes-mfcc-mlp-folds"] == "E"
    assert letters["instruments-best"] == ""


def test_reference_e_is_judged_on_its_training_clips_and_says_so() -> None:
    published, right = recipes.load_recipe("scenes-mfcc-mlp"), recipes.load_recipe("scenes-mfcc-mlp-folds")
    assert published.split.leaky
    assert not right.split.leaky
    assert published.replace(split=right.split, name=right.name) == right


def test_an_unknown_recipe_names_the_nearest() -> None:
    with pytest.raises(ParameterError, match="did you mean 'scenes-mfcc-mlp'"):
        recipes.get("scene-mfcc-mlp")
