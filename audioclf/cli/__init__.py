"""The command line: ``audioclf COMMAND``. Exit code 0, or one sentence and 2; 130 after Ctrl-C, 143 after SIGTERM."""

from __future__ import annotations

from typing import Any

import click

from audioclf.cli import stopping
from audioclf.errors import AudioclfError


class Commands(click.Group):
    """Commands whose refusals are one sentence on standard error and exit code 2."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except AudioclfError as error:
            from audioclf.cli.options import printable

            click.echo(f"audioclf: {printable(str(error))}", err=True)
            ctx.exit(2)
        except KeyboardInterrupt as error:
            stopping.end(error, go_on="the same command begins again.")

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.commands)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(package_name="audioclf")
def cli() -> None:
    """Load labelled sounds, see how a machine hears them, train, judge, explain, classify."""


def main() -> None:
    """Entry point of the ``audioclf`` command."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    stopping.listen()
    cli(prog_name="audioclf", windows_expand_args=False)


# each module adds its commands to the group
from audioclf.cli import data, look, reproduce, runs, search, train, use  # noqa: E402

__all__ = ["cli", "data", "look", "main", "reproduce", "runs", "search", "train", "use"]
