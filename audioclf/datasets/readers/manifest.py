"""A table that names the sounds and their classes, with the sounds beside, above or below it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.params import param, unknown
from audioclf.datasets import naming
from audioclf.datasets.base import Problem
from audioclf.datasets.ingest import split_lists
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.layout import Question, Reader, Reading
from audioclf.datasets.readers import folder_levels, table_columns
from audioclf.datasets.readers.table_rows import ListedTable, open_table, whole_files

TABLES = (".csv", ".tsv", ".jsonl")

_HEAD = 65536
"""Bytes of a table that show whether it lists sounds."""

_DEEPEST_TEXT = 1
"""Texts may be tables too (DCASE's meta.txt), in the folder of the data set or one below."""

_MOST_TABLES = 64
"""Of more tables than this, those nearest to the top are looked at: the others belong to single sounds."""


@dataclass(frozen=True)
class ManifestReader(Reader):
    """A CSV or TSV file with a row per clip; or JSON Lines, or a text in columns.

    Encoding and separator are found out. Columns are taken by their names where they are not given: the file and its
    label, and if there are such columns the group, the fold, the part of an official split, and where in the file the
    clip starts and ends (or how long it lasts), in seconds. Times that are not places in the file (UrbanSound8K's are
    those in the original recording) are passed over. Files are found by the longest trailing part of their names.

    ``train.csv`` brings the ``test.csv`` beside it, and tables with the same columns in several folders are read
    together; the names of the tables or of their folders give the subset then. Text files such as ``testing_list.txt``
    define it too.
    """

    kind = "manifest"
    title = "A table of files and labels"
    order: ClassVar[int] = 30
    description = "A CSV or TSV file names every sound and its class; the sounds lie beside it or in folders around it."

    file_column: str = param("", "Column with the name of the sound file; empty finds it.")
    label_column: str = param("", "Column with the class; empty finds it.")
    group_column: str = param("", "Column with what must stay on one side of a split; empty finds it, '-' takes none.")
    fold_column: str = param("", "Column with the official fold; empty finds it, '-' takes none.")
    split_column: str = param(
        "", "Column with the official part (train, validation, test); empty finds it, '-' takes none."
    )
    start_column: str = param("", "Column with the start of the clip in seconds; empty finds it, '-' takes none.")
    end_column: str = param("", "Column with the end of the clip in seconds; empty finds it, '-' takes none.")
    duration_column: str = param("", "Column with the length of the clip in seconds; empty finds it, '-' takes none.")
    audio_folder: str = param("", "Folder with the sounds, seen from the table; empty finds it.")
    table: str = param("", "Which table to read, where a folder or archive has several.")

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        if tree.pointed:
            return Entry(tree.pointed, tree.path).suffix in TABLES
        tables = tables_of_sounds(tree)
        if any(table.labelled and table.hits and not table.computed for table in tables):
            return True
        # A table without labels, of other files or of computed features is the last witness.
        found = any(table.hits for table in tables) or any(table.labelled and not table.computed for table in tables)
        return found and not folder_levels.tells_classes(opened(tree))

    def understand(self, tree: Tree) -> Reading:
        inside = opened(tree)
        tables, others, remarks = self._tables(inside)
        first = tables[0]
        if first.hits and not first.labelled:
            return self._question(tree, first)
        parts = _parts(tables)
        rows: list[Row] = []
        problems: list[Problem] = []
        for table in tables:
            table.read(parts.get(table.entry.name, ""))
            rows += table.rows
            problems += table.problems
        if not rows and len(problems) == 1:
            raise DatasetError(f"{problems[0].file}: {problems[0].reason} {problems[0].remedy}")
        if not rows:
            _nothing(first, problems)
        if not self.start_column and not self.end_column and not self.duration_column:
            rows, remark = whole_files(rows)
            remarks += [remark] if remark else []
        rows, details = split_lists.apply(tree, rows, {table.entry.path for table in tables}, others)
        remarks += _unlisted(inside, rows) if not tree.pointed and not self.table else []
        by_column = first.name_of("split") or (first.name_of("fold") if any(row.split for row in rows) else "")
        by_table = f"the tables {_several([table.entry.name for table in tables])}" if any(parts.values()) else ""
        return Reading(
            self,
            tree,
            tuple(rows),
            (*tree.problems, *problems),
            layout=table_columns.layout(first.table, first.entry.stem),
            labels=_column(first, "label"),
            groups=next(filter(None, (_column(table, "group") for table in tables)), ""),
            folds=next(filter(None, (_column(table, "fold") for table in tables)), ""),
            splits=details or (f"column '{by_column}'" if by_column else by_table),
            remarks=tuple(remarks),
        )

    def _question(self, tree: Tree, table: ListedTable) -> Reading:
        candidates = table_columns.label_candidates(table.table, table.columns)
        if not candidates:
            table.read()
            raise DatasetError(f"{table.problems[-1].file}: {table.problems[-1].reason} {table.problems[-1].remedy}")
        text = (
            f"'{table.entry.name}' names {len(table.names):,} sounds, and none of its columns is known to hold the"
            " class (label_column)."
        )
        return Reading(
            self,
            tree,
            problems=tree.problems,
            layout=table_columns.layout(table.table, table.entry.stem),
            what=f"{len(table.names):,} sounds",
            groups=_column(table, "group"),
            questions=(Question("label_column", text, candidates),),
        )

    def _chosen(self) -> dict[str, str]:
        return {meaning: str(getattr(self, f"{meaning}_column")) for meaning in table_columns.COLUMNS}

    def _open(self, tree: Tree, entry: Entry) -> ListedTable:
        try:
            table = open_table(entry)
        except OSError as error:
            raise DatasetError(f"'{entry.name}' cannot be read ({error.strerror}); check its permissions.") from None
        return ListedTable(tree, entry, table, self._chosen(), self.audio_folder)

    def _tables(self, tree: Tree) -> tuple[list[ListedTable], dict[Path, set[Path]], list[str]]:
        """The tables that are read, the sounds in others for a part of them, and what to say of the rest."""
        if self.table:
            entry = tree.find(self.table)
            if entry is None:
                names = [found.name for found in tree.entries if found.suffix in TABLES]
                raise ParameterError(unknown(self.table, names, f"table in {tree.name}"), "table")
            return [self._checked(self._open(tree, entry))], {}, []
        if tree.pointed:
            pointed = tree.find(tree.pointed)
            assert pointed is not None
            partners = [self._open(tree, entry) for entry in _partners(tree, pointed)]
            return [self._checked(self._open(tree, pointed)), *partners], {}, []
        return self._choose(tree)

    def _checked(self, table: ListedTable) -> ListedTable:
        if self.audio_folder and not table.finder.heads:
            raise ParameterError(
                f"audio_folder must lie inside {table.tree.name}, got '{self.audio_folder}'.", "audio_folder"
            )
        return table

    def _choose(self, tree: Tree) -> tuple[list[ListedTable], dict[Path, set[Path]], list[str]]:
        """The table with most sounds, and those that go on with other sounds in the same columns."""
        known = [ListedTable(tree, one.entry, one.table, self._chosen(), self.audio_folder)
                 for one in tables_of_sounds(tree, every=self.file_column != "")]  # fmt: skip
        usable = [table for table in known if table.columns["file"] is not None]
        if not usable:
            raise DatasetError(f"'{tree.name}' holds no CSV or TSV file with a file and a label column; add one.")
        best = [table for table in usable if table.hits] or usable
        best = [table for table in best if table.labelled] or best
        best = [table for table in best if not table.computed] or best[:1]
        full = [self._open(tree, table.entry) for table in best]
        first = max(full, key=lambda table: (len(table.names), -len(table.entry.folders)))
        alike = {part: table for table in reversed(full) if (part := table.part) and _alike(table, first)}
        first = self._checked(alike["train"] if {"train", "test"} <= set(alike) else first)
        chosen, remarks = [first], []
        lists: dict[Path, set[Path]] = {}
        covered = set(first.sounds) if len(full) > 1 else set()
        partners = [entry.name for entry in _partners(tree, first.entry)]
        for table in full:
            if table is first:
                continue
            others = table.sounds
            if (_alike(table, first) and not covered & others) or table.entry.name in partners:
                chosen.append(table)
                covered |= others
            elif table.part:
                lists[table.entry.path] = others
            else:
                remarks.append(f"'{table.entry.name}' is another table, which is not read (choose it with table=).")
        there = {table.entry.name for table in chosen}
        chosen += [self._open(tree, entry) for entry in _partners(tree, first.entry) if entry.name not in there]
        return chosen, lists, [*remarks, *unused(tree)]


def opened(tree: Tree) -> Tree:
    """The tree without folders around everything, tables counted."""
    if tree.pointed:
        return tree
    return tree.once("opened", lambda: tree.unwrapped(lambda entry: entry.promises_sound or entry.suffix in TABLES))


def tables_of_sounds(tree: Tree, *, every: bool = False) -> list[ListedTable]:
    """Heads of the tables that name files, those nearest to the top first; ``every`` gives the others too."""
    inside = opened(tree)
    tables = inside.once("tables", lambda: _heads(inside))
    return [table for table in tables if every or table.columns["file"] is not None]


def _heads(tree: Tree) -> list[ListedTable]:
    plain = [entry for entry in tree.entries if entry.suffix == ".txt" and len(entry.folders) <= _DEEPEST_TEXT]
    entries = sorted((one for one in tree.entries if one.suffix in TABLES), key=lambda one: len(one.folders))
    entries += sorted(plain, key=lambda one: len(one.folders))
    found = []
    for entry in entries[:_MOST_TABLES]:
        try:
            table = open_table(entry, _HEAD)
            if entry.suffix in TABLES or len(table.columns) > 1:
                found.append(ListedTable(tree, entry, table))
        except (OSError, DatasetError):
            continue
    return found


def unused(tree: Tree) -> list[str]:
    """Remarks on tables that name sounds and are no list of clips."""
    return [
        f"'{table.entry.name}' holds computed features and is not read as a list of clips."
        for table in tables_of_sounds(tree)
        if table.computed
    ]


def _alike(table: ListedTable, first: ListedTable) -> bool:
    return [table.name_of(meaning) for meaning in ("file", "label")] == [
        first.name_of(meaning) for meaning in ("file", "label")
    ]


def _parts(tables: Sequence[ListedTable]) -> dict[str, str]:
    details = {table.entry.name: table.part for table in tables}
    stands_for = naming.settled(details.values())
    return {name: stands_for.get(part, "") for name, part in details.items()}


def _partners(tree: Tree, first: Entry) -> list[Entry]:
    """The tables of a published validation and test set, where ``first`` is the training one."""
    if naming.FOLDS.get(first.stem.casefold()) != 1:
        return []
    head = first.name[: len(first.name) - len(first.stem) - len(first.suffix)]
    others = [tree.find(f"{head}{name}{first.suffix}") for name in ("val", "valid", "validation", "dev", "test")]
    return [entry for entry in others if entry is not None]


def _nothing(table: ListedTable, problems: Sequence[Problem]) -> None:
    where = (
        " Choose the folder that holds both the table and the sounds."
        if table.tree.pointed
        else " Put the sounds into the folder of the table, under the names it gives."
    )
    first = f"{problems[0].file}: {problems[0].reason}" if problems else "It has no row."
    raise DatasetError(
        f"'{table.entry.name}' finds no sound: none of its {len(table.table.rows):,} rows can be used ({first}).{where}"
    )


def _unlisted(tree: Tree, rows: Sequence[Row]) -> list[str]:
    listed = {row.entry.name for row in rows}
    left = [entry.name for entry in tree.entries if entry.promises_sound and entry.name not in listed]
    if not left:
        return []
    are = "sound is in no row and is" if len(left) == 1 else "sounds are in no row and are"
    return [f"{len(left):,} {are} left out, such as '{left[0]}'."]


def _column(table: ListedTable, meaning: str) -> str:
    name = table.name_of(meaning)
    return f"column '{name}'" if name else ""


def _several(names: Sequence[str], most: int = 3) -> str:
    shown = [f"'{name}'" for name in names[:most]]
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return (", ".join(shown) if more or len(shown) < 2 else f"{', '.join(shown[:-1])} and {shown[-1]}") + more
