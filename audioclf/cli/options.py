"""Options and output that several commands share."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.text import duration
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run, Status, open_run

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, one object (or list) on the last line.")

trust_code = click.option("--trust-code", is_flag=True, help="Allow the import of code that the run or search names.")


run_argument = click.argument("run", type=click.Path(path_type=Path))

dataset_option = click.option("--dataset", help="Data set to use instead: a name, or the path of a folder.")


def quiet_start(family: str) -> None:
    """Import TensorFlow without its start-up notes, where a network is going to need it."""
    if family != "network":
        return
    from audioclf.export.convert import silent

    with silent():
        import tensorflow as tf

        tf.config.list_physical_devices()


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


def print_table(header: Sequence[str], rows: Iterable[Iterable[Any]]) -> None:
    """Columns padded to their widest cell."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(header))]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def figure(value: float | None, how: str = ".3f") -> str:
    """A number as it is formatted; nothing where it is not known."""
    return "" if value is None else format(value, how)


def answer_each(
    files: Iterable[Path], answer: Callable[[Path], tuple[dict[str, Any], Sequence[str]]], as_json: bool
) -> None:
    """Print what is answered of every file, as a mapping or as lines; exit with code 2 where one cannot be read."""
    answers: list[dict[str, Any]] = []
    for file in files:
        try:
            found, lines = answer(file)
        except AudioclfError as error:
            found = {"error": str(error)}
            click.echo(f"audioclf: {error}", err=True)
        else:
            if not as_json:
                click.echo(f"{file}: " + "\n  ".join(lines))
        answers.append({"file": str(file)} | found)
    if as_json:
        print_json(answers)
    if any("error" in found for found in answers):
        raise SystemExit(2)


def experiment_of(recipe_or_toml: str, dataset: str | None, pairs: Iterable[str]) -> Experiment:
    """The experiment of a recipe or file, on the data and with the settings that were asked for."""
    from audioclf import recipes

    is_file = recipe_or_toml.endswith(".toml")
    experiment = Experiment.load(recipe_or_toml) if is_file else recipes.load_recipe(recipe_or_toml)
    return on_data(experiment, dataset, published=not is_file).with_settings(settings_of(pairs))


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


def literals_of(pairs: Iterable[str]) -> dict[str, Any]:
    """``key=value`` pairs as a mapping, values read as TOML where they are."""
    from audioclf.core.toml import literal

    return {key: literal(value) for key, value in settings_of(pairs).items()}


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
