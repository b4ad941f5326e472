"""What a folder of runs came to: rows, and the files that people read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audioclf.core.errors import ParameterError
from audioclf.core.files import write_atomic
from audioclf.experiments.runs import Watcher
from audioclf.experiments.runs.folder import JobFolder
from audioclf.export.report.document import Picture
from audioclf.inference.messages import Arrays
from audioclf.reproduce import page, pictures, rows, runner
from audioclf.reproduce.plan import Planned
from audioclf.reproduce.rows import Row
from audioclf.reproduce.table import to_csv

CSV, HTML = "results.csv", "index.html"


@dataclass(frozen=True)
class Report:
    """Rows of what was planned, with the runs below one folder.

    Attributes
    ----------
    planned : tuple of Planned
    rows : tuple of Row
        One for each.
    """

    planned: tuple[Planned, ...]
    rows: tuple[Row, ...]

    @classmethod
    def read(cls, planned: Sequence[Planned], folder: Path) -> Report:
        """Look below a folder for the runs of what was planned.

        Where there is none on exactly that data for so many epochs, the recipe's newest counts, and its row says
        which data and how many epochs it is of.
        """
        jobs = runner.reproductions(folder)
        return cls.of([_found(item, jobs) for item in planned])

    @classmethod
    def newest(cls, folder: Path) -> Report:
        """Of the newest run of every recipe that was run, whatever its data and its epochs."""
        newest: dict[str, JobFolder] = {}
        for job in runner.reproductions(folder):
            newest.setdefault(runner.reproduces(job), job)
        found = [(known, job) for job in newest.values() if (known := runner.planned_of(job)) is not None]
        return cls.of(sorted(found, key=lambda pair: (pair[0].recipe.letter or "Z", pair[0].recipe.name)))

    @classmethod
    def of(cls, found: Sequence[tuple[Planned, JobFolder | None]]) -> Report:
        """Report of what was planned with the run that each came to."""
        return cls(tuple(item for item, _ in found), tuple(rows.row(item, job) for item, job in found))

    def part(self, names: Sequence[str]) -> Report:
        """The report of some of its recipes only."""
        chosen = [pair for pair in zip(self.planned, self.rows, strict=True) if pair[1].recipe in names]
        return Report(tuple(planned for planned, _ in chosen), tuple(row for _, row in chosen))

    def html(self, *, evidence: bool = True, say: page.Say = lambda sentence: None) -> str:
        """The page; ``evidence`` asks networks for Grad-CAM too, which loads Keras."""
        return page.html(
            self.rows,
            [item.recipe for item in self.planned],
            lambda row: _of_run(row, evidence),
            self._sounds,
            say=say,
        )

    def _sounds(self, letter: str) -> Iterable[Picture]:
        """Pictures of a reference's sounds: of its first finished run."""
        for row in self.rows:
            if row.letter == letter and row.accuracy is not None and row.run is not None:
                return pictures.of_sounds(row.run, letter)
        return ()

    def write(self, folder: Path, *, evidence: bool = True, say: page.Say = lambda sentence: None) -> tuple[Path, Path]:
        """Write page and table into a folder; returns where they are.

        Raises
        ------
        ParameterError
            When they cannot be written.
        """
        try:
            folder.mkdir(parents=True, exist_ok=True)
            write_atomic(folder / CSV, to_csv(self.rows))
            write_atomic(folder / HTML, self.html(evidence=evidence, say=say))
        except OSError as error:
            raise ParameterError(
                f"The folder '{folder}' cannot be written ({error.strerror}); name another with --out.", "out"
            ) from None
        return folder / HTML, folder / CSV


def write_task(request: dict[str, Any], progress: Callable[[int, int], None]) -> tuple[dict[str, Any], Arrays]:
    """Write the report of the newest runs of recipes in a process of its own: Grad-CAM needs Keras.

    See :func:`audioclf.jobs.background.run_task`.
    """
    Report.newest(Path(request["runs"])).part(request["recipes"]).write(Path(request["folder"]))
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


def _of_run(row: Row, evidence: bool) -> Iterator[Picture]:
    if row.run is None or row.accuracy is None:
        return
    yield from pictures.of_run(row.run, row.letter)
    if evidence and row.letter == "C":
        found = pictures.explained(row.run)
        if found is not None:
            yield pictures.of_evidence(*found)


def make_all(planned: Sequence[Planned], folder: Path, watch: Callable[[Planned, JobFolder], Watcher | None]) -> None:
    """Make every run that can be made and is not there yet, one after the other.

    Parameters
    ----------
    planned : sequence of Planned
    folder : Path
        That the runs' folders go into.
    watch : callable
        Called with what is about to be made; returns what is called with its status.
    """
    for item in planned:
        if not item.data.missing:
            job = runner.prepare(item, folder)
            runner.make(job, watch(item, job))
