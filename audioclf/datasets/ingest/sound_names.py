"""Sounds by the names that tables and lists give them, which often were other folders on another machine."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from functools import cached_property

from audioclf.core.errors import DatasetError
from audioclf.datasets import naming
from audioclf.datasets.ingest.file_tree import SOUNDS, Entry, Tree, folder_tree

_PLACES = ("", "audio", "wav", "wavs", "clips", "sounds", "recordings", "data", "../audio", "..")

_SAMPLE = 50

OUTSIDE = "The row names a file outside the folder of the table."
MISSING = "No such file is beside the table."


class SoundNames:
    """The files of a tree by the ends of their names, in any spelling; names are asked for in folded spelling."""

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._files = [(folded(entry.name).split("/"), entry) for entry in entries if entry.may_be_sound]
        self._deepest = max((len(parts) for parts, _ in self._files), default=0)
        self._by_end: dict[tuple[int, bool], dict[str, list[tuple[list[str], Entry]]]] = {}

    def called(self, parts: Sequence[str]) -> list[Entry]:
        """The files of a whole name."""
        return [entry for one, entry in self._ends(parts, len(parts)) if len(one) == len(parts)]

    def heads(self, parts: Sequence[str]) -> set[tuple[str, ...]]:
        """The folders in which a name leads to a file."""
        return {tuple(one[: -len(parts)]) for one, _ in self._ends(parts, len(parts))}

    def ending(self, parts: Sequence[str]) -> tuple[list[Entry], int]:
        """The files that share most trailing parts with a name, and how many these are.

        Where no file has the last one, the suffix may be another.
        """
        suffixes = (True, False) if self._ends(parts, 1) else (False,)
        for with_suffix in suffixes:
            for count in range(min(len(parts), self._deepest), 0, -1):
                found = self._ends(parts, count, with_suffix)
                if found:
                    return [entry for _, entry in found], count
        return [], 0

    def _ends(self, parts: Sequence[str], count: int, with_suffix: bool = True) -> list[tuple[list[str], Entry]]:
        """The files whose last parts are those of a name; listed once for every number of parts."""
        key = (count, with_suffix)
        if key not in self._by_end:
            ends = self._by_end[key] = defaultdict(list)
            for file in self._files:
                if len(file[0]) >= count:
                    end = "/".join(file[0][-count:])
                    ends[end if with_suffix else end[: end.rfind(".")] if "." in file[0][-1] else end].append(file)
        end = "/".join(parts[-count:])
        if not with_suffix and f".{parts[-1].rpartition('.')[2]}" in SOUNDS:
            end = end[: end.rfind(".")]
        return self._by_end[key].get(end, [])


class Finder:
    """From the names in one table (or list) to files of the tree around it.

    A name is taken as it is written first: from the table's folder, or from the folder most of the names are found
    in. Then in any case and either Unicode form: below the folder that stands for what all names begin with, or else
    by its longest trailing part, where this part fits one file only and no other name of the table ends so. A file
    that is one of several is not guessed. Absolute names are those of another machine: only their ends count, and only
    in a table whose names are absolute for the most part. Nothing outside the tree is looked at.

    Parameters
    ----------
    tree, table : Tree, Entry
    names : sequence of str
        All names in the table.
    folder : str
        Folder with the sounds, seen from the table, where it is known.
    """

    def __init__(self, tree: Tree, table: Entry, names: Sequence[str], folder: str = "") -> None:
        self._tree = tree
        self._here = "/".join(table.folders)
        self._names = names
        sample = [name for name in names[:: max(1, len(names) // _SAMPLE)][:_SAMPLE] if name]
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
        self._clear: dict[str, Entry | str] = {}

    def find(self, name: str, matches: Callable[[Entry], bool] | None = None) -> Entry | str:
        """The file of a name, or why there is none; ``matches`` chooses by the rest of the row where several fit."""
        if name in self._clear:
            return self._clear[name]
        known = self._find(name)
        if not isinstance(known, tuple):
            self._clear[name] = known
            return known
        meant = [entry for entry in known if matches(entry)] if matches is not None else []
        meant = meant or list(known)
        if len(meant) == 1:
            return meant[0]
        named = ", ".join(f"'{entry.name}'" for entry in meant[:3])
        return f"{len(meant)} files fit it: {named}{' and more' if len(meant) > 3 else ''}."

    def _find(self, name: str) -> Entry | str | tuple[Entry, ...]:
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
        return self._by_ending(name)

    def _by_ending(self, name: str) -> Entry | str | tuple[Entry, ...]:
        parts = _parts(name)
        if not parts:
            return MISSING
        candidates, shared = self._known.ending(parts)
        moved = self._moved.get(tuple(parts))
        if moved is not None and all(folded(entry.name) in self._claimed for entry in candidates):
            found = self._known.called(moved)
            if len(found) == 1:
                return found[0]
        if not candidates or (shared < len(parts) and self._count(shared)[_end(parts, shared)] > 1):
            return MISSING
        if len(candidates) > 1:
            last = _last(name)
            candidates = [entry for entry in candidates if _last(entry.name) == last] or candidates
        return candidates[0] if len(candidates) == 1 else tuple(candidates)

    @cached_property
    def _moved(self) -> dict[tuple[str, ...], list[str]]:
        """All names below the folder that stands here for what they begin with; empty where none does."""
        names = [tuple(parts) for name in self._names if (parts := _parts(name))]
        if not names:
            return {}
        first, last = min(names), max(names)
        shared = (number for number, (one, other) in enumerate(zip(first, last, strict=False)) if one != other)
        common = min(next(shared, len(first)), *(len(parts) - 1 for parts in names), len(first) - 1)
        sample = names[:: max(1, len(names) // _SAMPLE)][:_SAMPLE]
        heads = Counter(head for parts in sample for head in self._known.heads(parts[common:])).most_common(2)
        if not heads or (len(heads) > 1 and heads[0][1] == heads[1][1]):
            return {}
        return {parts: [*heads[0][0], *parts[common:]] for parts in names}

    @cached_property
    def _claimed(self) -> set[str]:
        """The files that names stand for then."""
        return {"/".join(parts) for parts in self._moved.values()}

    @property
    def _known(self) -> SoundNames:
        return self._tree.once("sound names", lambda: SoundNames(_listed(self._tree)))

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
