"""The command that searches: search."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli import stopping
from audioclf.cli.group import cli
from audioclf.cli.options import (
    as_json,
    dataset_option,
    figure,
    on_data,
    print_json,
    print_table,
    quiet_start,
    settings_of,
    trust_code,
    watcher,
)
from audioclf.core.errors import AudioclfError, ParameterError, Stopped
from audioclf.core.text import duration
from audioclf.models import Model
from audioclf.models.trust import require_trusted, trusting_code
from audioclf.tuning import METRICS, PRUNERS, SAMPLERS, Range, Search, SearchRun, read_values, short, spelled


@cli.command()
@click.argument("recipe_or_toml", required=False)
@dataset_option
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Change one value that all points share.")
@click.option("--grid", multiple=True, metavar="NAME=V1,V2,...", help="Values to try, such as feature.n_fft=1024,2048.")
@click.option(
    "--random",
    "ranges",
    multiple=True,
    metavar="NAME=LOW:HIGH[:log]",
    help="Draw from a range, such as training.learning_rate=0.0001:0.01:log.",
)
@click.option("--points", "n_points", type=int, help="Points to draw; without it a grid is tried whole.")
@click.option("--sampler", type=click.Choice(SAMPLERS), help="How points are chosen; random with --random or --points.")
@click.option("--pruner", type=click.Choice(PRUNERS), help="Stop points early that fall behind in validation loss.")
@click.option("--metric", type=click.Choice(list(METRICS)), help="Validation figure that chooses.")
@click.option("--share", type=float, help="Share of every class's clips that is used.")
@click.option("--seed", type=int, help="Seed of the draw.")
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the search; a new one where left out.")
@click.option("--resume", type=click.Path(path_type=Path), metavar="FOLDER", help="Go on with the search in FOLDER.")
@click.option(
    "--join",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Take points of the search in FOLDER, which another process is making.",
)
@trust_code
@as_json
def search(
    recipe_or_toml: str | None,
    dataset: str | None,
    pairs: tuple[str, ...],
    grid: tuple[str, ...],
    ranges: tuple[str, ...],
    out: Path | None,
    resume: Path | None,
    join: Path | None,
    trust_code: bool,
    as_json: bool,
    **changes: Any,
) -> None:
    """Try values of any parameter of a recipe or TOML file; the validation clips choose."""
    from audioclf.core.workspaces import searches_folder
    from audioclf.experiments.runs import new_folder
    from audioclf.tuning import create_search, execute_search, open_search

    known = resume or join
    if known is not None:
        given = (recipe_or_toml, dataset, pairs, grid, ranges, out, *changes.values())
        if any(option not in (None, ()) for option in given) or (resume and join):
            raise ParameterError(
                "A search goes on with the values it began with; name nothing beside --resume FOLDER or --join FOLDER.",
                "resume",
            )
    folder = known or out or new_folder(searches_folder())
    named: list[Model] = []
    try:
        if known is not None:
            made = open_search(folder)
        elif recipe_or_toml is None:
            raise ParameterError("Name a recipe or a TOML file to search over, or --resume FOLDER.")
        else:
            if changes["n_points"] or ranges:
                changes["sampler"] = changes["sampler"] or "random"
            values = {**settings_of(grid, "--grid"), **settings_of(ranges, "--random")}
            wanted = _search(recipe_or_toml, dataset, pairs, values, changes)
            for sentence in wanted.advice:
                click.echo(f"audioclf: {sentence}", err=True)
            made = create_search(wanted, folder, begun=True)
        models = [point.experiment.model for point in made.search.preview]
        named = [model for model in models if model.names_code]
        trusted = trust_code or known is None
        with trusting_code(trusted):
            for model in named:
                require_trusted(model)
        if resume is not None:
            (folder / "stop").unlink(missing_ok=True)
        quiet_start("network" if "network" in {model.family for model in models} else "classical")
        watch = watcher("point")
        execute_search(made, watch=watch, should_stop=stopping.asked, join=join is not None, trust_code=trusted)
    except (Stopped, KeyboardInterrupt) as error:
        if not (folder / SearchRun.recipe).is_file():
            raise
        more = ["--trust-code"] if named else []
        stopping.end(error, go_on=["audioclf", "search", "--join" if join else "--resume", folder, *more])
    if join is not None and made.best is None:
        click.echo(f"search   {made.folder}")
        return
    _report(made, as_json)


def _search(
    source: str, dataset: str | None, pairs: tuple[str, ...], values: dict[str, str], changes: dict[str, Any]
) -> Search:
    """The search that a recipe or file holds, or that the options make of one that holds none."""
    from audioclf import recipes
    from audioclf.experiments.config import Experiment

    found: Search | None
    if source.endswith(".toml"):
        try:
            found = Search.load(source)
            experiment = found.experiment
        except ParameterError as error:
            if error.field != "search" or not values:
                raise
            found, experiment = None, Experiment.load(source)
    else:
        recipe = recipes.get(source)
        found, experiment = recipe.search, recipe.experiment
    experiment = on_data(experiment, dataset, published=not source.endswith(".toml")).with_settings(settings_of(pairs))
    given = {key: value for key, value in changes.items() if value is not None}
    tried = {name: read_values(text) for name, text in values.items()}
    if found is None:
        return Search(experiment, tried, **given)
    if any(isinstance(value, Range) for value in tried.values()) and found.sampler == "grid":
        given.setdefault("sampler", "random")
    return found.replace(experiment=experiment, grid={**found.grid, **tried}, **given)


def _report(made: SearchRun, as_json: bool) -> None:
    result = made.result()
    if as_json:
        print_json(result)
        return
    wanted = made.search
    names = short(wanted.grid)
    rows = []
    for place, standing in enumerate(made.board, start=1):
        figures = [figure(standing.val_loss, ".4f"), figure(standing.val_accuracy, ".4f")]
        time = figure(standing.seconds, ".1f")
        settings = [spelled(standing.settings[name]) for name in wanted.grid]
        rows.append((place, standing.number, *settings, *figures, standing.epochs, time, standing.state))
    print_table(("place", "point", *names.values(), "val_loss", "val_accuracy", "epochs", "seconds", "state"), rows)
    best = result["best"]
    if best is None:
        raise AudioclfError(made.status.message)
    low, high = best["test_interval"]
    click.echo(f"best     {made.standing(best['point']).title}  ({wanted.metric} {best[wanted.metric]:.4g})")
    click.echo(
        f"its test accuracy {best['test_accuracy']:.4f}  (95 % interval {low:.3f} to {high:.3f}), not used to choose"
    )
    click.echo(f"time     {duration(result['seconds'])} for {result['n_done']} of {result['n_points']} points")
    click.echo(f"run      {best['run']}")
    click.echo(f"search   {made.folder}")
