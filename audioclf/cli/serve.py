"""The command that answers over HTTP: serve."""

from __future__ import annotations

from pathlib import Path

import click

from audioclf.cli.group import cli
from audioclf.cli.options import opened_run, run_argument


@cli.command()
@run_argument
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen at; 0.0.0.0 is every network.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=0, type=click.IntRange(0, 64), help="Processes that answer; 0: one per core.")
@click.option("--max-mb", default=20.0, show_default=True, type=click.FloatRange(0.001, 2000), help="Of one request.")
@click.option(
    "--max-seconds", default=60.0, show_default=True, type=click.FloatRange(0.01, 3600), help="Of sound at a time."
)
@click.option(
    "--rate", default=1200.0, show_default=True, type=click.FloatRange(0), help="Requests a minute and client."
)
def serve(run: Path, host: str, port: int, workers: int, max_mb: float, max_seconds: float, rate: float) -> None:
    """Answer with the models of RUN over HTTP: POST /classify with a file; /docs has the rest."""
    from audioclf.export.formats import require

    require("audioclf serve", ("fastapi", "uvicorn", "python_multipart"), "serve")
    from audioclf.export.http import Limits
    from audioclf.export.http import serve as listen

    opened = opened_run(run, quiet=False)
    limits = Limits(max_mb=max_mb, max_seconds=max_seconds, per_minute=rate, workers=workers)
    click.echo(f"Loading the models; then http://{host}:{port}/docs answers. Ctrl-C stops.", err=True)
    listen(opened, host, port, limits)
