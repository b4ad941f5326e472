"""Options and output that several commands share."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from audioclf.core.errors import ParameterError
from audioclf.core.text import duration
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run, Status, open_run

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object (or list) on the last line.")

trust_code = click.option("--trust-code", is_flag=True, help="Allow the import of code that the run or search names.")


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


def opened_run(run: Path, *, quiet: bool = True) -> Run:
    """The run of a folder, or the one that comes with audioclf; ready for its models to be loaded, if ``quiet``.

    Raises
    ------
    RunError
    """
    from audioclf.inference.assets import starter_run

    opened = starter_run() if str(run) == "starter" and not run.exists() else open_run(run)
    if quiet:
        quiet_start(opened.experiment.model.family)
    return opened


def printable(text: str) -> str:
    """Text in which nothing steers a terminal: what does not print is escaped."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def print_json(value: Any) -> None:
    """One line of JSON."""
    click.echo(json.dumps(value, ensure_ascii=False))


def print_table(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Columns padded to their widest cell."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def on_data(experiment: Experiment, dataset: str | None, *, published: bool = False) -> Experiment:
    """The experiment on the data set that ``--dataset`` names, or on its own.

    A published recipe keeps its protocol on its own data only: on other data groups are kept together.
    """
    if dataset is None:
        return experiment
    path = Path(dataset)
    name = str(path.resolve()) if path.exists() else dataset
    if published and name != experiment.dataset.name and not experiment.copies.before_split:
        experiment = experiment.replace(split=experiment.split.replace(by_group=True))
    return experiment.replace(dataset=experiment.dataset.replace(name=name, options={}))


def settings_of(pairs: Iterable[str], option: str = "--set") -> Mapping[str, str]:
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
            raise ParameterError(f"{option} takes key=value such as training.epochs=5, got {pair!r}.", option[2:])
        found[key.strip()] = value.strip()
    return found


def watcher(what: str = "model") -> Callable[[Status], None]:
    """A line of progress on standard error: rewritten in a terminal, now and then elsewhere."""
    terminal = sys.stderr.isatty()
    last = [0.0]

    def watch(status: Status) -> None:
        line = f"{status.message}"
        if status.n_fits > 1:
            line = f"{what} {status.fit} of {status.n_fits}: {line}"
        if status.seconds_left:
            line += f", {duration(status.seconds_left)} left"
        if status.state == "stopped":  # how to go on is the command's to say
            click.echo("\r\033[K" if terminal else "", nl=False, err=True)
        elif terminal:
            click.echo(f"\r\033[K{line}", nl=status.state != "running", err=True)
        elif time.monotonic() - last[0] > 10 or status.state != "running":
            last[0] = time.monotonic()
            click.echo(line, err=True)

    return watch
