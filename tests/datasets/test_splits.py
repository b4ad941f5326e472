"""Splits: seeded, stratified, and no group on both sides."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import AudioclfError, DatasetError, ParameterError
from audioclf.datasets import Clip, Dataset, load_dataset
from audioclf.datasets.leakage import group_remark
from audioclf.datasets.splits import (
    PROTOCOLS,
    Holdout,
    KFold,
    LeaveOneGroupOut,
    OfficialFolds,
    OfficialSplit,
    Protocol,
    Resubstitution,
    Split,
)


def make(counts: list[int], groups: int = 5, folds: int | None = 5) -> Dataset:
    clips = [
        Clip(
            Path(f"{label}-{number}.wav"),
            f"class {label}",
            AudioInfo(8000, 1, 8000, "WAV", "PCM_16", f"{label}-{number}"),
            group=f"group {number % groups}" if groups else None,
            fold=number % folds + 1 if folds else None,
        )
        for label, count in enumerate(counts)
        for number in range(count)
    ]
    return Dataset("made", tuple(clips))


def groups_of(dataset: Dataset, part: tuple[int, ...]) -> set[str | None]:
    return {dataset.clips[clip].group for clip in part}


def check(dataset: Dataset, split: Split, *, grouped: bool) -> None:
    parts = [set(split.train), set(split.validation), set(split.test)]
    assert not parts[0] & parts[1]
    assert not parts[0] & parts[2]
    assert not parts[1] & parts[2]
    assert {dataset.labels[clip] for clip in split.train} == set(range(len(dataset.classes)))
    if grouped:
        assert not groups_of(dataset, split.train) & groups_of(dataset, split.test)
        assert not groups_of(dataset, split.train) & groups_of(dataset, split.validation)


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(2, 30), min_size=2, max_size=6),
    st.floats(0.05, 0.6),
    st.floats(0, 0.5),
    st.integers(0, 5),
)
def test_holdout_divides_every_class(counts: list[int], test_size: float, validation_size: float, seed: int) -> None:
    dataset = make(counts)
    protocol = Holdout(test_size=test_size, validation_size=validation_size, random_state=seed, by_group=False)
    (split,) = protocol.splits(dataset)
    check(dataset, split, grouped=False)
    assert len(split.train) + len(split.validation) + len(split.test) == len(dataset)
    for number, count in enumerate(counts):
        tested = sum(dataset.labels[clip] == number for clip in split.test)
        assert tested == min(max(round(test_size * count), 1), count - 1)


def test_the_seed_decides() -> None:
    dataset = make([20, 20])
    assert Holdout(random_state=1).deal(dataset) == Holdout(random_state=1).deal(dataset)
    assert Holdout(random_state=1).splits(dataset) != Holdout(random_state=2).splits(dataset)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.3, 0.4, 0.45, 0.6, 0.75, 0.9])
def test_of_equal_groups_the_share_is_what_was_asked_for(share: float) -> None:
    dataset = make([60] * 4, groups=60)
    (split,) = Holdout(test_size=share, by_group=True, validation_size=0.0).splits(dataset)
    check(dataset, split, grouped=True)
    assert len(split.test) / len(dataset) == pytest.approx(share, abs=0.01)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 9), min_size=2, max_size=4), st.integers(2, 12), st.floats(0.01, 0.9), st.integers(0, 9))
def test_few_clips_in_groups_are_split_or_refused_in_words(
    counts: list[int], groups: int, share: float, seed: int
) -> None:
    dataset = make(counts, groups=groups)
    protocol = Holdout(test_size=share, validation_size=min(share, 0.5), by_group=True, random_state=seed)
    try:
        (split,) = protocol.splits(dataset)
    except AudioclfError as error:
        assert str(error).endswith(".")
    else:
        check(dataset, split, grouped=True)


@pytest.mark.parametrize("seed", range(20))
@pytest.mark.parametrize("n_classes", [3, 5, 10])
def test_validation_never_takes_the_last_training_clips_of_a_class(n_classes: int, seed: int) -> None:
    made = make([10] * n_classes, groups=2)
    clips = tuple(dataclasses.replace(clip, group=f"{clip.label}, {clip.group}") for clip in made.clips)
    dataset = dataclasses.replace(made, clips=clips)  # two groups of every class, so one for each side
    for protocol in (Holdout(by_group=True, random_state=seed), KFold(n_splits=2, by_group=True, random_state=seed)):
        try:
            splits = protocol.splits(dataset)
        except DatasetError as error:
            assert "has no training clip" in str(error)
            continue
        for split in splits:
            check(dataset, split, grouped=True)


def test_the_same_clips_are_dealt_once() -> None:
    dealt = KFold(n_splits=3).splits(make([6, 6]))
    assert KFold(n_splits=3).splits(make([6, 6])) is dealt
    assert KFold(n_splits=3, random_state=1).splits(make([6, 6])) != dealt
    assert KFold(n_splits=3).splits(make([6, 7])) != dealt


@settings(max_examples=30, deadline=None)
@given(st.integers(3, 10), st.floats(0.1, 0.7), st.integers(0, 5))
def test_holdout_keeps_groups_together(groups: int, test_size: float, seed: int) -> None:
    dataset = make([30, 30, 30], groups=groups)
    (split,) = Holdout(test_size=test_size, by_group=True, random_state=seed, validation_size=0.3).splits(dataset)
    check(dataset, split, grouped=True)
    assert split.test


@pytest.mark.parametrize("by_group", [False, True])
def test_k_fold_tests_every_clip_once(by_group: bool) -> None:
    dataset = make([20, 20, 20], groups=10)
    splits = KFold(n_splits=5, by_group=by_group).splits(dataset)
    assert sorted(clip for split in splits for clip in split.test) == list(range(60))
    for split in splits:
        check(dataset, split, grouped=by_group)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(2, 30), min_size=2, max_size=5), st.integers(2, 9), st.integers(0, 9), st.floats(0, 0.6))
def test_by_default_no_group_is_on_both_sides_of_any_protocol(
    counts: list[int], groups: int, seed: int, validation_size: float
) -> None:
    dataset = make(counts, groups=groups, folds=None)
    folded = replace(dataset, clips=tuple(replace(c, fold=int(str(c.group)[6:]) % 3) for c in dataset.clips))
    parted = replace(folded, clips=tuple(replace(c, split="test" if c.fold == 0 else "train") for c in folded.clips))
    for protocol in PROTOCOLS.values():
        if protocol.leaky:
            continue
        made = protocol(random_state=seed, validation_size=validation_size)
        try:
            splits = made.splits(parted)
        except AudioclfError:
            continue
        for split in splits:
            check(parted, split, grouped=True)
        assert group_remark(made, parted) == ""


@pytest.mark.parametrize("protocol", [Holdout(), KFold(n_splits=3)])
def test_without_known_groups_keeping_them_together_changes_nothing(protocol: Protocol) -> None:
    dataset = make([12, 20], groups=0)
    assert protocol.splits(dataset) == protocol.replace(by_group=False).splits(dataset)
    assert "group" not in protocol.sentence(dataset)
    assert group_remark(protocol.replace(by_group=False), dataset) == ""


def test_groups_on_both_sides_are_remarked_on_and_named_in_the_protocol() -> None:
    dataset = make([20, 20], groups=4)
    kept, apart = KFold(), KFold(by_group=False)
    assert "4 of 4 groups" in group_remark(apart, dataset)
    assert "groups not kept together" in apart.sentence(dataset)
    assert "groups kept together" in kept.sentence(dataset)
    assert "known groups kept together" in kept.sentence()
    chosen_on_known = LeaveOneGroupOut(by_group=False)
    assert "training and validation" in group_remark(chosen_on_known, dataset)
    assert group_remark(Resubstitution(), dataset) == ""


def test_official_folds_are_held_out_one_at_a_time() -> None:
    dataset = make([20, 20])
    splits = OfficialFolds().splits(dataset)
    assert [split.name for split in splits] == [f"fold-{fold}" for fold in range(1, 6)]
    for number, split in enumerate(splits, start=1):
        assert {dataset.clips[clip].fold for clip in split.test} == {number}
        assert number not in {dataset.clips[clip].fold for clip in (*split.train, *split.validation)}
        check(dataset, split, grouped=True)
    (only,) = OfficialFolds(test_folds=(5,)).splits(dataset)
    assert only == splits[4]


def test_leave_one_group_out() -> None:
    dataset = make([20, 20], groups=4)
    splits = LeaveOneGroupOut().splits(dataset)
    assert [split.name for split in splits] == ["group 0", "group 1", "group 2", "group 3"]
    for split in splits:
        assert groups_of(dataset, split.test) == {split.name}
        check(dataset, split, grouped=True)


def test_no_test_set_says_that_it_leaks() -> None:
    (split,) = Resubstitution().splits(make([5, 5]))
    assert split.train == split.test == tuple(range(10))
    assert Resubstitution.leaky
    assert "own training clips" in Resubstitution().sentence()


@pytest.mark.parametrize(
    ("protocol", "dataset", "error", "part"),
    [
        (KFold(n_splits=5), make([4, 20]), ParameterError, "'class 0' of made has 4 clips"),
        (KFold(n_splits=5, by_group=True), make([20, 20], groups=3), ParameterError, "only 3 groups"),
        (LeaveOneGroupOut(), make([20, 20], groups=0), DatasetError, "no groups"),
        (LeaveOneGroupOut(), make([20, 20], groups=1), DatasetError, "single group"),
        (LeaveOneGroupOut(test_groups=("theo",)), make([20, 20]), ParameterError, "no group 'theo'"),
        (OfficialFolds(), make([20, 20], folds=None), DatasetError, "no official folds"),
        (OfficialFolds(test_folds=(9,)), make([20, 20]), ParameterError, "folds 1, 2, 3, 4, 5, not 9"),
        (Holdout(), make([20]), DatasetError, "needs at least two"),
        (Holdout(), make([20, 1]), DatasetError, "single clip"),
        (Holdout(), Dataset("empty", ()), DatasetError, "no usable clip"),
        (Holdout(by_group=True), make([4, 4], groups=1), DatasetError, "single group"),
    ],
)
def test_what_cannot_be_split_is_a_sentence(protocol, dataset, error, part) -> None:
    with pytest.raises(error, match=part):
        protocol.splits(dataset)


def in_parts(dataset: Dataset, *parts: str) -> Dataset:
    """The data set with its clips in these parts in turn."""
    clips = tuple(replace(clip, split=parts[number % len(parts)]) for number, clip in enumerate(dataset.clips))
    return replace(dataset, clips=clips)


def test_the_official_split_is_the_publishers() -> None:
    dataset = in_parts(make([30, 30]), "train", "test", "validation")
    (split,) = OfficialSplit().splits(dataset)
    check(dataset, split, grouped=False)
    for part in ("train", "validation", "test"):
        assert {dataset.clips[clip].split for clip in getattr(split, part)} == {part}
    assert sum(map(len, (split.train, split.validation, split.test))) == 60
    assert OfficialSplit().sentence() == "official split"


def test_without_an_official_validation_part_one_is_taken_from_training() -> None:
    dataset = in_parts(make([30, 30], groups=0), "train", "train", "test", "")
    (split,) = OfficialSplit(validation_size=0.2).splits(dataset)
    check(dataset, split, grouped=False)
    assert {dataset.clips[clip].split for clip in (*split.train, *split.validation)} == {"train"}
    assert len(split.validation) == round(0.2 * 15) * 2
    assert len(split.test) == sum(clip.split == "test" for clip in dataset.clips)


@pytest.mark.parametrize("parts", [("train",), ("",), ("test", "validation"), ("train", "validation")])
def test_half_an_official_split_is_none(parts: tuple[str, ...]) -> None:
    with pytest.raises(DatasetError, match="no official split"):
        OfficialSplit().splits(in_parts(make([9, 9]), *parts))


@pytest.mark.parametrize("kind", PROTOCOLS)
@settings(max_examples=15, deadline=None)
@given(counts=st.lists(st.integers(1, 8), min_size=1, max_size=4), groups=st.integers(0, 4), folds=st.integers(0, 3))
def test_every_protocol_splits_or_says_why(kind: str, counts: list[int], groups: int, folds: int) -> None:
    dataset = make(counts, groups=groups, folds=folds or None)
    try:
        splits = PROTOCOLS[kind]().splits(dataset)
    except AudioclfError as error:
        assert str(error).endswith(".")
        return
    for split in splits:
        assert split.train
        assert split.test


def test_no_speaker_of_real_digits_is_on_both_sides(fsdd: Path) -> None:
    dataset = load_dataset(fsdd / "recordings")
    assert len({clip.group for clip in dataset.clips}) == 6
    for protocol in (Holdout(), KFold(n_splits=3), LeaveOneGroupOut()):
        for split in protocol.splits(dataset):
            check(dataset, split, grouped=True)
            assert split.validation
    assert "6 of 6 groups" in group_remark(KFold(n_splits=3, by_group=False), dataset)
