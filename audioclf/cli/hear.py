"""The command that asks a pretrained network what is in a sound: hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import as_json, print_json
from audioclf.core.errors import AudioclfError


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 521), help="Classes that are shown.")
@as_json
def hear(files: tuple[Path, ...], top: int, as_json: bool) -> None:
    """What YAMNet hears in sound FILES: the likeliest of its 521 classes, without any training."""
    from audioclf.embeddings.hearing import hear as listen

    answers: list[dict[str, Any]] = []
    failed = False
    for file in files:
        try:
            found = listen(file)
        except AudioclfError as error:
            failed = True
            answers.append({"file": str(file), "error": str(error)})
            click.echo(f"audioclf: {error}", err=True)
            continue
        answers.append({"file": str(file), **found.to_dict(top)})
        if not as_json:
            click.echo(f"{file}: " + ", ".join(f"{label} {score:.3f}" for label, score in found.top(top)))
            if found.remark:
                click.echo(f"  {found.remark}")
    if as_json:
        print_json(answers)
    if failed:
        raise SystemExit(2)
