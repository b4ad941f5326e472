"""Edits make new versions; the old one stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset, curation, load_dataset


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    return load_dataset(class_folders)


def test_an_edit_is_a_new_version_that_knows_its_parent(dataset: Dataset) -> None:
    before = dataset.fingerprint
    edited = curation.relabel(dataset, {0: "low", 1: " middle "})
    assert edited.counts == {"low": 7, "middle": 1, "high": 4}
    assert edited.parent == before
    assert edited.fingerprint != before
    assert (dataset.fingerprint, dataset.counts) == (before, {"high": 6, "low": 6})
    assert curation.changes(dataset, edited) == {"left out": 0, "relabelled": 2, "regrouped": 0}
    assert curation.exclude(edited, [0]).parent == edited.fingerprint


def test_an_edit_that_changes_nothing_is_no_version(dataset: Dataset) -> None:
    assert curation.relabel(dataset, {0: "high"}) is dataset
    assert curation.exclude(dataset, []) is dataset
    assert curation.edit(dataset, groups=["", None, " "] * 4) is dataset


def test_exclude_rename_merge_and_group(dataset: Dataset) -> None:
    assert curation.exclude(dataset, [0, 11, 0]).counts == {"high": 5, "low": 5}
    assert curation.rename_classes(dataset, {"low": "deep"}).counts == {"high": 6, "deep": 6}
    assert curation.rename_classes(dataset, {"low": "high", "high": "low"}).classes == ("low", "high")
    assert curation.merge_classes(dataset, ["low", "high"], "tone").counts == {"tone": 12}
    assert curation.exclude_classes(dataset, ["low"]).classes == ("high",)
    grouped = curation.set_groups(dataset, {0: "ann", 1: "ann"})
    assert [clip.group for clip in grouped.clips[:3]] == ["ann", "ann", None]
    assert curation.set_groups(grouped, {0: None}).clips[0].group is None


def test_copies_share_a_group_and_groups_that_touch_become_one(dataset: Dataset) -> None:
    named = curation.set_groups(dataset, {2: "b", 3: "b", 4: "a"})
    grouped = curation.group_copies(named, [[0, 1], [3, 4], [7, 2]])
    groups = [clip.group for clip in grouped.clips]
    assert groups[0] == groups[1] == "copies 1"
    assert groups[2] == groups[3] == groups[4] == groups[7] == "a"
    assert groups[5] is None


def test_whole_columns_as_a_table_gives_them(dataset: Dataset) -> None:
    edited = curation.edit(
        dataset,
        labels=["a"] * 6 + ["b"] * 6,
        groups=["x", ""] * 6,
        folds=[0, 1] * 6,
        keep=[True] * 11 + [False],
    )
    assert edited.counts == {"a": 6, "b": 5}
    assert [(clip.group, clip.fold) for clip in edited.clips[:2]] == [("x", 0), (None, 1)]
    assert curation.changes(dataset, edited) == {"left out": 1, "relabelled": 11, "regrouped": 11}


@pytest.mark.parametrize(
    "wrong",
    [
        lambda dataset: curation.relabel(dataset, {12: "x"}),
        lambda dataset: curation.relabel(dataset, {-1: "x"}),
        lambda dataset: curation.relabel(dataset, {0: "  "}),
        lambda dataset: curation.relabel(dataset, {0: "x" * 201}),
        lambda dataset: curation.relabel(dataset, {0: None}),
        lambda dataset: curation.exclude(dataset, [99]),
        lambda dataset: curation.rename_classes(dataset, {"lo": "x"}),
        lambda dataset: curation.merge_classes(dataset, ["low", "medium"], "x"),
        lambda dataset: curation.exclude_classes(dataset, ["lo"]),
        lambda dataset: curation.set_groups(dataset, {12: "x"}),
        lambda dataset: curation.edit(dataset, labels=["a"]),
        lambda dataset: curation.edit(dataset, folds=[-1] * 12),
        lambda dataset: curation.edit(dataset, folds=[0.5] * 12),
    ],
)
def test_impossible_edits_are_refused(dataset: Dataset, wrong: Callable[[Dataset], Dataset]) -> None:
    with pytest.raises(DatasetError):
        wrong(dataset)


def test_a_wrong_class_name_gets_the_nearest(dataset: Dataset) -> None:
    with pytest.raises(DatasetError, match="did you mean 'high'"):
        curation.rename_classes(dataset, {"hihg": "x"})
