"""Tables of text as people's programs write them: any encoding, any separator, and which column means what."""

from __future__ import annotations

import codecs
import csv
import errno
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audioclf.core.errors import DatasetError

MOST_BYTES = 256 * 2**20
"""Largest table that is read."""

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

MEANINGS: Mapping[str, tuple[str, ...]] = {
    "file": (
        *("filename", "file", "filepath", "path", "slicefilename", "audiofilename", "audiofile", "audiopath"),
        *("audio", "wavfile", "wavfilename", "wav", "fname", "soundfile", "sound", "recordingfile", "track"),
        *("clip", "name", "clipname", "filenames", "audiofilepath", "wavpath", "wavfilepath", "clippath"),
        *("mp3path", "soundfilename", "recordingfilename", "relativepath", "relpath", "itemid", "recordingid"),
        *("fileid", "clipid", "audioid", "trackid", "uttid", "utteranceid", "recording", "soundid", "id"),
    ),
    "label": (
        *("label", "class", "classname", "category", "labelname", "labels", "primarylabel", "genre", "emotion"),
        *("species", "word", "digit", "instrument", "tag", "target", "classid", "y", "scenelabel", "scene"),
        *("eventlabel", "event", "commonname", "speciesname", "speciescode", "ebirdcode", "command", "keyword"),
        *("genretop", "instrumentfamily", "instrumentfamilystr", "emotionlabel", "hasbird", "diagnosis"),
        *("groundtruth", "labelid", "labelidx", "classlabel"),
    ),
    "group": (
        *("group", "speaker", "speakerid", "subject", "subjectid", "participant", "clientid", "artist"),
        *("srcfile", "source", "sourceid", "sourcefile", "session", "fsid", "recordist", "site", "device"),
        *("actor", "actorid", "speakername", "participantid", "patient", "patientid", "userid", "user"),
        *("artistid", "artistname", "freesoundid", "sourcerecording", "originalfile", "originalfilename"),
        *("identifier", "siteid", "author", "location", "locationid", "recorder", "station", "city"),
        *("deviceid", "sessionid", "recordingdate", "date", "day"),
    ),
    "fold": ("fold", "foldid", "cvfold", "kfold"),
    "split": ("split", "subset", "set", "partition", "datasplit", "datasubset", "usage", "mode", "phase"),
    "start": ("start", "starttime", "starts", "offset", "begin", "begintime", "onset", "from"),
    "end": ("end", "endtime", "ends", "stop", "offsettime", "to"),
    "duration": ("duration", "durations", "length", "len"),
}
"""Column names that are understood, without case, blanks and underscores; the first found is taken.

They are those of the usual published sets: UrbanSound8K, ESC-50, FSD, DCASE, FMA, BirdCLEF, Common Voice, NSynth.
"""


@dataclass(frozen=True)
class Table:
    """Header and rows (number of the line each ends at, and its cells); lines that could not be read, and why."""

    columns: tuple[str, ...]
    rows: list[tuple[int, list[str]]]
    broken: list[tuple[int, str]]

    def column(self, meaning: str) -> int | None:
        """Number of the column that has a meaning (a key of :data:`MEANINGS`) by its name; None if none has."""
        return next(iter(self.named(meaning)), None)

    def named(self, meaning: str) -> list[int]:
        """Numbers of all columns whose names have a meaning, likeliest first."""
        plain = [re.sub(r"[\W_]+", "", name.casefold()) for name in self.columns]
        return [plain.index(name) for name in dict.fromkeys(MEANINGS[meaning]) if name in plain]

    def values(self, column: int) -> list[str]:
        """Cells of one column, empty where a row is too short."""
        return [unguarded(cells[column]) if column < len(cells) else "" for _, cells in self.rows]


def read_file(path: Path, most: int = -1) -> bytes:
    """The first bytes of a regular file; nothing else is opened, since a pipe would be waited for.

    Raises
    ------
    OSError
    """
    if not path.is_file():
        raise FileNotFoundError(errno.ENOENT, "it is no regular file", str(path))
    with path.open("rb") as file:
        return file.read(most)


def decode(data: bytes) -> str:
    """Text in UTF-8, in UTF-16 or UTF-32 with or without a byte order mark, or else in Windows-1252."""
    if data.startswith((codecs.BOM_UTF8, codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)):
        return data.decode(json.detect_encoding(data), errors="replace")  # the mark of UTF-16 begins that of UTF-32
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
    if text.lstrip().startswith("{"):
        return _json_lines(text, name)
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


def _json_lines(text: str, name: str) -> Table:
    """A table of JSON Lines: an object a line, whose names are the columns."""
    rows: list[tuple[int, dict[str, object]]] = []
    broken: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line) if line.strip() else None
        except (ValueError, RecursionError):
            row = line
        if isinstance(row, dict):
            rows.append((number, row))
        elif row is not None:
            broken.append((number, "it is no JSON object"))
    columns = tuple(dict.fromkeys(key for _, row in rows for key in row))
    if not columns:
        raise DatasetError(f"'{name}' holds no JSON object, one a line was expected; export it again.")
    cells = [
        (number, ["" if row.get(key) is None else str(row[key]).strip() for key in columns]) for number, row in rows
    ]
    return Table(columns, cells, broken)


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
