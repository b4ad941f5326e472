"""Editing a data set: labels, groups, what is left out. An edit makes a new version that knows its parent."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from audioclf.core.errors import DatasetError
from audioclf.datasets.base import Clip, Dataset

LONGEST_LABEL = 200
"""Most characters in a class name that someone types."""


def edit(
    dataset: Dataset,
    *,
    labels: Sequence[str] | None = None,
    groups: Sequence[str | None] | None = None,
    keep: Sequence[bool] | None = None,
) -> Dataset:
    """A new version with whole columns replaced, as an edited table gives them.

    A column has one value for every clip; empty groups are none. The version has the fingerprint of ``dataset`` as its
    parent, and is ``dataset`` itself where nothing is different.

    Raises
    ------
    DatasetError
        When a column has another length, or a label is empty or too long.
    """
    for name, column in (("labels", labels), ("groups", groups), ("keep", keep)):
        if column is not None and len(column) != len(dataset):
            raise DatasetError(
                f"{dataset.name} has {len(dataset)} clips, got {len(column)} {name}; give one for every clip."
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
        clips.append(clip if changed == clip else changed)
    if tuple(clips) == dataset.clips:
        return dataset
    return replace(dataset, clips=tuple(clips), parent=dataset.fingerprint)


def exclude(dataset: Dataset, numbers: Iterable[int]) -> Dataset:
    """A new version without some clips, given by number."""
    left_out = set(numbers)
    _check_numbers(dataset, left_out)
    return edit(dataset, keep=[number not in left_out for number in range(len(dataset))])


def add(dataset: Dataset, clip: Clip, *, beside: int) -> Dataset:
    """A new version with one more clip at its end, such as a stretch of one that is in it.

    It shares a group with the clip number ``beside``, which it is a part of, so that no split parts them.

    Raises
    ------
    DatasetError
        When the same stretch of the file is in the data set already.
    """
    _check_numbers(dataset, [beside])
    for other in dataset.clips:
        if (other.path, other.start, other.duration) == (clip.path, clip.start, clip.duration):
            raise DatasetError(f"{clip.name} is in {dataset.name} already, as '{other.label}'; select another stretch.")
    clips = list(dataset.clips)
    group = clips[beside].group or f"stretches of {clips[beside].name}"
    clips[beside] = replace(clips[beside], group=group)
    return replace(dataset, clips=(*clips, replace(clip, group=group)), parent=dataset.fingerprint)


def group_copies(dataset: Dataset, copies: Iterable[Iterable[int]]) -> Dataset:
    """A new version in which clips that belong together (duplicates) share a group, so that no split parts them.

    Groups that touch become one.
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


def _check_numbers(dataset: Dataset, numbers: Iterable[int]) -> None:
    for number in numbers:
        if not 0 <= number < len(dataset):
            raise DatasetError(
                f"{dataset.name} has the clips 0 to {len(dataset) - 1}, not {number}; choose one of them."
            )


def changes(before: Dataset, after: Dataset) -> dict[str, int]:
    """What an edit came to: numbers of clips left out, relabelled, with another group or fold, and added if any are."""

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
    added = len(now.keys() - {place(clip) for clip in before.clips})
    return counted | ({"added": added} if added else {})
