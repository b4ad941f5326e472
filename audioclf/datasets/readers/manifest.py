"""A table that names the sounds and their classes, with the sounds beside it."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import ClassVar

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.params import param, unknown
from audioclf.datasets import naming
from audioclf.datasets.base import Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.csv_table import Table, read_table, unguarded
from audioclf.datasets.ingest.file_tree import SOUNDS, Entry, Row, Tree, clips, inside
from audioclf.datasets.source import Reader

TABLES = (".csv", ".tsv")

_PLACES = ("", "audio", "wav", "wavs", "clips", "sounds", "recordings", "data", "../audio", "..")

_NOWHERE = Path()


@dataclass(frozen=True)
class ManifestReader(Reader):
    """A CSV or TSV file with a row per clip.

    Encoding and separator are found out. Columns are taken by their names where they are not given: the file and its
    label, and if there are such columns the group, the fold, and where in the file the clip starts and ends (or how
    long it lasts), in seconds. ``train.csv`` brings the ``test.csv`` beside it: training clips get fold 1, test clips
    fold 0.
    """

    kind = "manifest"
    title = "A table of files and labels"
    order: ClassVar[int] = 30
    description = "A CSV or TSV file names every sound and its class; the sounds lie beside it."

    file_column: str = param("", "Column with the name of the sound file; empty finds it.")
    label_column: str = param("", "Column with the class; empty finds it.")
    group_column: str = param("", "Column with what must stay on one side of a split; empty finds it, '-' takes none.")
    fold_column: str = param("", "Column with the official fold; empty finds it, '-' takes none.")
    start_column: str = param("", "Column with the start of the clip in seconds; empty finds it, '-' takes none.")
    end_column: str = param("", "Column with the end of the clip in seconds; empty finds it, '-' takes none.")
    duration_column: str = param("", "Column with the length of the clip in seconds; empty finds it, '-' takes none.")
    audio_folder: str = param("", "Folder with the sounds, seen from the table; empty finds it.")
    table: str = param("", "Which table to read, where a folder or archive has several.")

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        if tree.pointed:
            return Entry(tree.pointed, tree.path).suffix in TABLES
        return bool(_manifests(_opened(tree)))

    def read(self, tree: Tree, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        opened = _opened(tree)
        rows: list[Row] = []
        problems: list[Problem] = []
        for entry in self._tables(opened):
            part = _Part(self, opened, entry)
            part.read()
            rows += part.rows
            problems += part.problems
        if not rows and len(problems) == 1:
            raise DatasetError(f"{problems[0].file}: {problems[0].reason} {problems[0].remedy}")
        found, unreadable = clips(rows, progress=progress, should_stop=should_stop)
        return Dataset(tree.name, tuple(found), (*tree.problems, *problems, *unreadable), source=str(tree.path))

    def _tables(self, tree: Tree) -> list[Entry]:
        if self.table:
            entry = tree.find(self.table)
            if entry is None:
                names = [found.name for found in tree.entries if found.suffix in TABLES]
                raise ParameterError(unknown(self.table, names, f"table in {tree.name}"), "table")
            return [entry]
        named = tree.find(tree.pointed) if tree.pointed else None
        first = named or next(iter(_manifests(tree)), None)
        if first is None:
            raise DatasetError(f"'{tree.name}' holds no CSV or TSV file with a file and a label column; add one.")
        parts = _pair(tree, first)
        return [entry for entry in parts if entry is not None] or [first]


@dataclass
class _Part:
    """One table being read."""

    reader: ManifestReader
    tree: Tree
    entry: Entry
    rows: list[Row] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)

    def read(self) -> None:
        table = _headed(read_table(self.entry.path.read_bytes(), self.entry.name))
        for line, reason in table.broken:
            self.refuse(line, "", f"The line cannot be read ({reason}).", "Correct it, or leave it out.")
        columns = self._columns(table)
        if columns["file"] is None or columns["label"] is None:
            lacks = "file name" if columns["file"] is None else "label"
            self.problems.append(
                Problem(
                    self.entry.name,
                    f"No column of {_listed(table.columns)} is known to hold the {lacks}.",
                    f"Name the column {'file_name' if lacks == 'file name' else 'label'}, or choose it.",
                )
            )
            return
        find = self._finder(table, columns["file"])
        fold = naming.FOLDS.get(self.entry.stem.casefold())
        seen: dict[tuple[str, float, float | None], str] = {}
        for line, cells in table.rows:
            self._row(line, cells, columns, find, fold, seen)

    def _columns(self, table: Table) -> dict[str, int | None]:
        found: dict[str, int | None] = {}
        for meaning in ("file", "label", "group", "fold", "start", "end", "duration"):
            chosen = getattr(self.reader, f"{meaning}_column")
            if chosen == "-":
                found[meaning] = None
            elif chosen:
                if chosen not in table.columns:
                    raise ParameterError(
                        unknown(chosen, table.columns, f"column of {self.entry.name}"), f"{meaning}_column"
                    )
                found[meaning] = table.columns.index(chosen)
            else:
                number = table.column(meaning)
                found[meaning] = None if number in found.values() else number
        fold = found["fold"]
        if fold is not None and not self.reader.fold_column:
            # A column called "set" or "split" that holds something else is no fold.
            told = [naming.fold(cells[fold]) for _, cells in table.rows if fold < len(cells) and cells[fold]]
            if not told or None in told:
                found["fold"] = None
        return found

    def _row(
        self,
        line: int,
        cells: Sequence[str],
        columns: dict[str, int | None],
        find: Callable[[str], Entry | None],
        fold: int | None,
        seen: dict[tuple[str, float, float | None], str],
    ) -> None:
        def cell(meaning: str) -> str:
            number = columns[meaning]
            return unguarded(cells[number]) if number is not None and number < len(cells) else ""

        name, label = cell("file"), cell("label")
        if not name:
            return self.refuse(line, "", "The row names no file.", "Fill in its file name, or leave the row out.")
        if not label:
            return self.refuse(line, name, "The row has no label.", "Fill in its class, or leave the row out.")
        if not inside(name):
            return self.refuse(
                line,
                name,
                "The row names a file outside the folder of the table.",
                "Put the sound into the folder, and name it from there.",
            )
        entry = find(name)
        if entry is None:
            return self.refuse(line, name, "No such file is beside the table.", "Add the file, or correct its name.")
        try:
            start, duration = _stretch(cell("start"), cell("end"), cell("duration"))
        except ValueError as error:
            return self.refuse(line, name, str(error), "Write times in seconds, with the end behind the start.")
        told = cell("fold")
        number = naming.fold(told) if told else fold
        if told and number is None:
            return self.refuse(
                line, name, f"The fold is '{told[:40]}'.", "Write a whole number, or train, test or validation."
            )
        key = (entry.name, start, duration)
        if key in seen:
            same = "with the same label" if seen[key] == label else f"as '{seen[key]}' too"
            return self.refuse(line, name, f"The clip is listed a second time, {same}.", "Keep one of the two rows.")
        seen[key] = label
        self.rows.append(Row(entry, label, start, duration, cell("group") or None, number))
        return None

    def refuse(self, line: int, name: str, reason: str, remedy: str) -> None:
        where = f"{self.entry.name}, line {line}"
        self.problems.append(Problem(f"{where}: {name}" if name else where, reason, remedy))

    def _finder(self, table: Table, column: int) -> Callable[[str], Entry | None]:
        """How names in the table become files: the folder is the one most of the first rows are found in."""
        names = [unguarded(cells[column]) for _, cells in table.rows if column < len(cells)]
        sample = [name for name in names[:: max(1, len(names) // 50)][:50] if name]
        here = "/".join(self.entry.folders)
        places = (self.reader.audio_folder,) if self.reader.audio_folder else (*_PLACES, self.entry.stem)
        heads = [head for place in places if (head := _joined(here, place)) is not None]
        if not heads:
            raise ParameterError(
                f"audio_folder must lie inside {self.tree.name}, got '{self.reader.audio_folder}'.", "audio_folder"
            )
        best = max(heads, key=lambda head: sum(_look(self.tree, head, name) is not None for name in sample))
        # Files a browser sent one by one have lost their folders; a name that is told apart only by these finds none.
        loose = self.tree.root is None and not any(entry.folders for entry in self.tree.entries)
        alike = Counter(_last(name) for name in set(names)) if loose else Counter()
        return lambda name: (
            _look(self.tree, best, name) or (_look(self.tree, "", _last(name)) if alike[_last(name)] == 1 else None)
        )


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


def _last(name: str) -> str:
    return name.replace("\\", "/").rsplit("/", 1)[-1]


def _joined(here: str, place: str) -> str | None:
    """Folder reached from ``here``; None where that is outside the tree."""
    parts = here.split("/") if here else []
    for part in place.replace("\\", "/").split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return None if place.startswith("/") else "/".join(parts)


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


def _headed(table: Table) -> Table:
    """The table; where its first row is a clip already, with columns named by what they must be."""
    if table.column("file") is None and len(table.columns) == 2 and Entry(table.columns[0], _NOWHERE).promises_sound:
        return replace(table, columns=("file", "label"), rows=[(1, list(table.columns)), *table.rows])
    return table


def _opened(tree: Tree) -> Tree:
    return tree if tree.pointed else tree.unwrapped(lambda entry: entry.promises_sound or entry.suffix in TABLES)


def _manifests(tree: Tree) -> list[Entry]:
    """Tables at the top, or in a folder for such, that name files and labels."""
    found = []
    for entry in tree.entries:
        top = not entry.folders or entry.folders in (("meta",), ("metadata",))
        if entry.suffix in TABLES and top:
            try:
                with entry.path.open("rb") as file:
                    table = _headed(read_table(file.read(65536), entry.name))
            except (OSError, DatasetError):
                continue
            if table.column("file") is not None and table.column("label") is not None:
                found.append(entry)
    return sorted(found, key=lambda entry: naming.FOLDS.get(entry.stem.casefold()) != 1)


def _pair(tree: Tree, first: Entry) -> list[Entry | None]:
    """The tables of a published training and test set, where ``first`` is the training one."""
    if naming.FOLDS.get(first.stem.casefold()) != 1:
        return []
    head = first.name[: len(first.name) - len(first.stem) - len(first.suffix)]
    others = [tree.find(f"{head}{name}{first.suffix}") for name in ("val", "valid", "validation", "dev", "test")]
    return [first, *others]


def _listed(names: Sequence[str], most: int = 8) -> str:
    shown = ", ".join(f"'{name[:40]}'" for name in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
