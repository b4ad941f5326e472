"""The command that compares: runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, print_json, print_table


@cli.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@as_json
def runs(folders: tuple[Path, ...], as_json: bool) -> None:
    """List all runs, or compare those in FOLDERS: figures, and only the settings that differ."""
    from audioclf.core.workspaces import runs_folder
    from audioclf.experiments.runs.compare import compare_runs

    comparison = compare_runs(folders or runs_folder())
    if as_json:
        print_json(comparison.to_dict() if folders else {"runs": comparison.to_dict()["runs"]})
        return
    if not comparison.runs:
        click.echo("There are no runs yet; make one with: audioclf run RECIPE")
        return
    header = ("run", "state", "accuracy", "95 % interval", "val loss", "seconds", "parameters", "protocol", "name")
    print_table(
        header,
        [
            (
                run.id,
                run.state,
                _figure(run.accuracy, ".4f") + (" leaky" if run.leaky else ""),
                "" if run.low is None or run.high is None else f"{run.low:.3f} to {run.high:.3f}",
                _figure(run.val_loss, ".4f"),
                _figure(run.seconds, ".1f"),
                _figure(run.n_parameters, ","),
                run.protocol,
                run.name,
            )
            for run in comparison.runs
        ],
    )
    if folders and comparison.differences:
        click.echo("\nsettings that differ")
        rows = [(name, *map(_value, values)) for name, values in comparison.differences.items()]
        print_table(("setting", *(run.id for run in comparison.runs)), rows)


def _figure(value: float | None, how: str) -> str:
    return "" if value is None else format(value, how)


def _value(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
