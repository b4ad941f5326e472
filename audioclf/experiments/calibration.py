"""What finished runs teach about the time that the next one takes on this machine."""

from __future__ import annotations

import math

from audioclf.core import limits
from audioclf.core.errors import AudioclfError
from audioclf.experiments.estimate import Member, fit_seconds, n_computed_once, training_seconds
from audioclf.experiments.runs import Run
from audioclf.models import Network
from audioclf.models.classical import Classical

_SHORTEST = 1.0
"""Seconds below which a training says more about everything around it."""
_SHORTEST_FIT = 0.3


def experience_of(run: Run) -> tuple[str, float] | None:
    """The kind of a finished run's model, and how many times as long as thought its training took.

    None where it says nothing: a run that was stopped or resumed, or too short a one.
    """
    try:
        model = run.experiment.model
        if not run.history:
            return None
        found = _network(run, model) if isinstance(model, Network) else _classical(run, model)
    except (AudioclfError, KeyError, TypeError, ValueError):
        return None
    if found is None:
        return None
    took, thought = found
    return (model.kind, min(max(took / thought, 0.05), 20.0)) if thought > 0 else None


def _network(run: Run, model: Network) -> tuple[float, float] | None:
    """Seconds that all trainings took, and were thought to take."""
    experiment, metrics, signature, history = run.experiment, run.metrics, run.signature, run.history
    seconds, fits = float(metrics["seconds_training"]), signature["fits"]
    spent = sum(row["seconds"] or 0.0 for row in history)
    # of one that was resumed, nobody knows how long the epochs of earlier processes took
    whole = 0.5 * spent / max(1, len(fits)) <= seconds and spent / limits.cores() <= 1.5 * seconds
    if not whole or seconds < _SHORTEST:
        return None
    shapes = [tuple(shape) for shape in signature["input_shapes"]]
    epochs = {fit["id"]: 0 for fit in fits}
    for row in history:
        epochs[row["fit"]] = max(epochs.get(row["fit"], 0), row["epoch"])
    members = []
    for member, shape in enumerate(shapes):
        rows = tuple(model.summary(shape, len(signature["classes"])))
        seen = sum(epochs[fit["id"]] for fit in fits if fit["member"] == member)
        members.append(Member(rows, shape, seen, n_computed_once(experiment, rows, shape)))
    thought = training_seconds(members, experiment.training, metrics["n_train"], metrics["n_validation"], len(fits))
    return seconds, thought


def _classical(run: Run, model: object) -> tuple[float, float] | None:
    """Seconds that fitting all models took, and was thought to take."""
    if not isinstance(model, Classical):
        return None
    shapes, fits = run.signature["input_shapes"], run.signature["fits"]
    took = sum(row["seconds"] or 0.0 for row in run.history)
    if took < _SHORTEST_FIT:
        return None
    thought = 0.0
    for fit in fits:
        values = math.prod(shapes[fit["member"]])
        said = fit_seconds(model, run.metrics["n_train"], values, len(run.signature["classes"]))
        if said is None:
            return None
        thought += math.sqrt(said[0] * said[1])
    return took, thought
