"""Files of a run: written whole or not at all, read with a sentence where they are damaged."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from audioclf.core import documents
from audioclf.core.errors import RunError
from audioclf.core.files import write_atomic

MAX_CSV_BYTES = 256 * 2**20


def write_text(path: Path, text: str) -> None:
    """Write a file whole or not at all: beside it, flushed, then put in its place."""
    write_atomic(path, text, durable=True)


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write JSON whole or not at all."""
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False))


def read_json(path: Path, missing: Any = None) -> Any:
    """Read JSON; ``missing`` where there is no file and something else may stand for it.

    Raises
    ------
    RunError
    """
    if missing is not None and not path.is_file():
        return missing
    try:
        return documents.read_json(path)
    except (OSError, ValueError) as error:
        raise RunError(
            f"{path.name} of run '{path.parent.name}' cannot be read ({error}); the run is damaged."
        ) from error


def read_csv(path: Path, columns: tuple[str, ...]) -> list[dict[str, str]]:
    """Rows below the header, by its names; a row that is not whole, as one that is being written, is left out.

    Columns that an older or newer version of the program had or has not are empty, or passed over.

    Raises
    ------
    RunError
    """
    if not path.is_file():
        return []
    try:
        if path.stat().st_size > MAX_CSV_BYTES:
            raise ValueError(f"it is larger than {MAX_CSV_BYTES:,} bytes")
        with path.open(newline="", encoding="utf-8", errors="surrogateescape") as file:
            reader = csv.reader(file)
            header = next(reader, [])
            rows = [dict(zip(header, row, strict=True)) for row in reader if len(row) == len(header)]
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(
            f"{path.name} of run '{path.parent.name}' cannot be read ({error}); the run is damaged."
        ) from error
    return [{name: row.get(name, "") for name in columns} for row in rows]


def write_csv(path: Path, header: Iterable[str], rows: Iterable[Iterable[Any]]) -> None:
    """Write a table whole or not at all."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(header)
    writer.writerows(rows)
    write_text(path, text.getvalue())


def cell(value: Any) -> str:
    """A value as a cell of CSV; None as an empty one."""
    return "" if value is None else str(value)
