"""One row per epoch, and all that follows from the rows: the kept epoch, the plateaus, the end.

Early stopping and the plateau schedule are functions of the history alone, so a training
that is taken up again after a crash knows them without having stored them.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from audioclf.training.settings import Training

PLATEAU_MIN_DELTA = 1e-4
"""Keras's ``ReduceLROnPlateau``: less than this is no improvement."""


@dataclass(frozen=True)
class Epoch:
    """What one epoch brought.

    Attributes
    ----------
    epoch : int
        Counted from 1.
    loss, accuracy : float
        Mean over the epoch's training clips as the network saw them, augmented and with dropout.
    val_loss, val_accuracy : float
        On the validation clips after the epoch; NaN where there are none.
    learning_rate : float
        At the last step.
    seconds : float
        Wall time with validation.
    samples_per_second : float
        Training clips per second, without validation.
    input_share : float
        Share of the training time that went into making batches, in [0, 1].
    """

    epoch: int
    loss: float
    accuracy: float
    val_loss: float
    val_accuracy: float
    learning_rate: float
    seconds: float
    samples_per_second: float
    input_share: float = 0.0

    @property
    def is_finite(self) -> bool:
        """Whether the training loss, and the validation loss where there is one, is a number."""
        return math.isfinite(self.loss) and (math.isnan(self.val_accuracy) or math.isfinite(self.val_loss))

    @property
    def monitored(self) -> float:
        """Validation loss, or the training loss where nothing is validated; infinite when it is no number."""
        value = self.loss if math.isnan(self.val_accuracy) else self.val_loss
        return value if math.isfinite(value) else math.inf


FIELDS = tuple(item.name for item in dataclasses.fields(Epoch))


def epochs_of(rows: Iterable[Mapping[str, Any]]) -> dict[str, list[Epoch]]:
    """Lines of a run's history as epochs, by the model (``fit``) they are of; what is missing in a line is NaN."""
    found: dict[str, list[Epoch]] = {}
    for row in rows:
        values: dict[str, Any] = {name: math.nan if row[name] is None else row[name] for name in FIELDS if name in row}
        found.setdefault(str(row["fit"]), []).append(Epoch(**values))
    return found


def kept_epoch(history: Sequence[Epoch], training: Training) -> int:
    """Number of the epoch whose weights are kept; 0 when no epoch had a finite loss."""
    finite = [row for row in history if row.is_finite]
    if not finite:
        return 0
    if training.keep == "last" or math.isnan(finite[0].val_accuracy):
        return finite[-1].epoch
    return min(finite, key=lambda row: row.monitored).epoch


def plateau_scale(history: Sequence[Epoch], training: Training) -> float:
    """What reduce-on-plateau has multiplied the learning rate by so far (Keras's ``ReduceLROnPlateau``)."""
    if not training.reduce_on_plateau:
        return 1.0
    scale, best, wait = 1.0, math.inf, 0
    for row in history:
        if row.monitored < best - PLATEAU_MIN_DELTA:
            best, wait = row.monitored, 0
            continue
        wait += 1
        if wait >= training.plateau_patience:
            scale, wait = scale * training.plateau_factor, 0
    return scale


def is_over(history: Sequence[Epoch], training: Training) -> bool:
    """Whether training ends here: all epochs done, no longer improving, or the loss is no number."""
    if len(history) >= training.epochs:
        return True
    if not history:
        return False
    if not math.isfinite(history[-1].loss):
        return True
    if not training.early_stopping:
        return False
    best = min(history, key=lambda row: row.monitored)
    return len(history) - best.epoch >= training.early_stopping


def learning_rate(step: int, steps_per_epoch: int, scale: float, training: Training) -> float:
    """Learning rate of one step.

    Parameters
    ----------
    step : int
        Counted from 0 over the whole training.
    steps_per_epoch : int
    scale : float
        From :func:`plateau_scale`.
    training : Training

    Returns
    -------
    float
        Warm-up is linear; the cosine goes from the full rate after it to 0 after the last step
        (Loshchilov and Hutter 2017, without restarts); decay is the inverse-time decay of Keras 2.
    """
    rate = training.learning_rate / (1 + training.decay * step)
    warmup = round(min(training.warmup_epochs, training.epochs / 2) * steps_per_epoch)
    if step < warmup:
        rate *= (step + 1) / warmup
    elif training.schedule == "cosine":
        rest = training.epochs * steps_per_epoch - warmup
        rate *= 0.5 * (1 + math.cos(math.pi * (step - warmup) / rest))
    if scale < 1:
        rate = max(rate * scale, min(training.plateau_min_lr, rate))
    return rate
