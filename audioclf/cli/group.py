"""The group that every command joins: refusals become one sentence on standard error and exit code 2."""

from __future__ import annotations

from typing import Any

import click

from audioclf.cli import stopping
from audioclf.core.errors import AudioclfError


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
