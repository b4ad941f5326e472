"""What came out, beside what was published: one row per recipe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from audioclf.core.errors import AudioclfError, RunError
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.folder import JobFolder
from audioclf.models import Network
from audioclf.recipes import Recipe
from audioclf.reproduce.plan import Planned
from audioclf.reproduce.runner import is_as_planned, is_done
from audioclf.tuning import SearchRun, short, spelled

LEAKY = "LEAKY"


@dataclass(frozen=True)
class Row:
    """One recipe: the reference's figures, and those reached here.

    Attributes
    ----------
    planned : Planned
        What was asked for, or what a run found in its place was planned as.
    verdict : str
        In words.
    state : str
        As in :class:`~audioclf.experiments.runs.Status`; ``"missing"`` without data, ``"not run"`` without a run.
    protocol : str
        How it was tested, marked ``LEAKY`` where test clips were known to the training.
    leaky : bool
    parameters : int or None
        Of one network; None for a classical model.
    job : JobFolder or None
        The run or search as a whole, finished or not.
    run : Run or None
        What was measured: the run, or that of the point a search chose; None before the end, as are all figures.
    accuracy : float or None
    interval : (float, float) or None
        95 % interval over all tested clips, of related ones where groups are known.
    mean, sd : float or None
        Over the splits; None where there is one.
    folds : int
        Number of splits.
    n_test : int
    seconds : float or None
        Wall time of the whole run.
    """

    planned: Planned
    verdict: str
    state: str
    protocol: str
    leaky: bool
    parameters: int | None
    job: JobFolder | None = None
    run: Run | None = None
    accuracy: float | None = None
    interval: tuple[float, float] | None = None
    mean: float | None = None
    sd: float | None = None
    folds: int = 0
    n_test: int = 0
    seconds: float | None = None

    @property
    def recipe(self) -> Recipe:
        """The recipe that was planned."""
        return self.planned.recipe

    @property
    def epochs(self) -> str:
        """Epochs as published, or ``"3 of 30"``; empty for a model that has none."""
        return epochs(self.planned)


def row(planned: Planned, job: JobFolder | None) -> Row:
    """The row of one recipe, whatever has become of it."""
    experiment = planned.experiment
    about: dict[str, Any] = {
        "planned": planned,
        "protocol": marked(experiment.protocol, experiment.leaky),
        "leaky": experiment.leaky,
        "parameters": planned.recipe.n_parameters,
        "job": job,
    }
    if job is None:
        missing = planned.data.missing
        sentence = f"not run: {missing}" if missing else "not run"
        return Row(**about, verdict=sentence, state="missing" if missing else "not run")
    if not is_done(job):
        return Row(**about, **_unfinished(job))
    try:
        run = _best(job)
        measured = about | _measured(run)
        stated = verdict(planned, measured)
        if isinstance(job, SearchRun):
            stated += f"; {_chosen(job)}"
            measured["seconds"] = float(job.result()["seconds"])
        for remark in run.metrics.get("remarks", ()):
            stated += f"; {str(remark).rstrip('.')}"
    except (AudioclfError, KeyError, TypeError, ValueError, IndexError) as error:
        why = str(error) if isinstance(error, AudioclfError) else "its results are damaged; delete the run"
        return Row(**about, verdict=f"failed: {why}", state="failed")
    if not is_as_planned(job, planned):
        stated += "; made with other settings than the recipe has now"
    return Row(**measured, verdict=stated, state="done")


def _unfinished(job: JobFolder) -> dict[str, Any]:
    status = job.status
    words = {"queued": "not run yet", "running": "under way"}
    sentence = words.get(status.state) or f"{status.state}: {status.message or 'log.txt in its folder says why'}"
    return {"verdict": sentence, "state": status.state}


def _best(job: JobFolder) -> Run:
    """The run itself, or the run of the point that a search chose.

    Raises
    ------
    RunError
        When the search chose none.
    """
    if not isinstance(job, SearchRun):
        assert isinstance(job, Run)
        return job
    best = job.best
    run = None if best is None else job.run(best.number)
    if run is None:
        raise RunError(job.status.message or "No point of the search came to its end; run it again.")
    return run


def _chosen(job: SearchRun) -> str:
    """Which point a search chose."""
    best = job.best
    assert best is not None
    names = short(job.search.grid)
    settings = ", ".join(f"{names[name]} {spelled(best.settings[name])}" for name in job.search.grid)
    done = job.result()
    return f"best of {done['n_done']} points: {settings} at {job.search.metric} {best.figure(job.search.metric):.3g}"


def _measured(run: Run) -> dict[str, Any]:
    metrics = run.metrics
    low, high = metrics["interval"]
    several = len(metrics["splits"]) > 1
    counted = run.signature["n_parameters"]
    return {
        "run": run,
        "accuracy": float(metrics["accuracy"]),
        "interval": (float(low), float(high)),
        "mean": float(metrics["accuracy_mean"]) if several else None,
        "sd": float(metrics["accuracy_sd"]) if several else None,
        "folds": len(metrics["splits"]),
        "n_test": int(metrics["n_test"]),
        "protocol": marked(str(metrics["protocol"]), bool(metrics["leaky"])),
        "leaky": bool(metrics["leaky"]),
        "seconds": float(metrics["seconds"]),
        "parameters": int(counted[0]) or None,
    }


def marked(protocol: str, leaky: bool) -> str:
    """A protocol in words, with the mark of one that says nothing about new sounds."""
    return f"{LEAKY}: {protocol.removesuffix(' (leaky)')}" if leaky else protocol


def epochs(planned: Planned) -> str:
    """How long it was trained, and of how long the reference did where that is less."""
    if not isinstance(planned.recipe.experiment.model, Network):
        return ""
    full, here = planned.recipe.experiment.training.epochs, planned.experiment.training.epochs
    return f"{here} of {full}" if is_limited(planned) else str(full)


def is_limited(planned: Planned) -> bool:
    """Whether a network is trained for other than the published number of epochs."""
    full, here = planned.recipe.experiment.training.epochs, planned.experiment.training.epochs
    return isinstance(planned.recipe.experiment.model, Network) and here != full


def verdict(planned: Planned, measured: Mapping[str, Any]) -> str:
    """What may be concluded, in words."""
    published = planned.recipe.published
    low, high = measured["interval"]
    limited = is_limited(planned)
    if planned.data.stand_in:
        words = "runs whole; on other data, so the figures cannot be compared"
    elif published is not None and planned.recipe.reference.get("leaky") and not measured["leaky"]:
        words = "an honest test; the published figure is leaky, so the two cannot be compared"
    elif published is None:
        words = "no figure was published"
    elif limited:
        words = "runs whole"
    elif low <= published <= high:
        words = "as published, within the interval"
    else:
        words = "above the published figure" if low > published else "below the published figure"
    if limited:
        words += f"; after {epochs(planned)} epochs only"
    if measured["leaky"]:
        words += "; LEAKY, says nothing about new sounds"
    return words
