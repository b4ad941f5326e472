"""The rows as CSV, and as the table that the documentation carries."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.text import duration
from audioclf.datasets.csv_table import write_table
from audioclf.reproduce.rows import Row

BEGIN, END = "<!-- reproduced: begin -->", "<!-- reproduced: end -->"
"""Marks between which a Markdown file carries the table."""

COLUMNS = (
    "recipe",
    "source",
    "data",
    "published_accuracy",
    "accuracy",
    "interval_low",
    "interval_high",
    "mean_over_folds",
    "sd_over_folds",
    "folds",
    "test_clips",
    "protocol",
    "leaky",
    "epochs",
    "seconds",
    "published_parameters",
    "parameters",
    "verdict",
)


def to_csv(rows: Sequence[Row]) -> str:
    """One line per recipe, below a header; safe to open in a spreadsheet program."""
    return write_table([COLUMNS, *(cells(row).values() for row in rows)])


def cells(row: Row) -> dict[str, Any]:
    """Values of one row by column."""
    low, high = row.interval or (None, None)
    return dict(
        zip(
            COLUMNS,
            (
                row.recipe,
                row.source,
                row.data,
                row.published,
                _rounded(row.accuracy),
                _rounded(low),
                _rounded(high),
                _rounded(row.mean),
                _rounded(row.sd),
                row.folds or None,
                row.n_test or None,
                row.protocol,
                row.leaky,
                row.epochs,
                _rounded(row.seconds, 1),
                row.published_parameters,
                row.parameters,
                row.verdict,
            ),
            strict=True,
        )
    )


HEADER = (
    "recipe",
    "data",
    "published",
    "here (95 % interval)",
    "over folds",
    "protocol",
    "epochs",
    "time",
    "parameters",
    "verdict",
)


def words(row: Row) -> tuple[str, ...]:
    """Texts of one row for people, in the order of :data:`HEADER`."""
    here = ""
    if row.accuracy is not None and row.interval is not None:
        here = f"{row.accuracy:.3f} ({row.interval[0]:.3f} to {row.interval[1]:.3f})"
    return (
        row.recipe,
        row.data,
        "" if row.published is None else f"{row.published:g}",
        here,
        "" if row.mean is None else f"{row.mean:.3f} ± {row.sd:.3f}, {row.folds} folds",
        row.protocol,
        row.epochs,
        duration(row.seconds),
        parameters(row),
        row.verdict,
    )


def parameters(row: Row) -> str:
    """Parameters here, and those published where they differ."""
    if row.parameters is None:
        return ""
    if row.published_parameters in (None, row.parameters):
        return f"{row.parameters:,}"
    return f"{row.parameters:,} (published: {row.published_parameters:,})"


def to_markdown(rows: Sequence[Row]) -> str:
    """Table in Markdown; a vertical bar in a cell is escaped, and so is what could be markup."""
    lines = [_line(HEADER), _line("---" for _ in HEADER)]
    lines += [_line((f"`{row.recipe}`", *map(_escape, words(row)[1:]))) for row in rows]
    return "\n".join(lines)


def write_markdown(path: Path, rows: Sequence[Row]) -> None:
    """Put the table into a Markdown file, between its marks; the rest stays as it is.

    Raises
    ------
    ParameterError
        When the file cannot be read or written, or has no marks.
    """
    try:
        text = path.read_text(encoding="utf-8")
        pattern = re.compile(f"{re.escape(BEGIN)}\n.*?{re.escape(END)}", re.DOTALL)
        if not pattern.search(text):
            raise ParameterError(
                f"'{path.name}' has no place for the table; put the lines {BEGIN} and {END} where it belongs.", "readme"
            )
        made = f"{BEGIN}\n{to_markdown(rows)}\n{END}"
        path.write_text(pattern.sub(lambda _: made, text, count=1), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError(
            f"'{path}' cannot be read and written ({error}); name a Markdown file that is yours.", "readme"
        ) from None


def _line(texts: Any) -> str:
    return "| " + " | ".join(texts) + " |"


def _escape(text: str) -> str:
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", " ".join(text.split()))


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
