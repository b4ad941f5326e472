"""What is suggested for sounds nobody has described."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from audioclf import recipes
from audioclf.audio.io import AudioInfo
from audioclf.datasets import Clip, Dataset, load_dataset
from audioclf.datasets.splits import Holdout, OfficialFolds, OfficialSplit
from audioclf.experiments.preflight import examine
from audioclf.similarity.choice import MOST_CLIPS
from audioclf.ui.forms import embedding_choice
from audioclf.ui.forms.experiment_draft import from_scratch, start_from, suggestion
from audioclf.ui.shell.state import State


def dataset(n: int = 20, seconds: float = 1.0, folds: int = 0, first: int = 1, groups: int = 0) -> Dataset:
    """Two classes of ``n`` clips each."""
    info = AudioInfo(22050, 1, round(22050 * seconds), "WAV", "PCM_16", "")
    return Dataset(
        "made",
        tuple(
            Clip(
                Path(f"{label}/{i}.wav"),
                label,
                info,
                group=f"g{i % groups}" if groups else None,
                fold=first + i % folds if folds else None,
            )
            for label in ("a", "b")
            for i in range(n)
        ),
    )


@pytest.fixture(autouse=True)
def without_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_choice, "missing", lambda: ("yamnet",))


def test_an_embedding_is_suggested_up_to_some_thousand_clips(monkeypatch: pytest.MonkeyPatch) -> None:
    assert suggestion("somewhere", {}, dataset()).model.kind == "compact-cnn"
    monkeypatch.setattr(embedding_choice, "missing", lambda: ())
    made = suggestion("somewhere", {}, dataset(groups=10))
    assert (made.model.kind, made.features[0].kind) == ("logreg", "yamnet")
    assert made.split == Holdout(validation_size=0.0)
    assert made.audio.sr == 16000
    assert suggestion("somewhere", {}, dataset(n=MOST_CLIPS)).model.kind == "compact-cnn"
    assert from_scratch("somewhere", {}, dataset()).model.kind == "compact-cnn"


@pytest.mark.parametrize(("folds", "first", "held_out"), [(5, 1, 5), (2, 0, 0), (3, 0, 0)])
def test_official_folds_are_used_where_there_are_some(folds: int, first: int, held_out: int) -> None:
    made = suggestion("somewhere", {}, dataset(folds=folds, first=first, groups=4))
    assert made.split == OfficialFolds(test_folds=(held_out,))


def test_an_official_split_comes_before_folds_and_groups() -> None:
    data = dataset(folds=2, first=0, groups=4)
    parts = tuple(replace(clip, split="test" if clip.fold == 0 else "train") for clip in data.clips)
    assert suggestion("somewhere", {}, replace(data, clips=parts)).split == OfficialSplit()
    alone = tuple(replace(clip, split="train") for clip in data.clips)
    assert suggestion("somewhere", {}, replace(data, clips=alone)).split == OfficialFolds(test_folds=(0,))


def test_groups_are_kept_together_where_that_leaves_something_to_learn() -> None:
    assert suggestion("somewhere", {}, dataset(groups=10)).split == Holdout()
    assert suggestion("somewhere", {}, dataset(groups=1)).split == Holdout(by_group=False)


def test_clips_far_too_long_are_cut() -> None:
    assert suggestion("somewhere", {}, dataset(seconds=5)).audio.duration is None
    assert suggestion("somewhere", {}, dataset(seconds=2000)).audio.duration == 30


@pytest.mark.parametrize("n", [2, 5, 40])
def test_a_batch_is_never_more_than_there_is(n: int) -> None:
    data = dataset(n)
    made = suggestion("somewhere", {}, data)
    assert examine(made, data).n_models == 1


def test_one_clip_of_a_class_is_told_later_and_beside_the_split() -> None:
    assert suggestion("somewhere", {}, dataset(1)).split == Holdout()


def test_the_instruments_have_a_recipe_of_their_own() -> None:
    best = recipes.load_recipe("instruments-best")
    data = load_dataset("instruments", programs=[0, 40], notes=[60, 61, 62, 63, 64])
    made = suggestion("instruments", {"programs": [0, 40]}, data)
    assert made.model == best.model
    assert (best.split.by_group, made.split.by_group) == (False, True)
    assert made.dataset.options == {"programs": [0, 40]}


def test_a_recipe_keeps_its_protocol_on_the_data_it_was_published_for_only() -> None:
    notes = load_dataset("instruments", programs=[0, 40], notes=[60, 61, 62, 63, 64])
    assert not start_from(State(data="instruments"), "instruments-cqt-tree", notes).split.by_group
    assert start_from(State(data="somewhere"), "instruments-cqt-tree", dataset(groups=10)).split.by_group
    assert not start_from(State(data="somewhere"), "instruments-cqt-tree", dataset(groups=1)).split.by_group
    leaky = start_from(State(data="somewhere"), "digits-ensemble-leaky", dataset(groups=10))
    assert leaky.copies.before_split
    assert not leaky.split.by_group
