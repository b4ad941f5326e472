"""Work of a page in a process of its own, for what must not be imported here; used from a background task."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from typing import Any

from audioclf.core.errors import AudioclfError
from audioclf.ui.shell.tasks import Progress

_log = logging.getLogger(__name__)


def run(module: str, arguments: Sequence[str], progress: Progress, should_stop: Callable[[], bool]) -> dict[str, Any]:
    """Run ``python -m module``, which writes its steps and its result as lines of JSON.

    Parameters
    ----------
    module : str
    arguments : sequence of str
    progress : callable
        Called with steps done and all steps; may raise to stop.
    should_stop : callable

    Returns
    -------
    dict
        Its last line.

    Raises
    ------
    AudioclfError
        What it refused, in its words, or a neutral sentence where it ended otherwise; the log has the rest.
    Stopped
    """
    command = [sys.executable, "-P", "-m", module, *arguments]
    with tempfile.TemporaryFile() as answers, tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=answers, stderr=log, env=os.environ | {"PYTHONSAFEPATH": "1"}
        )
        try:
            while child.poll() is None:
                last = _last(answers)
                progress(int(last.get("done", 0)), int(last.get("total", 0)))
                if should_stop():
                    break
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(0.2)
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
        progress(0, 0)  # raises where a stop was asked for
        if child.returncode:
            log.seek(0)
            lines = log.read().decode("utf-8", "replace").strip().splitlines()
            _log.error("%s: %s", module, "\n".join(lines[-20:]))
            refused = lines and child.returncode == 2
            raise AudioclfError(lines[-1] if refused else "It could not be made; try again.")
        return _last(answers)


def _last(answers: Any) -> dict[str, Any]:
    answers.seek(0)
    for line in reversed(answers.read().decode("utf-8", "replace").split("\n")[:-1]):
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
    return {}
