"""Sounds by the names that tables and lists give them, which often were other folders on another machine."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence

from audioclf.datasets import naming
from audioclf.datasets.tree import SOUNDS, Entry, Tree, folder_tree
from audioclf.errors import DatasetError

_PLACES = ("", "audio", "wav", "wavs", "clips", "sounds", "recordings", "data", "../audio", "..")

OUTSIDE = "The row names a file outside the folder of the table."
MISSING = "No such file is beside the table."


class SoundNames:
    """The files of a tree by the ends of their names, in any spelling.

    Parameters
    ----------
    entries : iterable of Entry
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._by_last: dict[str, list[Entry]] = defaultdict(list)
        self._by_stem: dict[str, list[Entry]] = defaultdict(list)
        for entry in entries:
            if entry.may_be_sound:
                last = folded(entry.name.rsplit("/", 1)[-1])
                self._by_last[last].append(entry)
                self._by_stem[last.rpartition(".")[0] or last].append(entry)

    def ending(self, parts: Sequence[str]) -> tuple[list[Entry], int]:
        """The files that share most trailing parts with a name, and how many these are.

        Parameters
        ----------
        parts : sequence of str
            Of the name, in folded spelling. Where no file has its last one, the suffix may be another.
        """
        found = self._by_last.get(parts[-1], [])
        if not found:
            stem, dot, suffix = parts[-1].rpartition(".")
            found = self._by_stem.get(stem if dot and f".{suffix}" in SOUNDS else parts[-1], [])
        if not found:
            return [], 0
        shared = [1 + _shared(parts[:-1], folded(entry.name).split("/")[:-1]) for entry in found]
        most = max(shared)
        return [entry for entry, count in zip(found, shared, strict=True) if count == most], most


class Finder:
    """From the names in one table (or list) to files of the tree around it.

    A name is taken as it is written first: from the table's folder, or from the folder most of the names are found
    in. Then by its longest trailing part, in any case and either Unicode form, where this part fits one file only and
    no other name of the table ends so. Absolute names are those of another machine: only their ends count, and only
    in a table whose names are absolute for the most part. Nothing outside the tree is looked at.

    Parameters
    ----------
    tree : Tree
    table : Entry
    names : sequence of str
        All names in the table.
    folder : str
        Folder with the sounds, seen from the table, where it is known.
    """

    def __init__(self, tree: Tree, table: Entry, names: Sequence[str], folder: str = "") -> None:
        self._tree = tree
        self._here = "/".join(table.folders)
        self._names = names
        sample = [name for name in names[:: max(1, len(names) // 50)][:50] if name]
        places = (folder,) if folder else (*_PLACES, table.stem)
        self.heads = [head for place in places if (head := joined(self._here, place)) is not None]
        near = [name for name in sample if not is_absolute(name)]
        self._foreign = len(near) < len(sample) / 2
        self._best = ""
        if self.heads:
            self._best = max(
                self.heads, key=lambda head: sum(_look(tree, head, name) is not None for name in near if _plain(name))
            )
        self._ends: dict[int, Counter[str]] = {}

    def find(self, name: str, told: Callable[[Entry], bool] | None = None) -> Entry | str:
        """The file of a name, or why there is none.

        Parameters
        ----------
        name : str
        told : callable, optional
            Which of several files the rest of the row points at.
        """
        if "\0" in name:
            return MISSING
        absolute = is_absolute(name)
        if absolute and not self._foreign:
            return OUTSIDE
        if not absolute:
            if _plain(name):
                found = _look(self._tree, self._best, name)
            else:  # with steps upwards, which may lead around inside the tree
                full = joined(self._here, name)
                if full is None:
                    return OUTSIDE
                found = _look(self._tree, "", full)
            if found is not None:
                return found
        return self._by_ending(name, told)

    def _by_ending(self, name: str, told: Callable[[Entry], bool] | None) -> Entry | str:
        parts = _parts(name)
        if not parts:
            return MISSING
        candidates, shared = self._known.ending(parts)
        if not candidates or (shared < len(parts) and self._count(shared)[_end(parts, shared)] > 1):
            return MISSING
        if len(candidates) > 1:
            last = _last(name)
            candidates = [entry for entry in candidates if _last(entry.name) == last] or candidates
        if len(candidates) > 1 and told is not None:
            candidates = [entry for entry in candidates if told(entry)] or candidates
        if len(candidates) > 1:
            named = ", ".join(f"'{entry.name}'" for entry in candidates[:3])
            return f"{len(candidates)} files fit it: {named}{' and more' if len(candidates) > 3 else ''}."
        return candidates[0]

    @property
    def _known(self) -> SoundNames:
        known: SoundNames = self._tree.memo.get("sound names") or SoundNames(_listed(self._tree))
        self._tree.memo["sound names"] = known
        return known

    def _count(self, shared: int) -> Counter[str]:
        """How many names of the table have an end of so many parts."""
        if shared not in self._ends:
            ends = {tuple(_parts(name)) for name in self._names}
            self._ends[shared] = Counter(_end(parts, shared) for parts in ends)
        return self._ends[shared]


def points_at(label: str, fold: int | None, split: str) -> Callable[[Entry], bool]:
    """Whether one of a file's folders says what a row says: its class, fold or part."""
    wanted = folded(label)

    def says(entry: Entry) -> bool:
        return any(
            folded(folder) == wanted
            or (fold is not None and naming.fold(folder) == fold)
            or (bool(split) and naming.split_in(folder) == split)
            for folder in entry.folders
        )

    return says


def folded(text: str) -> str:
    """Text in one Unicode form and without case."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).casefold())


def is_absolute(name: str) -> bool:
    """Whether a name begins at a root or drive, of POSIX or Windows."""
    return name.startswith(("/", "\\", "file:")) or re.match(r"[A-Za-z]:", name) is not None


def joined(here: str, place: str) -> str | None:
    """Name reached from the folder ``here``; None where that is outside the tree."""
    parts = here.split("/") if here else []
    for part in place.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return None if is_absolute(place) else "/".join(parts)


def _plain(name: str) -> bool:
    return ".." not in name.replace("\\", "/").split("/")


def _parts(name: str) -> list[str]:
    parts = [part for part in folded(name).replace("\\", "/").split("/") if part not in ("", ".", "..")]
    return parts[1:] if len(parts) > 1 and parts[0].endswith(":") else parts


def _last(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _end(parts: Sequence[str], count: int) -> str:
    return "/".join(parts[-count:])


def _shared(first: Sequence[str], second: Sequence[str]) -> int:
    count = 0
    for one, other in zip(reversed(first), reversed(second), strict=False):
        if one != other:
            break
        count += 1
    return count


def _look(tree: Tree, head: str, name: str) -> Entry | None:
    for written in (name, name.replace("\\", "/")):
        clean = "/".join(part for part in written.split("/") if part not in ("", "."))
        full = f"{head}/{clean}" if head else clean
        found = tree.find(full)
        if found is not None:
            return found
        if not Entry(clean, tree.path).promises_sound:
            with_suffix = (tree.find(full + suffix) for suffix in (".wav", ".flac", ".ogg", ".mp3", *SOUNDS))
            found = next(filter(None, with_suffix), None)
            if found is not None:
                return found
    return None


def _listed(tree: Tree) -> Sequence[Entry]:
    """All files; those around a file that was pointed at are listed now."""
    if not tree.pointed or tree.root is None:
        return tree.entries
    try:
        return folder_tree(tree.root).entries
    except DatasetError:
        return tree.entries
