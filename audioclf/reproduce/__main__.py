"""``python -m audioclf.reproduce RUNS FOLDER NAME...`` writes the report of the newest runs of recipes below RUNS.

A web server has it written so: Grad-CAM needs Keras, which the server never imports.
"""

from __future__ import annotations

import sys
from pathlib import Path

from audioclf.core.errors import AudioclfError
from audioclf.core.limits import be_modest
from audioclf.reproduce.report import Report


def main(arguments: list[str]) -> int:
    """Write it; the exit code is 2, after a sentence, where that cannot be."""
    be_modest()
    runs, folder, *names = arguments
    try:
        Report.newest(Path(runs)).part(names).write(Path(folder))
    except AudioclfError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
