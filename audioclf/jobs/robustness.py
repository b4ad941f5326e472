"""A process that changes a run's test clips more and more; see :mod:`audioclf.inference.robustness`.

``python -m audioclf.jobs.robustness RUN SWEEP`` prints ``done total`` for every clip, or one line ``error: sentence``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from audioclf.core import settings
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.core.limits import be_modest, cap_memory
from audioclf.models.trust import MARK

_ERROR = "error: "


def measure_apart(
    folder: Path, sweep: str, progress: Callable[[int, int], None], should_stop: Callable[[], bool]
) -> None:
    """Measure in a process of its own, which leaves the result in the run's folder.

    Parameters
    ----------
    folder : Path
        Of the run.
    sweep : str
    progress : callable
        Called with how many of how many clips are done.
    should_stop : callable
        Asked after every clip; the process is ended then.

    Raises
    ------
    RunError
        What the process refused in words, or that it died.
    Stopped
    """
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "audioclf.jobs.robustness", str(folder), sweep],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    refused = ""
    with process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if should_stop():
                    raise Stopped("Measuring was stopped; nothing of it is kept.")
                if line.startswith(_ERROR):
                    refused = line.removeprefix(_ERROR).strip()
                elif len(counts := line.split()) == 2 and all(one.isdecimal() for one in counts):
                    progress(int(counts[0]), int(counts[1]))
        except BaseException:
            process.kill()
            raise
    if refused:
        raise RunError(refused)
    if process.returncode:
        raise RunError("The process that changed the clips ended while it worked; try again.")


def main(arguments: list[str]) -> int:
    """Measure one sweep of one run; the exit code is 0 where it was done or refused in words."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    be_modest()
    os.environ[MARK] = "1"
    if len(arguments) != 2:
        print("usage: python -m audioclf.jobs.robustness RUN SWEEP", file=sys.stderr)
        return 2
    cap_memory(settings.number("job_memory_gb", low=4))
    # whatever a library prints must not get between the lines
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    from audioclf.experiments.runs import open_run
    from audioclf.inference.predictor import Predictor
    from audioclf.inference.robustness import measure

    try:
        measure(
            Predictor(open_run(arguments[0])),
            arguments[1],
            progress=lambda done, total: print(done, total, file=answers, flush=True),
        )
    except AudioclfError as error:
        print(f"{_ERROR}{error}", file=answers, flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
