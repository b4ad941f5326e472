"""Exports of Edge Impulse: sounds in ``training`` and ``testing``, and their labels in ``info.labels``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from audioclf.core.errors import DatasetError
from audioclf.datasets import naming
from audioclf.datasets.base import SPLIT_FOLDS, Problem
from audioclf.datasets.csv_table import read_file
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.ingest.sound_names import Finder
from audioclf.datasets.layout import Reader, Reading

FILE = "info.labels"

_MOST_BYTES = 256 * 2**20


@dataclass(frozen=True)
class EdgeImpulseReader(Reader):
    """What Edge Impulse exports. A sound that ``info.labels`` does not name has its class before the first dot.

    Training and testing are the official split.
    """

    kind = "edge-impulse"
    title = "An export of Edge Impulse"
    order: ClassVar[int] = 20
    description = "The file info.labels holds the class of every sound, the folders training and testing the split."

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        return not tree.pointed and _files(tree) is not None

    def understand(self, tree: Tree) -> Reading:
        listed = _files(tree)
        if listed is None:
            raise DatasetError(f"'{tree.name}' holds no {FILE} that can be read; export the data set again.")
        table, files = listed
        names = [str(file.get("path", "")) for file in files]
        finder = Finder(tree, table, names)
        rows: dict[str, Row] = {}
        problems: list[Problem] = []
        for name, file in zip(names, files, strict=True):
            entry = finder.find(name) if name else "The entry names no file."
            label = _label(file)
            if isinstance(entry, str) or not label:
                reason = entry if isinstance(entry, str) else "It has no label, or several."
                problems.append(Problem(f"{table.name}: {name}", reason, "Label it in Edge Impulse and export again."))
                continue
            rows[entry.name] = _row(entry, label, naming.split(str(file.get("category", ""))))
        refused = {problem.file for problem in problems}
        for entry in tree.entries:
            if not entry.promises_sound or entry.name in rows or f"{table.name}: {entry.name}" in refused:
                continue
            label, dot, _ = entry.stem.partition(".")
            if dot and label:
                rows[entry.name] = _row(entry, label, "")
            else:
                problems.append(Problem(entry.name, f"{FILE} does not name it.", "Export the data set again."))
        in_order = sorted(rows.values(), key=lambda row: naming.natural(row.label))
        splits = f"'{table.name}' and the folders"
        found = (*tree.problems, *problems)
        return Reading(self, tree, tuple(in_order), found, "Edge Impulse", f"'{table.name}'", splits=splits)


def _row(entry: Entry, label: str, part: str) -> Row:
    part = part or next(filter(None, map(naming.split_in, entry.folders)), "")
    return Row(entry, label, fold=SPLIT_FOLDS[part] if part else None, split=part)


def _label(file: Mapping[str, Any]) -> str:
    label = file.get("label")
    known = label.get("label") if isinstance(label, Mapping) and label.get("type", "label") == "label" else label
    return known.strip() if isinstance(known, str) else ""


def _files(tree: Tree) -> tuple[Entry, list[Mapping[str, Any]]] | None:
    """The list of labels nearest to the top, and what it holds; None where there is none that can be read."""
    named = [entry for entry in tree.entries if entry.name.rsplit("/", 1)[-1] == FILE]
    return tree.once(FILE, lambda: _read(min(named, key=lambda entry: len(entry.folders)))) if named else None


def _read(entry: Entry) -> tuple[Entry, list[Mapping[str, Any]]] | None:
    try:
        if entry.path.stat().st_size > _MOST_BYTES:
            return None
        known = json.loads(read_file(entry.path))
        files = known["files"]
        return (entry, files) if isinstance(files, list) and all(isinstance(one, Mapping) for one in files) else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
