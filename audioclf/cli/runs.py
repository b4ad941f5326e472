"""The command that compares: runs."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, figure, print_json, print_table
from audioclf.core.errors import RunError


@cli.command()
@click.argument("folders", nargs=-1, type=click.Path(path_type=Path))
@as_json
def runs(folders: tuple[Path, ...], as_json: bool) -> None:
    """List all runs, or compare those in FOLDERS: figures, and only the settings that differ."""
    from audioclf.core.workspaces import runs_folder
    from audioclf.experiments.runs.compare import compare_runs

    comparison = compare_runs(folders or runs_folder())
    if as_json:
        plain = comparison.to_dict()
        print_json(plain | {"paired": _paired(folders)} if folders else {"runs": plain["runs"]})
        return
    if not comparison.runs:
        click.echo("There are no runs yet; make one with: audioclf run RECIPE")
        return
    header = ("run", "state", "accuracy", "95 % interval", "val loss", "ECE", "seconds", "parameters")
    print_table(
        (*header, "protocol", "name"),
        [
            (
                run.id,
                run.state,
                figure(run.accuracy, ".4f") + (" leaky" if run.leaky else ""),
                "" if run.low is None or run.high is None else f"{run.low:.3f} to {run.high:.3f}",
                figure(run.val_loss, ".4f"),
                figure(run.calibration_error, ".3f"),
                figure(run.seconds, ".1f"),
                figure(run.n_parameters, ","),
                run.protocol,
                run.name,
            )
            for run in comparison.runs
        ],
    )
    pairs = _paired(folders)
    if pairs:
        click.echo("\n" + "\n".join(pair["sentence"] for pair in pairs))
    if folders and comparison.differences:
        click.echo("\nsettings that differ")
        rows = [(name, *map(_value, values)) for name, values in comparison.differences.items()]
        print_table(("setting", *(run.id for run in comparison.runs)), rows)


def _paired(folders: Sequence[Path]) -> list[dict[str, Any]]:
    """The paired test of the first run that has results against each of the others, or why there is none."""
    from audioclf.experiments.runs import open_run, paired_test

    done = [run for run in map(open_run, folders) if run.has_metrics]
    found: list[dict[str, Any]] = []
    for other in done[1:]:
        pair: dict[str, Any] = {"first": done[0].id, "second": other.id}
        try:
            test = paired_test(done[0], other)
            found.append(pair | test.to_dict() | {"sentence": test.sentence(done[0].id, other.id)})
        except RunError as error:
            found.append(pair | {"sentence": str(error)})
    return found


def _value(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
