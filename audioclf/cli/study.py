"""The command that makes a ready-made set of runs: study."""

from __future__ import annotations

from pathlib import Path

import click

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import (
    as_json,
    dataset_option,
    experiment_of,
    figure,
    print_json,
    print_table,
    quiet_start,
    watcher,
)
from audioclf.core.errors import Stopped
from audioclf.core.text import duration


@cli.command()
@click.argument("kind", type=click.Choice(["leakage", "bake-off"]))
@click.argument("recipe_or_toml")
@dataset_option
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Change one value, such as training.epochs=5.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the runs; those done stay.")
@as_json
def study(
    kind: str, recipe_or_toml: str, dataset: str | None, pairs: tuple[str, ...], out: Path, as_json: bool
) -> None:
    """Run an experiment in several ways: does its split leak (leakage), or which feature is best (bake-off)?"""
    from audioclf.tuning.studies import conclusion, make, rows, run_study

    experiment = experiment_of(recipe_or_toml, dataset, pairs)
    data = experiment.dataset.load(should_stop=stopping.asked)
    planned = make(kind, experiment, data)
    for variant in planned.variants:
        if variant.refusal:
            click.echo(f"audioclf: {variant.title} is left out: {variant.refusal}", err=True)
    quiet_start(experiment.model.family)
    try:
        found = rows(run_study(planned, out, watch=watcher(), should_stop=stopping.asked))
    except (Stopped, KeyboardInterrupt) as error:
        stopping.end(error, go_on="the same command goes on with it.")
    sentences = conclusion(found) if kind == "leakage" else []
    if as_json:
        print_json({"kind": kind, "rows": [row.to_dict() for row in found], "conclusion": sentences})
        return
    print_table(
        ("variant", "accuracy", "95 % interval", "time", "values per clip", "weights"),
        [
            (
                row.title,
                figure(row.accuracy, ".4f"),
                "" if row.low is None or row.high is None else f"{row.low:.3f} to {row.high:.3f}",
                duration(row.seconds),
                figure(row.n_values, ","),
                f"{row.n_parameters:,}" if row.n_parameters else "",
            )
            for row in found
        ],
    )
    if sentences:
        click.echo("\n" + "\n".join(sentences))
