"""Export a run in a process of its own: ``python -m audioclf.export RUN FILE OPTIONS``, for the app.

``OPTIONS`` is JSON, the keyword arguments of :func:`audioclf.export.job.export_run`. A line of JSON on standard output
is a step, or what came of it; a refusal is the last line of standard error with exit code 2.
"""

from __future__ import annotations

import json
import os
import sys

from audioclf.core import settings
from audioclf.core.errors import AudioclfError
from audioclf.core.limits import be_modest, cap_memory
from audioclf.models.trust import MARK


def main(arguments: list[str]) -> int:
    """Export as the arguments say; the exit code is 0 where the file is there."""
    os.environ.setdefault("PYTHONSAFEPATH", "1")
    os.environ[MARK] = "1"
    be_modest()
    cap_memory(settings.number("job_memory_gb", low=4))
    from audioclf.experiments.runs import open_run
    from audioclf.export.job import export_run

    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever a library prints stays out of the answers

    def tell(values: dict[str, object]) -> None:
        answers.write(json.dumps(values) + "\n")
        answers.flush()

    folder, path, options = arguments
    try:
        found = export_run(
            open_run(folder),
            path,
            **json.loads(options),
            progress=lambda done, total, words: tell({"done": done, "total": total, "words": words}),
        )
    except AudioclfError as error:
        print(error, file=sys.stderr)
        return 2
    tell({"found": found.to_dict(), "sentence": found.sentence})
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
