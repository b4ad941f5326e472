"""``python -m audioclf`` and ``audioclf``: the command line."""

from __future__ import annotations

import signal


def main() -> None:
    """Entry point of the ``audioclf`` command."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)  # while modules are imported there is nothing to put in order

    from audioclf.cli import main as command

    command()


if __name__ == "__main__":
    main()
