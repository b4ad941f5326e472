"""The command that runs the reference systems again: reproduce."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import click

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import as_json, print_json, print_table, quiet_start, watcher
from audioclf.core.errors import ParameterError, Stopped
from audioclf.core.params import unknown
from audioclf.experiments.runs import Status
from audioclf.experiments.runs.folder import JobFolder
from audioclf.reproduce.plan import Planned
from audioclf.reproduce.rows import Row
from audioclf.reproduce.runner import is_done, make_all


@cli.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option(
    "--dataset",
    "datasets",
    multiple=True,
    metavar="[WHICH=]PATH",
    help="Data to run on: for all, or for the recipes of one family, letter or name (digits=FOLDER). Repeatable.",
)
@click.option(
    "--epochs",
    multiple=True,
    metavar="[WHICH=]N",
    help="Train networks for at most so many epochs: all, or as above (genres=3). Repeatable.",
)
@click.option(
    "--random-weights", is_flag=True, help="Where ImageNet's weights cannot be had, go on with random ones and say so."
)
@click.option("--out", type=click.Path(path_type=Path), help="Folder of runs and report; the workspace's if left out.")
@click.option("--no-run", is_flag=True, help="Run nothing; only report what is there.")
@click.option("--readme", type=click.Path(path_type=Path), help="Markdown file to write the table into as well.")
@as_json
def reproduce(
    names: tuple[str, ...],
    datasets: tuple[str, ...],
    epochs: tuple[str, ...],
    random_weights: bool,
    out: Path | None,
    no_run: bool,
    readme: Path | None,
    as_json: bool,
) -> None:
    """Run the reference systems again, and write their figures beside ours as HTML and CSV.

    NAME is a recipe, a letter (A to E) or a family (instruments, digits, genres, scenes); all five systems where
    there is none. Runs that are done are kept, those that were cut off go on.
    """
    from audioclf.core import workspaces
    from audioclf.reproduce import report
    from audioclf.reproduce.plan import choose, plan
    from audioclf.reproduce.table import write_markdown

    chosen = choose(names)
    given, most = _by_word(datasets, "dataset"), _by_word(epochs, "epochs")
    _require_known([*given, *most], [word for recipe in chosen for word in (recipe.name, recipe.letter, recipe.family)])
    limits = {word: _count(text) for word, text in most.items()}
    planned = plan(chosen, datasets=given, epochs=limits, random_weights=random_weights)
    runs = out / "runs" if out is not None else workspaces.runs_folder()
    target = out if out is not None else workspaces.folder() / "reproduction"
    try:
        if not no_run:
            if out is None:
                workspaces.require_room()
            make_all(planned, runs, _watch(planned))
        rows = report.read(planned, runs)
        if any(row.recipe.letter == "C" and row.run for row in rows):
            quiet_start("network")
        if readme is not None:
            write_markdown(readme, rows)
        page, table = report.write(rows, target, say=lambda sentence: click.echo(sentence, err=True))
    except (Stopped, KeyboardInterrupt) as error:
        stopping.end(error, go_on="the same command goes on from there.")
    _print(rows, page, table, as_json)


def _by_word(pairs: Sequence[str], option: str) -> dict[str, str]:
    """``[WHICH=]VALUE`` by which; a path may hold an equals sign, so only a plain word before it counts."""
    found = {}
    for pair in pairs:
        word, equals, value = pair.partition("=")
        if not equals or not word.replace("-", "").isalnum():
            word, value = "", pair
        if not value.strip():
            raise ParameterError(f"--{option} takes [WHICH=]VALUE, such as digits=..., got {pair!r}.", option)
        found[word] = value.strip()
    return found


def _require_known(words: Sequence[str], known: Sequence[str]) -> None:
    folded = {word.lower() for word in known}
    for word in words:
        if word and word.lower() not in folded:
            raise ParameterError(
                unknown(word, dict.fromkeys(filter(None, known)), "recipe, letter or family that is run here")
            )


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise ParameterError(f"--epochs takes a whole number of at least 1, got {text!r}.", "epochs")
    return int(text)


def _watch(planned: Sequence[Planned]) -> Callable[[Planned, JobFolder], Callable[[Status], None]]:
    runnable = [item for item in planned if not item.data.missing]
    for item in planned:
        if item.data.missing:
            click.echo(f"{item.recipe.name}: {item.data.missing}", err=True)

    def begin(item: Planned, job: JobFolder) -> Callable[[Status], None]:
        place = f"{item.recipe.name} ({runnable.index(item) + 1} of {len(runnable)})"
        if is_done(job):
            click.echo(f"{place}: done before", err=True)
        show = watcher("model" if item.recipe.search is None else "point")

        def watch(status: Status) -> None:
            if status.state != "queued":  # it has yet to begin
                show(replace(status, message=f"{place}: {status.message}"))

        return watch

    return begin


def _print(rows: Sequence[Row], page: Path, table: Path, as_json: bool) -> None:
    from audioclf.reproduce.table import WORDS, cells

    if as_json:
        found = [
            cells(row) | {"state": row.state, "run": None if row.job is None else str(row.job.folder)} for row in rows
        ]
        print_json({"page": str(page), "table": str(table), "rows": found})
        return
    shown = ("recipe", "published", "here (95 % interval)", "time", "verdict")
    print_table(shown, [[WORDS[name](row) for name in shown] for row in rows])
    click.echo(f"page     {page}\ntable    {table}")
