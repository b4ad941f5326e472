"""What memory a training needs, and how long it takes, as far as finished runs show.

Nothing is guessed from the layers: a run records how long its epochs took, and another one of the
same model on inputs of the same shape takes as long. Without such a run the time is shown after the first epoch.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from audioclf.core import limits, settings
from audioclf.core.errors import AudioclfError
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import Plan
from audioclf.experiments.runs import Run
from audioclf.models import Shape
from audioclf.models.layers import Row

_INNER: Final = {"ResidualBlock": 3.0}
"""Values inside of a layer that its output does not show, as a multiple of the output."""
_PROCESS_BYTES: Final = 700e6
_SLOTS: Final = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}
_NEWEST: Final = 8


@dataclass(frozen=True)
class Pace:
    """How fast a finished run trained.

    Attributes
    ----------
    of : str
        What it depends on: the model and its parameters, the shapes it is fed, batch size, augmentations.
    seconds : float
        Per training example and epoch of one fit; per training example where there are no epochs.
    """

    of: str
    seconds: float


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    seconds : float or None
        To train all fits, to their last epoch; None where no finished run shows it.
    feature_bytes : float
        Features of all clips, as the job holds them.
    model_bytes : float
        Weights, gradients and the optimizer's state of the largest network.
    batch_bytes : float
        Values of all its layers for one batch, forward and backward.
    most_bytes : float
        What one job may take.
    """

    seconds: float | None
    feature_bytes: float
    model_bytes: float
    batch_bytes: float
    most_bytes: float

    @property
    def memory_bytes(self) -> float:
        """All of it, with what the process itself needs."""
        return self.feature_bytes + self.model_bytes + self.batch_bytes + _PROCESS_BYTES

    @property
    def fits(self) -> bool:
        """Whether it fits in what a job may take."""
        return self.memory_bytes <= self.most_bytes


def estimate(experiment: Experiment, plan: Plan, *, paces: Iterable[Pace] = ()) -> Estimate:
    """Time and memory of an experiment on this machine.

    Parameters
    ----------
    experiment : Experiment
    plan : Plan
        What :func:`audioclf.experiments.preflight.examine` finds for it.
    paces : iterable of Pace
        Those of this machine's finished runs, the newest first.
    """
    values = [math.prod(shape) for shape in plan.input_shapes]
    held = sum(math.prod(shape) for shape in plan.feature_shapes) + 2 * max(values)
    slots = 2 + _SLOTS.get(experiment.training.optimizer, 2)
    return Estimate(
        _seconds(experiment, plan, paces),
        feature_bytes=4.0 * plan.n_examples * held,
        model_bytes=max((4.0 * slots * sum(row.parameters for row in rows) for rows in plan.layers), default=0.0),
        batch_bytes=max((8.0 * experiment.training.batch_size * _values(rows) for rows in plan.layers), default=0.0),
        most_bytes=settings.number("job_memory_gb") * 1e9,
    )


def pace_of(run: Run) -> Pace | None:
    """How fast a finished run trained; None where it is not recorded, or is damaged."""
    try:
        shapes = tuple(tuple(shape) for shape in run.signature["input_shapes"])
        rows = [row for row in run.history if row["seconds"]]
        # the first epoch holds the compilation
        seconds = [row["seconds"] for row in rows if row["epoch"] > 1] or [row["seconds"] for row in rows]
        return Pace(_of(run.experiment, shapes), statistics.fmean(seconds) / run.metrics["n_train"])
    except (AudioclfError, KeyError, TypeError, ValueError, ZeroDivisionError):
        return None


def _of(experiment: Experiment, shapes: tuple[Shape, ...]) -> str:
    model = experiment.model
    batch_size = experiment.training.batch_size if model.family == "network" else None
    return repr((model, shapes, batch_size, experiment.augmentations, experiment.copies))


def _seconds(experiment: Experiment, plan: Plan, paces: Iterable[Pace]) -> float | None:
    of = _of(experiment, plan.input_shapes)
    alike = [pace.seconds for pace in paces if pace.of == of][:_NEWEST]
    if not alike:
        return None
    epochs = experiment.training.epochs if experiment.model.family == "network" else 1
    at_a_time = 1 if experiment.model.only_here else min(limits.fit_processes(), plan.n_models)
    return statistics.median(alike) * plan.n_train * epochs * plan.n_models / at_a_time


def _values(rows: Sequence[Row]) -> float:
    return sum(math.prod(row.output_shape) * _INNER.get(row.layer, 1.0) for row in rows)
