"""One table being read: from its rows to clips, and every row that cannot be used."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from audioclf.datasets import naming
from audioclf.datasets.base import SPLIT_FOLDS, Problem
from audioclf.datasets.csv_table import Table, read_file, read_table, unguarded
from audioclf.datasets.ingest import sound_names
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.ingest.sound_names import Finder
from audioclf.datasets.readers import table_columns

_NOWHERE = Path()
_SAMPLE = 24
_SLACK = 0.05
"""Seconds by which a stretch may miss the length of its file: tables are rounded."""

_REMEDIES = {
    sound_names.OUTSIDE: "Put the sound into the folder, and name it from there.",
    sound_names.MISSING: "Add the file, or correct its name.",
}


@dataclass
class ListedTable:
    """A table with the sounds around it.

    Parameters
    ----------
    tree, entry : Tree, Entry
    table : Table
        All of it, or its head.
    chosen : mapping
        Column names given for a meaning, as :func:`~audioclf.datasets.readers.table_columns.find_columns` takes them.
    folder : str
        Folder with the sounds, seen from the table; empty finds it.
    """

    tree: Tree
    entry: Entry
    table: Table
    chosen: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    @cached_property
    def columns(self) -> dict[str, int | None]:
        """Number of the column for every meaning."""
        return table_columns.find_columns(self.table, self.chosen, self._hits, self.entry.name)

    @cached_property
    def computed(self) -> bool:
        """Whether it holds computed features."""
        return table_columns.is_computed(self.table)

    @cached_property
    def names(self) -> list[str]:
        """The names of the files."""
        column = self.columns["file"]
        return [] if column is None else [name for name in self.table.values(column) if name]

    @cached_property
    def finder(self) -> Finder:
        """From names to files."""
        return Finder(self.tree, self.entry, self.names, self.folder)

    @cached_property
    def hits(self) -> int:
        """How many of some names are files."""
        return self._hits(self.names)

    @property
    def part(self) -> str:
        """Subset of an official split that its name, or its folder's, stands for."""
        folder = self.entry.folders[-1] if self.entry.folders else ""
        return naming.split_in(self.entry.stem) or naming.split_in(folder)

    @cached_property
    def sounds(self) -> set[Path]:
        """The files that its names stand for."""
        details = sound_names.points_at("", None, self.part)
        found = (self.finder.find(name, details) for name in self.names)
        return {entry.path for entry in found if not isinstance(entry, str)}

    @property
    def labelled(self) -> bool:
        """Whether there is a column of labels."""
        return self.columns["label"] is not None

    def name_of(self, meaning: str) -> str:
        """How the column of a meaning is called; empty where there is none."""
        number = self.columns[meaning]
        return "" if number is None else self.table.columns[number]

    def read(self, split: str = "") -> None:
        """Fill in :attr:`rows` and :attr:`problems`; ``split`` is the part of an official split the table is for."""
        for line, reason in self.table.broken:
            self.refuse(line, "", f"The line cannot be read ({reason}).", "Correct it, or leave it out.")
        if self.columns["file"] is None or not self.labelled:
            lacks = "file name" if self.columns["file"] is None else "label"
            self.problems.append(
                Problem(
                    self.entry.name,
                    f"No column of {_listed(self.table.columns)} is known to hold the {lacks}.",
                    f"Name the column {'file_name' if lacks == 'file name' else 'label'}, or choose it.",
                )
            )
            return
        seen: dict[tuple[str, float, float | None], str] = {}
        stands_for = self._parts()
        for line, cells in self.table.rows:
            self._row(line, cells, split, stands_for, seen)

    def _parts(self) -> dict[str, str]:
        column = self.columns["split"]
        return {} if column is None else naming.settled(naming.split(cell) for cell in self.table.values(column))

    def _row(
        self,
        line: int,
        cells: Sequence[str],
        split: str,
        stands_for: Mapping[str, str],
        seen: dict[tuple[str, float, float | None], str],
    ) -> None:
        def cell(meaning: str) -> str:
            number = self.columns[meaning]
            return unguarded(cells[number]) if number is not None and number < len(cells) else ""

        name, label = cell("file"), cell("label")
        if not name:
            return self.refuse(line, "", "The row names no file.", "Fill in its file name, or leave the row out.")
        if not label:
            return self.refuse(line, name, "The row has no label.", "Fill in its class, or leave the row out.")
        details = cell("fold")
        fold = naming.fold(details) if details else None
        part = naming.split(cell("split")) or naming.split(details) or split
        part = stands_for.get(part, part)
        entry = self.finder.find(name, sound_names.points_at(label, fold, part))
        if isinstance(entry, str):
            return self.refuse(line, name, entry, _REMEDIES.get(entry, "Write the folder into the table."))
        try:
            start, duration = _stretch(cell("start"), cell("end"), cell("duration"))
        except ValueError as error:
            return self.refuse(line, name, str(error), "Write times in seconds, with the end behind the start.")
        if details and fold is None:
            return self.refuse(
                line, name, f"The fold is '{details[:40]}'.", "Write a whole number, or train, test or validation."
            )
        key = (entry.name, start, duration)
        if key in seen:
            same = "with the same label" if seen[key] == label else f"as '{seen[key]}' too"
            return self.refuse(line, name, f"The clip is listed a second time, {same}.", "Keep one of the two rows.")
        seen[key] = label
        fold = SPLIT_FOLDS[part] if fold is None and part else fold
        self.rows.append(Row(entry, label, start, duration, cell("group") or None, fold, part))
        return None

    def refuse(self, line: int, name: str, reason: str, remedy: str) -> None:
        """Note a row that cannot be used."""
        where = f"{self.entry.name}, line {line}"
        self.problems.append(Problem(f"{where}: {name}" if name else where, reason, remedy))

    def _hits(self, names: Sequence[str]) -> int:
        sample = [name for name in names[:: max(1, len(names) // 50)][:50] if name]
        finder = Finder(self.tree, self.entry, names, self.folder)
        # one of several files is a file too, which only the rest of the row shows
        return sum(finder.find(name) not in _REMEDIES for name in sample)


def open_table(entry: Entry, most: int = -1) -> Table:
    """Read a table, or its head of so many bytes.

    Where the first row is a clip already, the columns are named by what they must be.

    Raises
    ------
    DatasetError
        When it is too large or holds no row.
    OSError
    """
    table = read_table(read_file(entry.path, most), entry.name)
    headless = 2 <= len(table.columns) <= 4 and Entry(table.columns[0], _NOWHERE).promises_sound
    if headless and table.column("file") is None:
        columns = ("file", "label", "column 3", "column 4")[: len(table.columns)]
        return replace(table, columns=columns, rows=[(1, list(table.columns)), *table.rows])
    return table


def whole_files(rows: Sequence[Row]) -> tuple[list[Row], str]:
    """Rows without times that are not places in their files, and what these times are.

    UrbanSound8K says where a clip was in the recording it was cut from; other tables give the length of the file, in
    samples or milliseconds too. A few headers are looked at: such times reach beyond the end of their files, or are
    as long as the files.

    Returns
    -------
    rows : list of Row
    remark : str
        Empty where the times are used.
    """
    alone: dict[str, list[Row]] = {}
    for row in rows:
        alone.setdefault(row.entry.name, []).append(row)
    timed = [row for row in rows if row.duration is not None and len(alone[row.entry.name]) == 1]
    if not timed or len(timed) < 0.9 * sum(row.duration is not None for row in rows):
        return list(rows), ""
    sample = timed[:: max(1, len(timed) // _SAMPLE)][:_SAMPLE]
    facts = FileIndex().lookup([row.entry.path for row in sample])
    known = [
        (row.start, row.duration or 0.0, fact.seconds)
        for row, fact in zip(sample, facts, strict=True)
        if not isinstance(fact, Problem)
    ]
    if not known:
        return list(rows), ""
    whole = sum(abs(length - total) <= max(_SLACK, 0.02 * total) for _, length, total in known)
    beyond = sum(start > 0 and start + length > total + _SLACK for start, length, total in known)
    longer = sum(start == 0 and length > total + _SLACK for start, length, total in known)
    most = 0.8 * len(known)
    if whole >= most and beyond:
        remark = (
            "Start and end are places in the recordings that the files were cut from, so every file is taken whole."
        )
    elif whole + longer >= most and not any(row.start for row in rows):
        remark = "The length in the table is that of the whole file, so every file is taken whole."
    else:
        return list(rows), ""
    return [replace(row, start=0.0, duration=None) for row in rows], remark


def _stretch(start: str, end: str, duration: str) -> tuple[float, float | None]:
    begin = _time(start) if start else 0.0
    if duration:
        length: float | None = _time(duration)
    elif end:
        length = _time(end) - begin
    else:
        length = None
    if length is not None and length <= 0:
        raise ValueError(f"The clip lasts {length:g} s.")
    return begin, length


def _time(text: str) -> float:
    try:
        value = float(text.replace(",", "."))
    except ValueError:
        raise ValueError(f"'{text[:40]}' is no time in seconds.") from None
    if not 0 <= value < math.inf:
        raise ValueError(f"'{text[:40]}' is no time in a file.")
    return value


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name[:40]}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
