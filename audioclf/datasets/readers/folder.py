"""A folder per class: the way most people keep labelled sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from audioclf.core.errors import DatasetError
from audioclf.datasets import segmentation
from audioclf.datasets.base import Problem
from audioclf.datasets.ingest import split_lists
from audioclf.datasets.ingest.file_tree import Entry, Tree
from audioclf.datasets.layout import Reader, Reading
from audioclf.datasets.readers import folder_levels
from audioclf.datasets.readers.filename_pattern import question

_PROMOTED = "The folders are called like speakers or places; they are the classes, since nothing else gives any."


@dataclass(frozen=True)
class FolderReader(Reader):
    """A folder per class, with sounds in it or in folders below it.

    Folders named train, test and the like are parts of an official split and never classes by themselves; ``fold1``
    is a fold, ``Actor_01`` a group. Lists such as ``testing_list.txt`` define the split too. A folder such as
    ``_background_noise_`` is kept apart. A leading number is taken off class names when all of them carry one. Names
    as published sets use them give groups and folds, and the class where no folder does.
    """

    kind = "folder"
    title = "A folder per class"
    order: ClassVar[int] = 90
    description = "Every folder is a class, and the sounds in it (or in folders below it) are its clips."

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        return not tree.pointed

    def understand(self, tree: Tree) -> Reading:
        inner = tree.unwrapped()
        found = folder_levels.levels(inner)
        rows, unknown = folder_levels.rows(found)
        sounds = [entry for entry in inner.entries if entry.may_be_sound]
        loose = [entry for entry in unknown if not entry.folders]
        if not any(entry.folders for entry in sounds) and not loose:
            raise DatasetError(
                f"'{tree.name}' holds no folder with sounds, a folder per class was expected;"
                " put the sounds of every class into a folder named after it."
            )
        if not found.tells:
            asked = question(tree.name, [entry.name for entry in found.sounds if entry.promises_sound])
            return Reading(self, tree, problems=tree.problems, questions=(asked,))
        rows, lists = split_lists.apply(tree, rows)
        problems = [_loose(inner, entry) if not entry.folders else _homeless(entry) for entry in unknown]
        problems += [_apart(folder, count) for folder, count in found.apart.items()]
        scheme = found.scheme.name if found.scheme else ""
        names = f"the file names of {scheme}" if scheme else ""
        return Reading(
            self,
            tree,
            tuple(rows),
            (*tree.problems, *problems),
            layout=scheme,
            labels="the file names" if found.by_name else "the folders",
            groups="the folders" if not names and "group" in found.roles else "the file names",
            folds="the folders" if "fold" in found.roles else "the file names",
            splits=lists or ("the folders" if any(row.split for row in rows) else ""),
            remarks=(_PROMOTED,) if found.promoted else (),
        )


def _apart(folder: str, count: int) -> Problem:
    are = "sound is" if count == 1 else "sounds are"
    reason = f"Its {count:,} {are} kept apart: a folder named so holds background noise and is no class."
    return Problem(folder, reason, "Rename the folder if it is one.")


def _homeless(entry: Entry) -> Problem:
    return Problem(entry.name, "It lies in no folder of a class.", "Move it into the folder of its class.")


def _loose(tree: Tree, entry: Entry) -> Problem:
    track = tree.find(f"{entry.stem}.txt")
    if track is not None and segmentation.is_label_track(track.path):
        remedy = "Its label track holds classes: read the set as a long recording (kind=recording) to use it."
        return Problem(entry.name, "It lies beside the class folders, and its label track was not looked at.", remedy)
    return Problem(
        entry.name, "It lies beside the class folders, so it has no class.", "Move it into the folder of its class."
    )
