"""A folder per class: the way most people keep labelled sounds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from audioclf.core.errors import DatasetError
from audioclf.datasets import naming, segmentation
from audioclf.datasets.base import Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree, clips
from audioclf.datasets.source import Reader


@dataclass(frozen=True)
class FolderReader(Reader):
    """A folder per class, with sounds in it or in folders below it.

    A leading number is taken off class names when all of them carry one. Names as ESC, FSDD, AudioMNIST and Speech
    Commands give them set ``group`` and ``fold``. Class folders inside ``train``, ``test`` and ``validation`` get
    these as folds.
    """

    kind = "folder"
    title = "A folder per class"
    order: ClassVar[int] = 90
    description = "Every folder is a class, and the sounds in it (or in folders below it) are its clips."

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        return not tree.pointed

    def read(self, tree: Tree, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        inner = tree.unwrapped()
        sounds = [entry for entry in inner.entries if entry.may_be_sound]
        loose = [entry for entry in sounds if not entry.folders and entry.promises_sound]
        depth = 1 if _split_folders(sounds) else 0
        inside = [entry for entry in sounds if len(entry.folders) > depth]
        if not inside and not loose:
            raise DatasetError(
                f"'{tree.name}' holds no folder with sounds, a folder per class was expected;"
                " put the sounds of every class into a folder named after it."
            )
        found, problems = clips(rows(inside, depth), progress=progress, should_stop=should_stop)
        problems += [_loose(inner, entry) for entry in loose]
        return Dataset(tree.name, tuple(found), (*tree.problems, *problems), source=str(tree.path))


def rows(entries: Sequence[Entry], depth: int = 0) -> list[Row]:
    """Rows labelled by the folder at a depth, with what the names tell."""
    folders = list(dict.fromkeys(entry.folders[depth] for entry in entries))
    labels = dict(zip(folders, naming.without_numbers(folders), strict=True))
    made = [Row(entry, labels[entry.folders[depth]]) for entry in entries]
    scheme = naming.recognise([entry.stem for entry in entries if entry.promises_sound])
    if scheme is not None:
        told = [naming.read(scheme, row.entry.stem) for row in made]
        made = [replace(row, group=named.group, fold=named.fold) for row, named in zip(made, told, strict=True)]
    if depth:
        made = [replace(row, fold=naming.fold(row.entry.folders[0])) for row in made]
    return made


def _split_folders(sounds: Sequence[Entry]) -> bool:
    """Whether the outermost folders are train, test and the like, with class folders in them."""
    tops = {entry.folders[0].casefold() for entry in sounds if entry.folders}
    return len(tops) > 1 and tops <= set(naming.FOLDS) and all(len(e.folders) > 1 for e in sounds if e.folders)


def _loose(tree: Tree, entry: Entry) -> Problem:
    track = tree.find(f"{entry.stem}.txt")
    if track is not None and segmentation.is_label_track(track.path):
        remedy = "Its label track tells classes: read the set as a long recording (kind=recording) to use it."
        return Problem(entry.name, "It lies beside the class folders, and its label track was not looked at.", remedy)
    return Problem(
        entry.name, "It lies beside the class folders, so it has no class.", "Move it into the folder of its class."
    )
