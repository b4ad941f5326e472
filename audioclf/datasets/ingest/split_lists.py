"""Lists of files that say which clips test and validate, as Speech Commands has them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from audioclf.datasets import naming
from audioclf.datasets.base import SPLIT_FOLDS
from audioclf.datasets.csv_table import decode, read_file
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.ingest.sound_names import Finder

SUFFIXES = (".txt", ".lst", ".list", ".csv", ".tsv")

LARGEST = 16 * 2**20
_DEEPEST = 2
_NOWHERE = Path()
_NONE: Mapping[Path, set[Path]] = {}


def names_sounds(data: bytes) -> bool:
    """Whether a text is a list of sound files, one a line."""
    lines = _lines(data)[:50]
    return bool(lines) and sum(Entry(name, _NOWHERE).promises_sound for name in lines) >= 0.8 * len(lines)


def apply(
    tree: Tree, rows: Sequence[Row], passed: Collection[Path] = (), known: Mapping[Path, set[Path]] = _NONE
) -> tuple[list[Row], str]:
    """Rows with the parts that lists in the tree give them, and which lists these are.

    Where only test and validation are listed, all others train. A list must name sounds for the most part, and of
    two lists for one part neither is heeded.

    Parameters
    ----------
    tree, rows : Tree, sequence of Row
    passed : collection of Path
        Files that are no lists.
    known : mapping
        The sounds in tables that were read already, by the path of the table.

    Returns
    -------
    rows : list of Row
        As they were where there is no list, or they have parts already.
    lists : str
        Names of the lists; empty where there is none.
    """
    if any(row.split for row in rows):
        return list(rows), ""
    wrapped = _wrapped(tree)
    named = {row.entry.path for row in rows}
    found: dict[str, list[tuple[Entry, set[Path]]]] = {}
    for entry in tree.entries:
        part = (
            naming.split_in(entry.stem) if entry.suffix in SUFFIXES and len(entry.folders) <= _DEEPEST + wrapped else ""
        )
        if part and entry.path not in passed:
            members = known.get(entry.path, set()) or _members(tree, entry)
            members = members & named
            if members:
                found.setdefault(part, []).append((entry, members))
    lists = {part: entries[0] for part, entries in found.items() if len(entries) == 1}
    whole = set().union(*(members for _, members in lists.values())) == named
    stands_for = naming.settled(lists) if whole else {part: part for part in lists}
    if not lists or set(stands_for.values()) == {"train"}:
        return list(rows), ""
    parts = {path: stands_for[part] for part, (_, members) in lists.items() for path in members}
    rest = "" if "train" in stands_for.values() else "train"
    made = []
    for row in rows:
        part = parts.get(row.entry.path, rest)
        fold = SPLIT_FOLDS[part] if row.fold is None and part else row.fold
        made.append(replace(row, split=part, fold=fold))
    return made, " and ".join(f"'{entry.name}'" for entry, _ in lists.values())


def _wrapped(tree: Tree) -> int:
    """How many folders lie around everything."""
    folders = [entry.folders for entry in tree.entries]
    first, last = min(folders, default=()), max(folders, default=())
    alike = [one == other for one, other in zip(first, last, strict=False)]
    return alike.index(False) if False in alike else len(alike)


def _members(tree: Tree, entry: Entry) -> set[Path]:
    try:
        data = read_file(entry.path, LARGEST)
    except OSError:
        return set()
    if not names_sounds(data):
        return set()
    names = _lines(data)
    finder = Finder(tree, entry, names)
    files = (finder.find(name) for name in names)
    return {file.path for file in files if not isinstance(file, str)}


def _lines(data: bytes) -> list[str]:
    """The first cell of every line that is filled in, the names of columns aside."""
    lines = (line.split("\t")[0].split(",")[0].split("|")[0].strip().strip('"') for line in decode(data).splitlines())
    names = [line for line in lines if line]
    return names[1:] if len(names) > 1 and not Entry(names[0], _NOWHERE).promises_sound else names
