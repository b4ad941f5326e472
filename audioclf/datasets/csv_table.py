"""Tables of text as people's programs write them: any encoding, any separator, and which column means what."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from audioclf.core.errors import DatasetError

MOST_BYTES = 256 * 2**20
"""Largest table that is read."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "file": (
        *("filename", "file", "filepath", "path", "slicefilename", "audiofilename", "audiofile", "audiopath", "audio"),
        *("wavfile", "wavfilename", "wav", "fname", "soundfile", "sound", "recordingfile", "track", "clip", "name"),
    ),
    "label": (
        *("label", "class", "classname", "category", "labelname", "labels", "primarylabel", "genre", "emotion"),
        *("species", "word", "digit", "instrument", "tag", "target", "classid", "y"),
    ),
    "group": (
        *("group", "speaker", "speakerid", "subject", "subjectid", "participant", "clientid", "artist", "srcfile"),
        *("source", "sourceid", "sourcefile", "session", "fsid", "recordist", "site", "device"),
    ),
    "fold": ("fold", "split", "subset", "set", "partition"),
    "start": ("start", "starttime", "starts", "offset", "begin", "begintime", "onset", "from"),
    "end": ("end", "endtime", "ends", "stop", "offsettime", "to"),
    "duration": ("duration", "durations", "length", "len"),
}
"""Column names that are understood, without case, blanks and underscores; the first found is taken."""


@dataclass(frozen=True)
class Table:
    """Header and rows.

    Attributes
    ----------
    columns : tuple of str
    rows : list of (int, list of str)
        Number of the line each row ends at, and its cells.
    broken : list of (int, str)
        Lines that could not be read, and why.
    """

    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    broken: list[tuple[int, str]]

    def column(self, meaning: str) -> int | None:
        """Number of the column that has a meaning (a key of :data:`MEANINGS`) by its name; None if none has."""
        plain = [re.sub(r"[\W_]+", "", name.casefold()) for name in self.columns]
        return next((plain.index(name) for name in MEANINGS[meaning] if name in plain), None)


def decode(data: bytes) -> str:
    """Text in UTF-8, in UTF-16 or UTF-32 with or without a byte order mark, or else in Windows-1252."""
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            return data.decode(encoding, errors="replace")
    head = data[:4096]
    even, odd = head[0::2].count(0), head[1::2].count(0)
    if max(even, odd) > len(head) // 8:
        return data.decode("utf-16-be" if even > odd else "utf-16-le", errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")


def read_table(data: bytes, name: str) -> Table:
    """Read a table whose first row names the columns.

    Parameters
    ----------
    data : bytes
    name : str
        What to call it in an error.

    Raises
    ------
    DatasetError
        When it is too large or holds no row.
    """
    if len(data) > MOST_BYTES:
        raise DatasetError(
            f"'{name}' is {len(data) / 2**20:.0f} MB, at most {MOST_BYTES // 2**20} MB of table were expected;"
            " take out the columns that are not needed."
        )
    text = decode(data).replace("\0", "")
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=False)
    read: list[tuple[int, list[str]]] = []
    broken: list[tuple[int, str]] = []
    while True:
        try:
            cells = next(lines)
        except StopIteration:
            break
        except csv.Error as error:
            broken.append((lines.line_num, str(error)))
            continue
        if any(cell.strip() for cell in cells):
            read.append((lines.line_num, [cell.strip() for cell in cells]))
    if not read:
        raise DatasetError(f"'{name}' is empty, a table with a row of column names was expected; export it again.")
    return Table(tuple(read[0][1]), read[1:], broken)


def write_table(rows: Iterable[Iterable[object]]) -> str:
    """CSV, safe to open in a spreadsheet program: every cell is :func:`guarded`."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows([guarded(cell) for cell in row] for row in rows)
    return text.getvalue()


def guarded(cell: object) -> str:
    """A cell that no spreadsheet program takes for a formula: one that begins like a formula gets an apostrophe."""
    text = "" if cell is None else str(cell)
    if (text[:1] in _FORMULA and not _is_number(text)) or (text[:1] == "'" and text[1:2] in (*_FORMULA, "'")):
        return f"'{text}"
    return text


def unguarded(cell: str) -> str:
    """What :func:`guarded` was given."""
    return cell[1:] if cell[:1] == "'" and cell[1:2] in (*_FORMULA, "'") else cell


def _is_number(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+(\.\d+)?(e[+-]?\d+)?", text, re.ASCII) is not None


def _delimiter(text: str) -> str:
    """The separator that the first line has most of, outside quotes."""
    first: Sequence[str] = text.lstrip().splitlines()[:1]
    line = re.sub(r'"[^"]*"', "", first[0]) if first else ""
    return max(",;\t|", key=line.count)
