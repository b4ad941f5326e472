"""The test of a run's explanations as a job: a folder in the run's that one process fills."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar

from audioclf.core.errors import RunError, Stopped
from audioclf.experiments.runs import Run, Status, list_runs, open_run, write_json
from audioclf.experiments.runs.files import read_json
from audioclf.experiments.runs.folder import JobFolder
from audioclf.experiments.runs.writer import StatusWriter
from audioclf.inference.evidence import FOLDER, methods_for, read_choice


class AssessmentJob(JobFolder):
    """What is asked of a run's explanations, and where it stands.

    Parameters
    ----------
    folder : Path
        ``explanations`` in the run's folder.

    Raises
    ------
    RunError
        When nothing was asked there.
    """

    what: ClassVar[str] = "test of explanations"
    recipe: ClassVar[str] = "request.json"

    @property
    def place(self) -> Path:
        """The run's folder."""
        return self.folder.parent

    @property
    def methods(self) -> tuple[str, ...]:
        """Kinds of the methods to test, as far as they suit the run."""
        asked = read_json(self.folder / self.recipe, missing={}).get("methods", [])
        return tuple(method.kind for method in methods_for(open_run(self.place)) if method.kind in asked)


def create_assessment(run: Run, methods: tuple[str, ...]) -> AssessmentJob:
    """Ask for a test of a run's explanations; whoever makes jobs takes it up.

    Parameters
    ----------
    run : Run
        Finished.
    methods : tuple of str
        Kinds of the methods; what is known of them already is kept.

    Raises
    ------
    RunError
        While the run's explanations are being tested, or when it has no test clips.
    """
    run.predictions  # noqa: B018 (a run without any is refused)
    folder = run.folder / FOLDER
    job = find_assessment(run)
    if job is not None and not job.status.ended:
        raise RunError(f"The explanations of run '{run.name}' are being tested; wait until that is done, or stop it.")
    folder.mkdir(exist_ok=True)
    (folder / "stop").unlink(missing_ok=True)
    write_json(folder / "run.json", {"name": run.name, "created": time.time()})
    write_json(folder / "status.json", dataclasses.asdict(Status(state="queued", updated=time.time())))
    write_json(folder / AssessmentJob.recipe, {"methods": list(methods)})
    return AssessmentJob(folder)


def find_assessment(run: Run) -> AssessmentJob | None:
    """The test of a run's explanations, under way or ended; None where none was asked for."""
    try:
        return AssessmentJob(run.folder / FOLDER)
    except RunError:
        return None


def list_assessments(runs_folder: Path) -> list[AssessmentJob]:
    """All tests of explanations in a folder of runs."""
    return [job for run in list_runs(runs_folder) if (job := find_assessment(run)) is not None]


def execute_assessment(job: AssessmentJob) -> None:
    """Make a test of explanations, or go on with one.

    Raises
    ------
    AudioclfError
        For what the user can correct; ``Stopped`` after a stop.
    """
    from audioclf.inference.assessment import assess_method, choose_method
    from audioclf.inference.predictor import Predictor
    from audioclf.inference.sound_cache import SoundCache

    run = open_run(job.place)
    writer = StatusWriter(job, asked=lambda: not job.folder.is_dir())
    last = 0.0
    with _unless_deleted(job), writer.ending():
        methods = job.methods
        steps = [*(["choice"] if read_choice(run) is None else []), *methods]
        predictor = Predictor(run, SoundCache())
        for number, step in enumerate(steps, start=1):
            words = "Choosing the method" if step == "choice" else "Testing the explanations"

            def report(done: int, total: int, number: int = number, words: str = words) -> None:
                nonlocal last
                if time.monotonic() - last < 1 and done < total:
                    return
                last = time.monotonic()
                share = (number - 1 + done / max(total, 1)) / len(steps)
                left = (time.time() - writer.current.started) * (1 / share - 1) if share else None
                writer.status(
                    state="running",
                    stage="testing",
                    message=words,
                    fraction=share,
                    fit=number,
                    n_fits=len(steps),
                    seconds_left=left,
                )

            report(0, 1)
            if step == "choice":
                choose_method(run, report=report, should_stop=writer.should_stop, predictor=predictor)
            else:
                assess_method(run, step, report=report, should_stop=writer.should_stop, predictor=predictor)
        writer.status(state="done", stage="", message="", fraction=1.0, seconds_left=None)


@contextmanager
def _unless_deleted(job: AssessmentJob) -> Iterator[None]:
    """End as after a stop where the run was deleted meanwhile, and its folder with it."""
    try:
        yield
    except FileNotFoundError:
        if job.folder.is_dir():
            raise
        raise Stopped("The run was deleted, so the test of its explanations ends.") from None
