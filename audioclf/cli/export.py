"""Commands by which a run leaves and comes back: export, import, report."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, opened_run, print_json, run_argument, trust_code
from audioclf.export.formats import FORMATS


@cli.command()
@run_argument
@click.option("--format", "name", default="onnx", show_default=True, help=f"One of {', '.join(FORMATS)}.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; named after the run where left out.")
@click.option(
    "--zip", "bundled", is_flag=True, help="A zip: model, labels, example, card, classify.py, web page (onnx)."
)
@click.option("--split", help="Only the models of this split; all are averaged where left out.")
@click.option("--int8", is_flag=True, help="Quantise the network (litert); the loss in accuracy is measured.")
@click.option("--web-runtime", is_flag=True, help="Put onnxruntime-web into the zip, fetched with npm.")
@trust_code
@as_json
def export(run: Path, name: str, out: Path | None, as_json: bool, **options: Any) -> None:
    """Write RUN as a file for other programs: onnx, litert, keras; run, for another audioclf; python, a script.

    Models go from samples to probabilities, and are compared with the run's own before the file is there.
    """
    from audioclf.export import formats
    from audioclf.export.job import export_run

    chosen = formats.named(name)
    opened = opened_run(run)
    out = out or Path(f"{opened.id}{'.zip' if options['bundled'] else chosen.suffix}")
    found = export_run(opened, out, name, **options, progress=_progress)
    if as_json:
        print_json(found.to_dict())
        return
    if found.sentence:
        click.echo(found.sentence)
    click.echo(str(found.path))


@cli.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@as_json
def import_(file: Path, as_json: bool) -> None:
    """Open FILE, a run that another audioclf wrote with "export --format run"; nothing of it is run."""
    from audioclf.export.archive import import_run

    run = import_run(file)
    if as_json:
        print_json({"run": str(run.folder), "name": run.name})
        return
    click.echo(str(run.folder))


@cli.command()
@run_argument
@click.option("--out", type=click.Path(path_type=Path), help="Page to write; named after the run where left out.")
@trust_code
def report(run: Path, out: Path | None, trust_code: bool) -> None:
    """Write all there is to know of RUN as one HTML page that needs no other file and prints."""
    from audioclf.export.report.run import write_report

    opened = opened_run(run)
    out = out or Path(f"{opened.id}-report.html")
    write_report(opened, out, trust_code=trust_code, progress=_progress)
    click.echo(str(out))


def _progress(done: int, total: int, words: str) -> None:
    click.echo(words, err=True)
