"""What a folder of runs came to: rows, and the files that people read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.files import write_atomic
from audioclf.experiments.runs.folder import JobFolder
from audioclf.inference.messages import Arrays
from audioclf.reproduce import page, runner
from audioclf.reproduce.plan import Planned
from audioclf.reproduce.rows import Row, row
from audioclf.reproduce.table import to_csv

CSV, HTML = "results.csv", "index.html"


def read(planned: Sequence[Planned], folder: Path) -> list[Row]:
    """Rows of what was planned, of the runs below a folder.

    Where there is none on exactly that data for so many epochs, the recipe's newest counts, and its row says
    which data and how many epochs it is of.
    """
    jobs = runner.reproductions(folder)
    return [row(*_found(item, jobs)) for item in planned]


def newest(folder: Path) -> list[Row]:
    """Rows of the newest run of every recipe that was run, whatever its data and its epochs."""
    jobs: dict[str, JobFolder] = {}
    for job in runner.reproductions(folder):
        jobs.setdefault(runner.reproduces(job), job)
    found = [row(known, job) for job in jobs.values() if (known := runner.planned_of(job)) is not None]
    return sorted(found, key=lambda item: (item.recipe.letter or "Z", item.recipe.name))


def write(rows: Sequence[Row], folder: Path, say: page.Say = lambda sentence: None) -> tuple[Path, Path]:
    """Write page and table into a folder; returns where they are.

    Parameters
    ----------
    rows : sequence of Row
    folder : Path
    say : callable
        As of :func:`audioclf.reproduce.page.html`.

    Raises
    ------
    ParameterError
        When they cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomic(folder / CSV, to_csv(rows))
        write_atomic(folder / HTML, page.html(rows, say))
    except OSError as error:
        raise ParameterError(
            f"The folder '{folder}' cannot be written ({error.strerror}); name another with --out.", "out"
        ) from None
    return folder / HTML, folder / CSV


def write_task(request: dict[str, Any], progress: Callable[[int, int], None]) -> tuple[dict[str, Any], Arrays]:
    """Write the report of the newest runs of recipes in a process of its own: Grad-CAM needs Keras.

    See :func:`audioclf.jobs.background.run_task`.
    """
    rows = [item for item in newest(Path(request["runs"])) if item.recipe.name in request["recipes"]]
    write(rows, Path(request["folder"]))
    return {}, {}


def _found(item: Planned, jobs: Sequence[JobFolder]) -> tuple[Planned, JobFolder | None]:
    job = runner.find(jobs, item)
    if job is not None:
        return item, job
    for other in jobs:
        if runner.reproduces(other) == item.recipe.name:
            known = runner.planned_of(other)
            if known is not None:
                return known, other
    return item, None
