"""Experiments go to TOML and back, and every mistake in one is named."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf import recipes
from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Copies
from audioclf.core.errors import ParameterError
from audioclf.datasets.splits import PROTOCOLS, Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import FEATURES, Mel
from audioclf.features.colormap import Picture
from audioclf.features.scaling import SCALINGS, Scaling
from audioclf.models import MODELS
from audioclf.training import Training

TWO = "[[features]]\nkind = 'mel'\n[[features]]\nkind = 'mfcc'"


@settings(max_examples=60, deadline=None)
@given(
    features=st.lists(st.sampled_from(sorted(FEATURES)), min_size=1, max_size=3),
    model=st.sampled_from(sorted(MODELS)),
    protocol=st.sampled_from(sorted(PROTOCOLS)),
    augmentations=st.lists(st.sampled_from(sorted(AUGMENTATIONS)), max_size=3),
    scaling=st.sampled_from(SCALINGS),
    combine=st.sampled_from(("channels", "concatenate", "ensemble")),
    name=st.text(max_size=20),
    epochs=st.integers(1, 100),
    duration=st.none() | st.floats(0.1, 10),
)
def test_toml_round_trip(features, model, protocol, augmentations, scaling, combine, name, epochs, duration) -> None:
    experiment = Experiment(
        name=name,
        dataset=DatasetChoice("instruments", {"programs": [0, 40]}),
        audio=AudioSettings(duration=duration),
        features=tuple(FEATURES[kind]() for kind in features),
        combine=combine if len(features) > 1 else "channels",
        weights=tuple(float(n + 1) for n in range(len(features)))
        if len(features) > 1 and combine == "ensemble"
        else (),
        model=MODELS[model](),
        split=PROTOCOLS[protocol](),
        augmentations=tuple(AUGMENTATIONS[kind]() for kind in augmentations),
        scaling=Scaling(mode=scaling),
        training=Training(epochs=epochs),
    )
    assert Experiment.from_toml(experiment.to_toml()) == experiment


@pytest.mark.parametrize(
    ("text", "part", "field"),
    [
        ("[modle]\nkind = 'mlp'", "did you mean 'model'", "modle"),
        ("[training]\nepoch = 3", "did you mean 'epochs'", "training.epoch"),
        ("[training]\nlearning_rate = nan", "finite number", "training.learning_rate"),
        ("[training]\nepochs = 0", "at least 1", "training.epochs"),
        ("[model]\nkind = 'cnnn'", "did you mean 'cnn'", "model.kind"),
        ("[model]\nunits = [3]", "needs a 'kind'", "model.kind"),
        ("[[features]]\nkind = 'mel'\nhop_length = 0", "at least 1", "features.hop_length"),
        ("features = 3", "list of tables", "features"),
        ("features = []", "at least one feature", "features"),
        ("model = 'cnn'", "is a table", "model"),
        ("name = 3", "is a text", "name"),
        ("[scaling]\nkind = 'none'", "no parameter of Scaling", "scaling.kind"),
        ("features = [1]", "is a table with a 'kind'", "features"),
        ("[dataset]\noptions = 5", "options is a table", "dataset.options"),
        ("[dataset.options]\nday = 2026-01-01", "options is a table", "dataset.options"),
        ("[split]\nkind = 'folds'\ntest_folds = [1, 1]", "fold 1 twice", "split.test_folds"),
        ("[split]\nkind = 'leave-one-group-out'\ntest_groups = ['a', 'b', 'a']", "group a twice", "split.test_groups"),
        ("weights = [1, 1]", "of an ensemble", "weights"),
        (f"combine = 'ensemble'\nweights = [1]\n{TWO}", "one number", "weights"),
        (f"combine = 'ensemble'\nweights = [nan, 1]\n{TWO}", "one number", "weights"),
        (f"combine = 'ensemble'\nweights = [0, 0]\n{TWO}", "one number", "weights"),
        ("combine = 'sum'", "no way to combine", "combine"),
        ("name = ", "not valid TOML", ""),
    ],
)
def test_a_mistake_is_named(text: str, part: str, field: str) -> None:
    with pytest.raises(ParameterError, match=part) as caught:
        Experiment.from_toml(text)
    assert caught.value.field == field


def test_single_values_can_be_set() -> None:
    experiment = Experiment().with_settings(
        {
            "training.epochs": "3",
            "feature.n_mels": "64",
            "features.0.scale": "power",
            "audio.duration": 1,
            "dataset.name": "esc10",
            "split.kind": "k-fold",
            "split.n_splits": "3",
            "model.kind": "mlp",
            "model.units": "[5, 4]",
        }
    )
    assert experiment.training.epochs == 3
    assert experiment.features[0].to_dict()["n_mels"] == 64
    assert experiment.features[0].to_dict()["scale"] == "power"
    assert experiment.audio.duration == 1.0
    assert experiment.dataset.name == "esc10"
    assert experiment.split.to_dict()["n_splits"] == 3
    assert experiment.model.to_dict()["units"] == [5, 4]
    with pytest.raises(ParameterError, match="no parameter of Training"):  # and nothing is put back to its default
        experiment.with_settings({"training.kind": "fast"})


def test_settings_hold_in_whatever_order_they_are_given() -> None:
    kind_last = {"feature.n_mfcc": "13", "split.n_splits": "3", "split.kind": "k-fold", "feature.kind": "mfcc"}
    changed = Experiment().with_settings(kind_last)
    assert changed == Experiment().with_settings(dict(reversed(kind_last.items())))
    assert (changed.features[0].n_mfcc, changed.split.n_splits) == (13, 3)  # type: ignore[attr-defined]
    with pytest.raises(ParameterError, match="bogus"):
        Experiment().with_settings({"split.bogus": "7", "split.kind": "k-fold"})


@pytest.mark.parametrize(
    ("name", "part"),
    [
        ("training.epoch", "did you mean 'epochs'"),
        ("features.3.n_mels", "names no setting"),
        ("training.epochs.x", "single value"),
        ("nonsense", "no part of an experiment"),
    ],
)
def test_a_wrong_setting_is_named(name: str, part: str) -> None:
    with pytest.raises(ParameterError, match=part):
        Experiment().with_settings({name: "1"})


def test_an_ensemble_trains_one_model_per_feature() -> None:
    mel, mfcc = FEATURES["mel"](), FEATURES["mfcc"]()
    assert Experiment(features=(mel, mfcc), combine="ensemble").members == ((mel,), (mfcc,))
    assert Experiment(features=(mel, mfcc), combine="channels").members == ((mel, mfcc),)


def test_a_picture_stands_in_the_toml_only_where_it_is_drawn() -> None:
    assert "picture" not in Experiment().to_toml()
    drawn = Experiment().with_settings({"picture.colormap": "viridis", "picture.vmin": "-20", "picture.vmax": "80"})
    assert drawn.picture == Picture(colormap="viridis", vmin=-20, vmax=80)
    assert "[picture]" in drawn.to_toml()
    assert Experiment.from_toml(drawn.to_toml()) == drawn
    with pytest.raises(ParameterError, match="did you mean 'viridis'"):
        Experiment.from_toml("[picture]\ncolormap = 'virdis'")


def test_copies_are_written_only_where_some_are_asked_for() -> None:
    assert "copies" not in Experiment().to_dict()
    asked = Experiment(augmentations=(AUGMENTATIONS["random-pad"](),), copies=Copies(number=5, originals=False))
    assert Experiment.from_toml(asked.to_toml()) == asked
    assert not asked.leaky
    leaky = asked.with_settings({"copies.before_split": True})
    assert leaky.leaky
    assert leaky.protocol == f"{asked.protocol}, of copies made before the split (leaky)"
    with pytest.raises(ParameterError, match="did you mean 'number'") as caught:
        Experiment.from_toml("[copies]\nnumbr = 2")
    assert caught.value.field == "copies.numbr"


def test_toml_reads_from_the_data_set_to_the_training() -> None:
    made = Experiment(
        features=(Mel(), Mel(n_mels=64)), combine="ensemble", augmentations=(AUGMENTATIONS["mask"](),), note="why"
    )
    heads = [line.strip("[]") for line in made.to_toml().splitlines() if line.startswith("[")]
    assert heads == [
        *("dataset", "audio", "split", "features", "features", "scaling", "augmentations", "model", "training")
    ]
    assert Experiment.from_toml(made.to_toml()) == made


@pytest.mark.parametrize("by_group", [True, False])
def test_another_protocol_keeps_groups_together_as_the_one_before(by_group: bool) -> None:
    asked = Experiment(split=Holdout(by_group=by_group))
    for kind in PROTOCOLS:
        assert asked.with_settings({"split.kind": kind}).split.by_group == by_group
    assert asked.with_settings({"split.kind": "k-fold", "split.by_group": not by_group}).split.by_group != by_group
    assert Experiment.from_toml('[split]\nkind = "k-fold"\n').split.by_group


def test_published_recipes_keep_the_protocol_they_were_published_with() -> None:
    for name in recipes.names():
        if name in ("orchestra-compact", "planted-mel"):  # ours, of no publication: groups are kept together
            continue
        text = recipes.load_recipe(name).split
        if text.kind in ("holdout", "k-fold"):
            assert not text.by_group
