"""The command line: ``audioclf COMMAND``. Exit code 0, or one sentence and 2; 130 after Ctrl-C, 143 after SIGTERM."""

from __future__ import annotations

# each module adds its commands to the group
from audioclf.cli import (
    data,
    export,
    hear,
    info,
    reproduce,
    results,
    resynthesize,
    runs,
    scan,
    search,
    serve,
    similar,
    stopping,
    study,
    train,
    use,
)
from audioclf.cli.group import cli

__all__ = [
    "cli",
    "data",
    "export",
    "hear",
    "info",
    "main",
    "reproduce",
    "results",
    "resynthesize",
    "runs",
    "scan",
    "search",
    "serve",
    "similar",
    "study",
    "train",
    "use",
]


def main() -> None:
    """Entry point of the ``audioclf`` command."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # processes started from here import nothing that lies about
    stopping.listen()
    cli(prog_name="audioclf", windows_expand_args=False)
