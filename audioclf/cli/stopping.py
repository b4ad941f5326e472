"""Ctrl-C and SIGTERM: what is under way ends in order, and one sentence says how to go on."""

from __future__ import annotations

import shlex
import signal
from collections.abc import Sequence
from types import FrameType
from typing import NoReturn

import click

_heard: list[int] = []


class Interrupted(KeyboardInterrupt):
    """Ctrl-C or SIGTERM; a class of its own, since Python ends by the signal wherever a plain one crossed an exec()."""


def listen() -> None:
    """Have Ctrl-C and SIGTERM raise :class:`Interrupted`, and remember them; whoever ignores them still does.

    They are remembered because a library may swallow the exception, or turn it into one of its own.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        if signal.getsignal(number) != signal.SIG_IGN:
            signal.signal(number, _hear)


def _hear(number: int, frame: FrameType | None) -> NoReturn:
    _heard.append(number)
    raise Interrupted


def asked() -> bool:
    """Whether Ctrl-C or SIGTERM has come."""
    return bool(_heard)


def end(error: BaseException, *, go_on: Sequence[object] | str) -> NoReturn:
    """Say in one sentence that it was stopped and how to go on, and end.

    Parameters
    ----------
    error : BaseException
        ``Stopped`` where a stop was asked for by other means, which ends with code 2; after Ctrl-C the code is 130,
        after SIGTERM 143, as of a program that does not listen to them.
    go_on : sequence or str
        The command that goes on, or the rest of the sentence.
    """
    rest = go_on if isinstance(go_on, str) else f"go on with: {shlex.join(map(str, go_on))}"
    click.echo(f"Stopped; {rest}", err=True)
    interrupted = _heard or isinstance(error, KeyboardInterrupt)
    raise SystemExit(128 + (_heard[0] if _heard else signal.SIGINT) if interrupted else 2) from None
