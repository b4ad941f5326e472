"""What of the test is already known to the training: groups and copies with clips on both sides of a split."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence

from audioclf.datasets import Clip, Dataset
from audioclf.datasets.splits import OfficialFolds, OfficialSplit, Protocol, Split


def straddling(clips: Sequence[Clip], split: Split, mark: Callable[[Clip], Hashable | None]) -> int:
    """How many groups (or copies, whatever ``mark`` names) have clips in the test part and outside it."""
    return _shared(clips, mark, split.test, (*split.train, *split.validation))


def group_remark(protocol: Protocol, dataset: Dataset) -> str:
    """Warning that belongs beside every figure reached with a protocol; empty where groups stay on one side.

    Raises
    ------
    DatasetError
        As :meth:`Protocol.splits`.
    """

    def group(clip: Clip) -> str | None:
        return clip.group

    known = len({clip.group for clip in dataset.clips} - {None})
    kept = protocol.by_group and not isinstance(protocol, OfficialFolds | OfficialSplit)
    if not known or kept or protocol.leaky:
        return ""
    splits = protocol.splits(dataset)
    tested = max(straddling(dataset.clips, split, group) for split in splits)
    if tested:
        return (
            f"Groups on both sides: {tested:,} of {known:,} {'group' if known == 1 else 'groups'} (speakers, source"
            " recordings) have clips in both training and test, so the accuracy for new ones may be lower."
        )
    chosen = max(_shared(dataset.clips, group, split.validation, split.train) for split in splits)
    if chosen:
        return (
            f"Groups in both training and validation: {chosen:,} of {known:,}, so the validation accuracy is that of"
            " known speakers or source recordings."
        )
    return ""


def _shared(
    clips: Sequence[Clip], mark: Callable[[Clip], Hashable | None], one: Sequence[int], other: Sequence[int]
) -> int:
    return len(({mark(clips[number]) for number in one} & {mark(clips[number]) for number in other}) - {None})
