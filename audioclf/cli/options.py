"""Options and output that several commands share."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from audioclf.errors import ParameterError

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object (or list) on the last line.")


def quiet_start(family: str) -> None:
    """Import TensorFlow without its start-up notes, where a network is going to need it.

    They are written by its C++ part before any log level counts, and would stand between the answers.
    """
    if family != "network":
        return
    sys.stderr.flush()
    kept, nothing = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 2)
    try:
        import tensorflow as tf

        tf.config.list_physical_devices()
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nothing)


def print_json(value: Any) -> None:
    """One line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns padded to their widest cell."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def settings_of(pairs: Iterable[str]) -> Mapping[str, str]:
    """``key=value`` pairs as a mapping.

    Raises
    ------
    ParameterError
        For a pair without ``=``.
    """
    found = {}
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not equals or not key.strip():
            raise ParameterError(f"--set takes key=value such as training.epochs=5, got {pair!r}.", "set")
        found[key.strip()] = value.strip()
    return found
