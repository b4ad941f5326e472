"""Editing a data set: labels, groups, what is left out. An edit makes a new version that knows its parent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from audioclf.core.errors import DatasetError
from audioclf.core.params import unknown
from audioclf.datasets.base import Clip, Dataset

LONGEST_LABEL = 200
"""Most characters in a class name that someone types."""


def edit(
    dataset: Dataset,
    *,
    labels: Sequence[str] | None = None,
    groups: Sequence[str | None] | None = None,
    folds: Sequence[int | None] | None = None,
    keep: Sequence[bool] | None = None,
) -> Dataset:
    """A new version with whole columns replaced, as an edited table gives them.

    Parameters
    ----------
    dataset : Dataset
    labels, groups, folds, keep : sequence, optional
        One value for every clip, in the order of ``dataset.clips``. Empty groups are none.

    Returns
    -------
    Dataset
        With the fingerprint of ``dataset`` as its parent; ``dataset`` itself where nothing is different.

    Raises
    ------
    DatasetError
        When a column has another length, a label is empty or too long, or a fold is below 0.
    """
    for name, column in (("labels", labels), ("groups", groups), ("folds", folds), ("keep", keep)):
        if column is not None and len(column) != len(dataset):
            raise DatasetError(
                f"{dataset.name} has {len(dataset)} clips, and {len(column)} {name} came; give one for every clip."
            )
    clips = []
    for number, clip in enumerate(dataset.clips):
        if keep is not None and not keep[number]:
            continue
        changed = clip
        if labels is not None and labels[number] != clip.label:
            changed = replace(changed, label=checked_label(labels[number]))
        if groups is not None:
            changed = replace(changed, group=(groups[number] or "").strip() or None)
        if folds is not None:
            changed = replace(changed, fold=_checked_fold(folds[number]))
        clips.append(clip if changed == clip else changed)
    if tuple(clips) == dataset.clips:
        return dataset
    return replace(dataset, clips=tuple(clips), parent=dataset.fingerprint)


def relabel(dataset: Dataset, labels: Mapping[int, str]) -> Dataset:
    """A new version with some clips in another class.

    Parameters
    ----------
    labels : mapping of int to str
        New class by the number of the clip.
    """
    _check_numbers(dataset, labels)
    return edit(dataset, labels=[labels.get(number, clip.label) for number, clip in enumerate(dataset.clips)])


def exclude(dataset: Dataset, numbers: Iterable[int]) -> Dataset:
    """A new version without some clips, given by number."""
    left_out = set(numbers)
    _check_numbers(dataset, left_out)
    return edit(dataset, keep=[number not in left_out for number in range(len(dataset))])


def rename_classes(dataset: Dataset, names: Mapping[str, str]) -> Dataset:
    """A new version with other class names; two classes that get one name become one.

    Parameters
    ----------
    names : mapping of str to str
        New name by the old one.
    """
    for name in names:
        _check_class(dataset, name)
    return edit(dataset, labels=[names.get(clip.label, clip.label) for clip in dataset.clips])


def merge_classes(dataset: Dataset, classes: Iterable[str], into: str) -> Dataset:
    """A new version with several classes become one, under an old name or a new one."""
    return rename_classes(dataset, dict.fromkeys(classes, into))


def exclude_classes(dataset: Dataset, classes: Iterable[str]) -> Dataset:
    """A new version without some classes."""
    left_out = set(classes)
    for name in left_out:
        _check_class(dataset, name)
    return edit(dataset, keep=[clip.label not in left_out for clip in dataset.clips])


def set_groups(dataset: Dataset, groups: Mapping[int, str | None]) -> Dataset:
    """A new version with other groups.

    Parameters
    ----------
    groups : mapping of int to str or None
        New group by the number of the clip; None takes it out of its group.
    """
    _check_numbers(dataset, groups)
    return edit(dataset, groups=[groups.get(number, clip.group) for number, clip in enumerate(dataset.clips)])


def group_copies(dataset: Dataset, copies: Iterable[Iterable[int]]) -> Dataset:
    """A new version in which clips that belong together (duplicates) share a group, so that no split parts them.

    Parameters
    ----------
    copies : iterable of iterables of int
        Numbers of clips that belong together. Groups that touch become one.
    """
    names: list[str | None] = [clip.group for clip in dataset.clips]
    for number, members in enumerate(copies, start=1):
        together = set(members)
        _check_numbers(dataset, together)
        touched = {names[member] for member in together} - {None}
        name = min(touched, key=str) if touched else f"copies {number}"
        for place, group in enumerate(names):
            if place in together or (group is not None and group in touched):
                names[place] = name
    return edit(dataset, groups=names)


def checked_label(label: str) -> str:
    """A class name as someone typed it, without blanks around it.

    Raises
    ------
    DatasetError
        When it is empty or longer than :data:`LONGEST_LABEL`.
    """
    text = label.strip() if isinstance(label, str) else ""
    if not text:
        raise DatasetError("A class name is empty; type one, or leave the clip out.")
    if len(text) > LONGEST_LABEL:
        raise DatasetError(
            f"A class name has {len(text)} characters, at most {LONGEST_LABEL} were expected; shorten '{text[:30]}...'."
        )
    return text


def _checked_fold(fold: int | None) -> int | None:
    if fold is not None and (isinstance(fold, bool) or int(fold) != fold or fold < 0):
        raise DatasetError(f"A fold is a whole number from 0 on, got {fold}; correct it, or leave it empty.")
    return None if fold is None else int(fold)


def _check_numbers(dataset: Dataset, numbers: Iterable[int]) -> None:
    for number in numbers:
        if not 0 <= number < len(dataset):
            raise DatasetError(
                f"{dataset.name} has the clips 0 to {len(dataset) - 1}, not {number}; choose one of them."
            )


def _check_class(dataset: Dataset, name: str) -> None:
    if name not in dataset.classes:
        raise DatasetError(unknown(name, dataset.classes, f"class of {dataset.name}"))


def changes(before: Dataset, after: Dataset) -> dict[str, int]:
    """What an edit came to: numbers of clips left out, relabelled, and with another group or fold."""

    def place(clip: Clip) -> tuple[object, ...]:
        return clip.path, clip.start, clip.duration

    now = {place(clip): clip for clip in after.clips}
    counted = {"left out": 0, "relabelled": 0, "regrouped": 0}
    for clip in before.clips:
        other = now.get(place(clip))
        if other is None:
            counted["left out"] += 1
            continue
        counted["relabelled"] += other.label != clip.label
        counted["regrouped"] += (other.group, other.fold) != (clip.group, clip.fold)
    return counted
