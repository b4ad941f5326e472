"""The rows as CSV, and as the table that the documentation carries."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.text import duration, markdown_table
from audioclf.datasets.csv_table import write_table
from audioclf.reproduce.rows import Row

BEGIN, END = "<!-- reproduced: begin -->", "<!-- reproduced: end -->"
"""Marks between which a Markdown file carries the table."""

COLUMNS: dict[str, Callable[[Row], Any]] = {
    "recipe": lambda row: row.recipe.name,
    "source": lambda row: row.recipe.source,
    "data": lambda row: row.planned.words,
    "published_accuracy": lambda row: row.recipe.published,
    "accuracy": lambda row: _rounded(row.accuracy),
    "interval_low": lambda row: row.interval and _rounded(row.interval[0]),
    "interval_high": lambda row: row.interval and _rounded(row.interval[1]),
    "mean_over_folds": lambda row: _rounded(row.mean),
    "sd_over_folds": lambda row: _rounded(row.sd),
    "folds": lambda row: row.folds or None,
    "test_clips": lambda row: row.n_test or None,
    "protocol": lambda row: row.protocol,
    "leaky": lambda row: row.leaky,
    "epochs": lambda row: row.epochs,
    "seconds": lambda row: _rounded(row.seconds, 1),
    "published_parameters": lambda row: row.recipe.reference.get("parameters"),
    "parameters": lambda row: row.parameters,
    "verdict": lambda row: row.verdict,
}
"""Values of a row, for programs."""


def cells(row: Row) -> dict[str, Any]:
    """Values of one row by column."""
    return {name: value(row) for name, value in COLUMNS.items()}


def to_csv(rows: Sequence[Row]) -> str:
    """One line per recipe, below a header; safe to open in a spreadsheet program."""
    return write_table([COLUMNS, *(cells(row).values() for row in rows)])


def accuracy(row: Row) -> str:
    """Accuracy here with its interval."""
    if row.accuracy is None or row.interval is None:
        return ""
    return f"{row.accuracy:.3f} ({row.interval[0]:.3f} to {row.interval[1]:.3f})"


def parameters(row: Row) -> str:
    """Parameters here, and those published where they differ."""
    published = row.recipe.reference.get("parameters")
    if row.parameters is None:
        return ""
    if published in (None, row.parameters):
        return f"{row.parameters:,}"
    return f"{row.parameters:,} (published: {published:,})"


WORDS: dict[str, Callable[[Row], str]] = {
    "recipe": lambda row: row.recipe.name,
    "data": lambda row: row.planned.words,
    "published": lambda row: "" if row.recipe.published is None else f"{row.recipe.published:g}",
    "here (95 % interval)": accuracy,
    "over folds": lambda row: "" if row.mean is None else f"{row.mean:.3f} ± {row.sd:.3f}, {row.folds} folds",
    "protocol": lambda row: row.protocol,
    "epochs": lambda row: row.epochs,
    "time": lambda row: duration(row.seconds),
    "parameters": parameters,
    "verdict": lambda row: row.verdict,
}
"""Texts of a row, for people."""


def to_markdown(rows: Sequence[Row]) -> str:
    """Table in Markdown; a vertical bar in a cell is escaped, and so is what could be markup."""
    first, *others = WORDS.values()
    return markdown_table(WORDS, [(f"`{first(row)}`", *(_escape(text(row)) for text in others)) for row in rows])


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


def _escape(text: str) -> str:
    return re.sub(r"([\\|<>*_`\[\]])", r"\\\1", " ".join(text.split()))


def _rounded(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits)
