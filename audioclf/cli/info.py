"""Commands to look around: app, datasets, recipes, features, settings."""

from __future__ import annotations

from pathlib import Path

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, figure, literals_of, print_json, print_table


@cli.command()
@click.option("--port", type=int, default=8501, show_default=True, help="Port to listen on.")
@click.option("--address", default="localhost", show_default=True, help="Address to listen on; 0.0.0.0 for a class.")
@click.option("--no-browser", is_flag=True, help="Do not open a browser window.")
def app(port: int, address: str, no_browser: bool) -> None:
    """Open the app in the browser."""
    import os
    import subprocess
    import sys

    from audioclf.inference.assets import app_folder

    folder = app_folder()
    # Streamlit reads .streamlit/config.toml from where it is started
    os.chdir(folder)
    options = [f"--server.port={port}", f"--server.address={address}", f"--server.headless={str(no_browser).lower()}"]
    raise SystemExit(subprocess.call([sys.executable, "-m", "streamlit", "run", "app.py", *options]))


@cli.command()
@as_json
def datasets(as_json: bool) -> None:
    """List the data sets known by name."""
    from audioclf.datasets import available

    names = ("title", "description", "licence") if as_json else ("title", "licence")
    rows = [{"name": item.kind} | {name: getattr(item, name) for name in names} for item in available()]
    if as_json:
        print_json(rows)
    else:
        print_table(("name", *names), [row.values() for row in rows])


@cli.command()
@as_json
def recipes(as_json: bool) -> None:
    """List the recipes: name, source, published figures, parameter count, and the data each runs on."""
    from audioclf import recipes as book

    entries = [book.get(name) for name in book.names()]
    if as_json:
        print_json(
            [
                {
                    "name": recipe.name,
                    "title": recipe.title,
                    "source": recipe.source,
                    "note": recipe.note,
                    "reference": dict(recipe.reference),
                    "parameters": recipe.n_parameters,
                    "dataset": recipe.experiment.dataset.name,
                    "stand_in": recipe.stand_in,
                }
                for recipe in entries
            ]
        )
        return
    rows = [
        (
            recipe.name,
            figure(recipe.published, ""),
            figure(recipe.n_parameters, ","),
            " or ".join(filter(None, (recipe.experiment.dataset.name, recipe.stand_in))),
            recipe.title,
        )
        for recipe in entries
    ]
    print_table(("name", "published", "parameters", "data", "title"), rows)


@cli.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--kind", default="mel", show_default=True, help="Feature: waveform, spectrum, stft, cqt, mel, mfcc.")
@click.option("--set", "pairs", multiple=True, metavar="KEY=VALUE", help="Parameter of the feature, such as n_mels=64.")
@click.option("--sr", type=float, default=22050, show_default=True, help="Sample rate to resample to, in Hz.")
@click.option("--offset", type=float, default=0.0, help="Where to begin, in seconds.")
@click.option("--duration", type=float, help="How much to take, in seconds.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Picture to write: .png, .svg or .pdf.")
def features(
    file: Path, kind: str, pairs: tuple[str, ...], sr: float, offset: float, duration: float | None, out: Path
) -> None:
    """Draw one feature of a sound FILE."""
    from audioclf.audio.io import load_audio
    from audioclf.features import FEATURES
    from audioclf.plots.feature import feature_figure
    from audioclf.plots.png import save

    feature = FEATURES[kind].from_dict(literals_of(pairs))
    y, rate = load_audio(file, sr=sr, offset=offset, duration=duration)
    save(feature_figure(feature.compute(y, rate), title=f"{file.name}: {feature.title}"), out)
    click.echo(str(out))


@cli.command()
@as_json
def settings(as_json: bool) -> None:
    """List what can be set by environment variable, with the values in force."""
    from audioclf.core.settings import SETTINGS, get

    if as_json:
        print_json([{"variable": row.variable, "value": get(row.name), "help": row.help} for row in SETTINGS])
        return
    print_table(("variable", "value", "meaning"), [(row.variable, get(row.name), row.help) for row in SETTINGS])
