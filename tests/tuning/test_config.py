"""A search as a value: its points, its TOML, and what it refuses."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from audioclf.core.errors import ParameterError
from audioclf.experiments.config import Experiment
from audioclf.tuning import Range, Search


def test_a_grid_is_all_combinations_in_order(experiment: Experiment) -> None:
    grid = {"feature.n_fft": [512, 1024], "feature.hop_length": [128, 256], "training.seed": [0, 1]}
    points = Search(experiment, grid).preview
    assert [tuple(point.settings.values()) for point in points] == list(itertools.product(*grid.values()))
    assert [point.number for point in points] == list(range(1, 9))
    for point in points:
        assert point.experiment == experiment.with_settings(point.settings)
    assert points[3].title == "n_fft 512, hop_length 256, seed 1"


def test_a_kind_comes_before_its_parameters(experiment: Experiment) -> None:
    both = Search(experiment, {"model.max_depth": [2, 3], "model.kind": ["tree", "forest"], "feature.n_mels": [8]})
    assert [(point.experiment.model.kind, point.experiment.model.to_dict()["max_depth"]) for point in both.preview] == [
        ("tree", 2),
        ("forest", 2),
        ("tree", 3),
        ("forest", 3),
    ]


def test_whole_lists_can_be_searched_over(experiment: Experiment) -> None:
    features = [[{"kind": "mel", "n_mels": 8}], [{"kind": "mfcc"}]]
    search = Search(experiment, {"features": features, "augmentations": [[], [{"kind": "mixup"}]]})
    assert [point.experiment.features[0].kind for point in search.preview] == ["mel", "mel", "mfcc", "mfcc"]
    assert [len(point.experiment.augmentations) for point in search.preview] == [0, 1, 0, 1]
    assert search.preview[1].title == "features mel, augmentations mixup"
    assert Search.from_toml(search.to_toml()) == search


def test_examples_of_drawn_points_show_every_value_and_both_ends_of_a_range(experiment: Experiment) -> None:
    grid = {
        "training.learning_rate": Range(1e-4, 1e-2, True),
        "feature.n_mels": Range(16, 40.5),
        "model.kind": ["logreg", "mlp", "tree", "compact-cnn", "svm"],
    }
    search = Search(experiment, grid, sampler="random", n_points=200)
    assert search.count == 200
    settings = [point.settings for point in search.preview]
    assert {item["model.kind"] for item in settings} == set(grid["model.kind"])
    assert {item["training.learning_rate"] for item in settings} >= {1e-4, 1e-3, 1e-2}
    assert {item["feature.n_mels"] for item in settings} >= {16, 28, 40}


def test_examples_whose_values_do_not_go_together_are_left_out_unless_all_are(experiment: Experiment) -> None:
    grid = {"feature.fmin": [0.0, 9000.0], "feature.fmax": [10000.0, 8000.0, 11000.0]}
    assert len(Search(experiment, grid, sampler="random").preview) == 2
    grid = {"feature.fmin": [9000.0, 9500.0], "feature.fmax": [8000.0, 8500.0]}
    with pytest.raises(ParameterError, match=r"point 1 .*fmin"):
        Search(experiment, grid, sampler="random")


@pytest.mark.parametrize(
    ("grid", "n_points", "count"),
    [
        ({"training.seed": [1, 2, 3]}, 0, 3),
        ({"training.seed": Range(1, 3)}, 3, 3),
        ({"training.seed": Range(1, 300)}, 0, 10),
        ({"training.learning_rate": Range(0.1, 0.2)}, 0, 10),
    ],
)
def test_how_many_points_are_drawn(experiment: Experiment, grid: dict[str, Any], n_points: int, count: int) -> None:
    assert Search(experiment, grid, sampler="random", n_points=n_points).count == count


def test_the_names_of_earlier_versions_are_read(experiment: Experiment) -> None:
    search = Search(experiment, {"feature.n_mels": [8, 16]}, sampler="random", seed=3)
    text = search.to_toml().replace("sampler", "method").replace("seed = 3", "random_state = 3", 1)
    assert "method" in text
    assert Search.from_toml(text) == search


def test_a_share_is_the_points_own_data_set(experiment: Experiment) -> None:
    search = Search(experiment, {"feature.n_mels": [8, 16]}, share=0.5)
    assert {len(point.experiment.dataset.load()) for point in search.preview} == {6}
    assert search.experiment.dataset.share == 1.0


@pytest.mark.parametrize(
    ("grid", "changes", "message"),
    [
        ({}, {}, "at least one parameter"),
        ({"feature.n_fft": []}, {}, "feature.n_fft has no value"),
        ({"feature.n_ftt": [512]}, {}, "did you mean 'feature.n_fft'"),
        ({"n_fft": [512]}, {}, "did you mean 'feature.n_fft'"),
        ({"learning_rate": [0.1]}, {}, "did you mean 'training.learning_rate'"),
        ({"nonsense": [1]}, {}, "is no parameter of this experiment"),
        ({"dataset.name": ["a", "b"]}, {}, "judged on the same clips"),
        ({"feature.n_fft": [512, -1]}, {}, "feature.n_fft = -1: .*at least 16"),
        ({"training.learning_rate": [0.1, 50]}, {}, "training.learning_rate = 50: .*at most 10"),
        ({"model.kind": ["tree", "three"]}, {}, "did you mean 'tree'"),
        ({"model.kind": ["tree"], "model.C": [1, 2]}, {}, "point 1 .*'C' is no parameter"),
        ({"feature.fmin": [0.0, 9000.0], "feature.fmax": [8000.0]}, {}, "point 2 .*fmin"),
        ({"feature.n_fft": [512], "features.0.n_fft": [512]}, {}, "the same parameter"),
        ({"training.seed": [1, 2, 1]}, {}, "the value 1 twice"),
        ({"training.seed": range(300)}, {}, "300 points.*at most 256"),
        ({"training.seed": [1, 2]}, {"n_points": 3}, "all of its 2 points"),
        ({"training.seed": [1, 2]}, {"sampler": "random", "n_points": 3}, "Only 2 different points"),
        ({"training.seed": Range(0, 9)}, {}, "a grid needs values"),
        ({"model.kind": Range(0, 9)}, {"sampler": "random"}, "no number to draw"),
        ({"feature.n_mels": Range(10.1, 10.9)}, {"sampler": "random"}, "no whole number"),
        ({"feature.n_mels": {"low": 1, "hihg": 3}}, {"sampler": "random"}, "did you mean 'high'"),
        ({"feature.n_mels": Range(2, 10**6)}, {"sampler": "random"}, "feature.n_mels = 1000000"),
        ({"training.seed": Range(0, 9)}, {"sampler": "random", "n_points": 11}, "Only 10 different points"),
        ({"training.seed": [1]}, {"sampler": "tpe"}, "TPE chooses between values"),
        ({"training.seed": {"low": 0, "high": 9, "log": True}}, {"sampler": "tpe"}, "above 0 on a logarithmic scale"),
        ({"training.seed": [1, 2]}, {"pruner": "median"}, "logreg is not trained in epochs"),
        ({"training.seed": [1]}, {"sampler": "bayes"}, "value of sampler"),
        ({"training.seed": [1]}, {"metric": "accuracy"}, "value of metric"),
        ({"training.seed": [1]}, {"share": 0.0}, "share must be above 0"),
    ],
)
def test_what_cannot_be_is_refused_in_words(
    experiment: Experiment, grid: dict[str, Any], changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(ParameterError, match=message):
        Search(experiment, grid, **changes)


def test_points_without_validation_or_impossible_ones_are_refused(experiment: Experiment) -> None:
    dataset = experiment.dataset.load()
    plans = Search(experiment, {"feature.n_mels": [8, 16]}).examine(dataset)
    assert [plan.feature_shapes[0][0] for plan in plans] == [8, 16]
    with pytest.raises(ParameterError, match=r"point 2 .*validation clips"):
        Search(experiment, {"split.validation_size": [0.25, 0.0]}).examine(dataset)
    flat = experiment.with_settings({"feature.kind": "waveform"})
    with pytest.raises(ParameterError, match=r"point 2 \(model.kind cnn\): .*picture"):
        Search(flat, {"model.kind": ["logreg", "cnn"]}).examine(dataset)


def test_what_works_but_is_unwise_is_said(experiment: Experiment) -> None:
    assert not Search(experiment, {"training.seed": [0, 1]}).advice
    assert "luck" in Search(experiment, {"split.random_state": [0, 1]}).advice[0]
    assert "val_accuracy" in Search(experiment, {"training.label_smoothing": [0.0, 0.1]}).advice[0]


def test_toml_is_the_experiment_with_two_tables_and_says_what_is_wrong(experiment: Experiment) -> None:
    search = Search(experiment, {"feature.n_mels": [8, 16]}, metric="val_accuracy", share=0.5)
    text = search.to_toml()
    assert '[search.grid]\n"feature.n_mels" = [' in text
    assert Search.from_toml(text) == search
    with pytest.raises(ParameterError, match="audioclf search"):
        Experiment.from_toml(text)
    with pytest.raises(ParameterError, match="with a part"):
        Search.from_toml(experiment.to_toml())
    with pytest.raises(ParameterError, match="did you mean 'metric'"):
        Search.from_toml(text.replace("metric", "metrik"))
    with pytest.raises(ParameterError, match="not valid TOML"):
        Search.from_toml("[search")
