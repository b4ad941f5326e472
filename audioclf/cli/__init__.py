"""The command line: ``audioclf COMMAND``. Exit code 0, or one sentence and 2; 130 after Ctrl-C, 143 after SIGTERM."""

from __future__ import annotations

from importlib import import_module

from audioclf.cli import stopping
from audioclf.cli.group import cli

__all__ = ["cli", "main"]

MODULES = (
    *("data", "export", "hear", "info", "reproduce", "results", "resynthesize", "runs", "scan", "search", "serve"),
    *("similar", "study", "train", "use"),
)
"""Each adds its commands to the group, in the order of help."""

for _name in MODULES:
    import_module(f"audioclf.cli.{_name}")


def main() -> None:
    """Entry point of the ``audioclf`` command."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # processes started from here import nothing that lies about
    stopping.listen()
    cli(prog_name="audioclf", windows_expand_args=False)
