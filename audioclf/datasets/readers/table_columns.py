"""Which column of a table means what: by its name, and by what is in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from audioclf.core.errors import ParameterError
from audioclf.core.params import unknown
from audioclf.datasets import naming
from audioclf.datasets.csv_table import Table
from audioclf.datasets.layout import Candidate

COLUMNS = ("file", "label", "group", "fold", "split", "start", "end", "duration")
"""Meanings a column can have."""

_COMPUTED = re.compile(
    r"(mfcc|chroma|tempo|rmse?|zcr|zero_?crossing|spectral|rolloff|centroid|bandwidth|contrast|tonnetz|flatness|harmony"
    r"|perceptr|mel|lpc|lfcc|embedding|feature|feat|vggish|yamnet)[a-z_]*[\s_-]*(\d+|mean|var|std|min|max|median)\w*",
    re.IGNORECASE,
)

_LONGEST = 60
"""Characters of a column's name that are looked at."""

_ALIKE = 20
"""From so many rows on, a column in which every cell differs holds no classes."""

_MOST_CLASSES = 200

LAYOUTS: Mapping[str, frozenset[str]] = {
    "UrbanSound8K": frozenset(("slicefilename", "fsid", "fold", "class")),
    "ESC-50": frozenset(("filename", "fold", "category", "srcfile")),
    "Common Voice": frozenset(("clientid", "path", "sentence")),
    "FSDKaggle2018": frozenset(("fname", "label", "manuallyverified")),
    "FSD50K": frozenset(("fname", "labels", "mids")),
    "DCASE": frozenset(("filename", "scenelabel")),
    "BirdCLEF": frozenset(("filename", "primarylabel")),
    "FSDKaggle2019": frozenset(("fname", "labels")),
    "Hugging Face's AudioFolder": frozenset(("filename", "*metadata")),
}
"""Published layouts by their columns (a word with ``*`` is the name of the table itself); the first is taken."""


def layout(table: Table, stem: str) -> str:
    """Name of the published layout whose columns a table has; empty for none."""
    there = {re.sub(r"[\W_]+", "", name.casefold()) for name in table.columns} | {f"*{stem.casefold()}"}
    return next((name for name, columns in LAYOUTS.items() if columns <= there), "")


def find_columns(
    table: Table, chosen: Mapping[str, str], hits: Callable[[Sequence[str]], int], name: str
) -> dict[str, int | None]:
    """Number of the column for every meaning; None where there is none.

    Parameters
    ----------
    table, name : Table, str
    chosen : mapping
        Column names given for a meaning; ``"-"`` takes none, empty finds it.
    hits : callable
        How many of some names are files.

    Raises
    ------
    ParameterError
        When a chosen column is not there.
    """
    found: dict[str, int | None] = {}
    for meaning in COLUMNS:
        wanted = chosen.get(meaning, "")
        if wanted and wanted != "-":
            if wanted not in table.columns:
                raise ParameterError(unknown(wanted, table.columns, f"column of {name}"), f"{meaning}_column")
            found[meaning] = table.columns.index(wanted)
    computed = is_computed(table)
    # a single group separates nothing
    for meaning in COLUMNS:
        if meaning in found:
            continue
        if chosen.get(meaning) == "-" or (computed and meaning in ("start", "end", "duration")):
            found[meaning] = None
            continue
        free = [number for number in table.named(meaning) if number not in found.values()]
        if meaning == "file":
            found[meaning] = _file(table, free, hits)
        elif meaning == "label":
            found[meaning] = next((number for number in free if _may_be_label(table.values(number))), None)
        elif meaning in ("fold", "split"):
            found[meaning] = next((number for number in free if _tells(meaning, table.values(number))), None)
        else:
            several = (number for number in free if meaning != "group" or len(set(table.values(number)) - {""}) > 1)
            found[meaning] = next(several, free[0] if free else None)
    if chosen.get("fold") == "-" and not chosen.get("split"):
        found["split"] = None
    if found["fold"] is None and chosen.get("fold") != "-":  # a column "split" may hold the numbers of folds
        free = [number for number in table.named("split") if number not in found.values()]
        found["fold"] = next((number for number in free if _tells("fold", table.values(number))), None)
    return found


def is_computed(table: Table) -> bool:
    """Whether a table holds computed features, one number after the other, rather than facts about clips."""
    return any(
        _COMPUTED.fullmatch(name.strip()[:_LONGEST]) is not None
        and all(map(_is_number, filter(None, table.values(number)[:20])))
        for number, name in enumerate(table.columns)
    )


def label_candidates(table: Table, columns: Mapping[str, int | None]) -> tuple[Candidate, ...]:
    """Columns that could hold the classes, with their commonest values."""
    taken = {columns[meaning] for meaning in COLUMNS if meaning not in ("label", "group")}
    few: list[Candidate] = []
    many: list[Candidate] = []
    for number, name in enumerate(table.columns):
        counted = Counter(filter(None, table.values(number)))
        if number in taken or not name or len(counted) < 2:
            continue
        shown = ", ".join(f"{value[:30]} {count:,}" for value, count in counted.most_common(3))
        answer = Candidate(name, f"{len(counted):,} values: {shown}" + (" …" if len(counted) > 3 else ""))
        (few if len(counted) <= min(_MOST_CLASSES, max(len(table.rows) / 2, 2)) else many).append(answer)
    return tuple(few or many)


def _file(table: Table, named: Sequence[int], hits: Callable[[Sequence[str]], int]) -> int | None:
    """The first column called like one of file names that finds any; else the one whose cells are files."""
    for number in named:
        if hits(table.values(number)):
            return number
    for number in range(len(table.columns)):
        cells = [cell for cell in table.values(number)[:50] if cell]
        if number not in named and len(cells) >= 2 and hits(cells) >= max(len(cells) / 2, 2):
            return number
    # without any sound, an id is not called a file name for its name alone
    return next((number for number in named if not table.columns[number].strip().casefold().endswith("id")), None)


def _may_be_label(cells: Sequence[str]) -> bool:
    known = [cell for cell in cells if cell]
    return not cells or (bool(known) and not (len(known) >= _ALIKE and len(set(known)) == len(known)))


def _tells(meaning: str, cells: Sequence[str]) -> bool:
    """Whether every cell that is filled in is a fold's number (or a part's name)."""
    known = {cell for cell in cells if cell}
    if meaning == "split":
        return bool(known) and all(map(naming.split, known))
    return bool(known) and None not in map(naming.fold, known)


def _is_number(cell: str) -> bool:
    try:
        float(cell.replace(",", "."))
    except ValueError:
        return False
    return True
