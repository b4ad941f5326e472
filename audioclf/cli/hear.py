"""The command that asks a pretrained network what is in a sound: hear."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from audioclf.cli.group import cli
from audioclf.cli.options import answer_each, as_json


@cli.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--top", default=5, show_default=True, type=click.IntRange(1, 521), help="Classes that are shown.")
@as_json
def hear(files: tuple[Path, ...], top: int, as_json: bool) -> None:
    """What YAMNet hears in sound FILES: the likeliest of its 521 classes, without any training."""
    from audioclf.embeddings.hearing import hear as listen

    def answer(file: Path) -> tuple[dict[str, Any], list[str]]:
        found = listen(file)
        best = ", ".join(f"{label} {score:.3f}" for label, score in found.top(top))
        return found.to_dict(top), [best, *filter(None, [found.remark])]

    answer_each(files, answer, as_json)
