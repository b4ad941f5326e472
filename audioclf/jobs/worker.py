"""The processes that do heavy work, so that the web server never imports a deep-learning library.

``python -m audioclf.jobs.worker FOLDER`` makes one run, search, scan or test of explanations, and ends.
``python -m audioclf.jobs.worker --serve`` answers requests to classify and explain, see
:mod:`audioclf.inference.model_server` for the other end of its pipe.
``python -m audioclf.jobs.worker --task`` does one task on a data set and ends, see :mod:`audioclf.jobs.background`.
"""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path
from typing import Final

from audioclf.core import settings
from audioclf.core.errors import AudioclfError, Stopped
from audioclf.core.limits import be_modest, cap_memory
from audioclf.models.trust import MARK

PRELOADED: Final = ("keras", "tensorflow", "numba", "audioclf.experiments.runner", "audioclf.inference.predictor")
"""What takes these processes long to import; see :mod:`audioclf.core.forkserver`."""


def main(arguments: list[str]) -> int:
    """Do what the arguments ask for; the exit code is 0 where the work was done, stopped, or refused in words."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")  # processes started from here import nothing that lies about
    be_modest()
    os.environ[MARK] = "1"
    if arguments == ["--serve"]:
        from audioclf.inference.model_server import serve
        from audioclf.similarity.answers import ANSWERS

        serve(ANSWERS)
        return 0
    if len(arguments) != 1:
        print("usage: python -m audioclf.jobs.worker FOLDER | --serve | --task", file=sys.stderr)
        return 2
    cap_memory(settings.number("job_memory_gb", low=4))
    if arguments == ["--task"]:
        from audioclf.jobs import background

        background.serve()
        return 0
    try:
        _make(Path(arguments[0]))
    except Stopped:
        print("stopped", file=sys.stderr)
    except AudioclfError as error:
        print(error, file=sys.stderr)
    except Exception:
        traceback.print_exc()
        return 1
    return 0


def _make(folder: Path) -> None:
    """Make what a folder asks for."""
    from audioclf.experiments.runner import execute
    from audioclf.experiments.runs import open_run
    from audioclf.inference.assessment import CHOICE_SECONDS, choose_method
    from audioclf.inference.assessment_job import AssessmentJob, execute_assessment
    from audioclf.inference.scan import RECIPE, Scan
    from audioclf.inference.scanner import execute_scan
    from audioclf.tuning import SearchRun, execute_search
    from audioclf.tuning.fairness import others_wait

    if (folder / SearchRun.recipe).is_file():
        execute_search(SearchRun(folder), give_way=lambda: others_wait(folder))
    elif (folder / AssessmentJob.recipe).is_file():
        execute_assessment(AssessmentJob(folder))
    elif (folder / RECIPE).is_file():
        execute_scan(Scan(folder))
    else:
        run = execute(open_run(folder))
        # the run is done and can be looked at meanwhile; to find its best explanation must not take a share of the
        # processors that a class would notice
        choose_method(
            run,
            seconds=min(CHOICE_SECONDS, max(CHOICE_SECONDS / 10, run.status.worked / 2)),
            should_stop=lambda: (folder / "stop").exists() or others_wait(folder, own=True),
        )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
