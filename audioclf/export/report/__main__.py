"""Write a run's report in a process of its own, for the app: ``python -m audioclf.export.report RUN FILE OPTIONS``.

``OPTIONS`` is a JSON object, empty. A line of JSON on standard output is a step, or what came of it; a refusal is the
last line of standard error with exit code 2.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from audioclf.core import settings
from audioclf.core.errors import AudioclfError
from audioclf.core.limits import be_modest, cap_memory
from audioclf.models.trust import MARK


def main(arguments: list[str]) -> int:
    """Write the page; the exit code is 0 where it is there."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    os.environ[MARK] = "1"
    be_modest()
    cap_memory(settings.number("job_memory_gb", low=4))
    from audioclf.experiments.runs import open_run
    from audioclf.export.report import run as report

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints stays out of the answers

    def tell(done: int, total: int, words: str) -> None:
        answers.write(json.dumps({"done": done, "total": total, "words": words}) + "\n")
        answers.flush()

    try:
        report.write_report(open_run(arguments[0]), Path(arguments[1]), progress=tell)
    except AudioclfError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
