"""Edits make new versions; the old one stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset, curation, load_dataset


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    return load_dataset(class_folders)


def labels(dataset: Dataset) -> list[str]:
    return [clip.label for clip in dataset.clips]


def test_an_edit_is_a_new_version_that_knows_its_parent(dataset: Dataset) -> None:
    before = dataset.fingerprint
    edited = curation.edit(dataset, labels=["low", " middle ", *labels(dataset)[2:]])
    assert edited.counts == {"low": 7, "middle": 1, "high": 4}
    assert edited.parent == before
    assert edited.fingerprint != before
    assert (dataset.fingerprint, dataset.counts) == (before, {"high": 6, "low": 6})
    assert curation.changes(dataset, edited) == {"left out": 0, "relabelled": 2, "regrouped": 0}
    assert curation.exclude(edited, [0]).parent == edited.fingerprint


def test_an_edit_that_changes_nothing_is_no_version(dataset: Dataset) -> None:
    assert curation.edit(dataset, labels=labels(dataset)) is dataset
    assert curation.exclude(dataset, []) is dataset
    assert curation.edit(dataset, groups=["", None, " "] * 4) is dataset


def test_clips_are_left_out_by_number(dataset: Dataset) -> None:
    assert curation.exclude(dataset, [0, 11, 0]).counts == {"high": 5, "low": 5}


def test_copies_share_a_group_and_groups_that_touch_become_one(dataset: Dataset) -> None:
    named = curation.edit(dataset, groups=[None, None, "b", "b", "a", *[None] * 7])
    grouped = curation.group_copies(named, [[0, 1], [3, 4], [7, 2]])
    groups = [clip.group for clip in grouped.clips]
    assert groups[0] == groups[1] == "copies 1"
    assert groups[2] == groups[3] == groups[4] == groups[7] == "a"
    assert groups[5] is None


def test_a_stretch_becomes_a_clip_that_no_split_parts_from_its_whole(dataset: Dataset) -> None:
    once = curation.add(dataset, replace(dataset.clips[0], start=0.1, duration=0.1, label="click"), beside=0)
    twice = curation.add(once, replace(dataset.clips[7], start=0.1, duration=0.1, label="click"), beside=7)
    assert twice.counts["click"] == 2
    assert twice.clips[12].group == twice.clips[0].group != twice.clips[13].group == twice.clips[7].group
    assert twice.parent == once.fingerprint
    assert curation.changes(dataset, once) == {"left out": 0, "relabelled": 0, "regrouped": 1, "added": 1}
    with pytest.raises(DatasetError, match="already, as 'click'"):
        curation.add(once, replace(once.clips[12], label="other"), beside=0)


def test_whole_columns_as_a_table_gives_them(dataset: Dataset) -> None:
    edited = curation.edit(
        dataset,
        labels=["a"] * 6 + ["b"] * 6,
        groups=["x", ""] * 6,
        keep=[True] * 11 + [False],
    )
    assert edited.counts == {"a": 6, "b": 5}
    assert [clip.group for clip in edited.clips[:2]] == ["x", None]
    assert curation.changes(dataset, edited) == {"left out": 1, "relabelled": 11, "regrouped": 6}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda dataset: curation.edit(dataset, labels=["  "] * 12),
        lambda dataset: curation.edit(dataset, labels=["x" * 201] * 12),
        lambda dataset: curation.edit(dataset, labels=[None] * 12),
        lambda dataset: curation.edit(dataset, labels=["a"]),
        lambda dataset: curation.exclude(dataset, [99]),
        lambda dataset: curation.exclude(dataset, [-1]),
        lambda dataset: curation.group_copies(dataset, [[0, 12]]),
    ],
)
def test_impossible_edits_are_refused(dataset: Dataset, wrong: Callable[[Dataset], Dataset]) -> None:
    with pytest.raises(DatasetError):
        wrong(dataset)
