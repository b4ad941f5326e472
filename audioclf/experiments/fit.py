"""The fits of a run: which models it trains, and how one of them is trained and tested in its folder."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from audioclf import training
from audioclf.augment import on_batches
from audioclf.core import limits
from audioclf.core.errors import RunError
from audioclf.core.npz import read_plain, write_arrays
from audioclf.datasets.splits import Split
from audioclf.experiments.config import Experiment
from audioclf.experiments.preprocessing import FitInputs, Inputs
from audioclf.experiments.progress import RESULT, ProgressWriter
from audioclf.experiments.runs import FitKey
from audioclf.features.base import Array
from audioclf.models import Network
from audioclf.models.classical import Classical

_SMALL: Final = 4_000_000
"""Values of the training examples up to which a classical model is fitted by one thread."""


@dataclass(frozen=True)
class Fit(FitKey):
    """One model that is trained: a split, and which member of the ensemble.

    Attributes
    ----------
    split : Split
    """

    split: Split


@dataclass(frozen=True, eq=False)
class Result:
    """What a fit leaves when it is done.

    Attributes
    ----------
    probabilities : np.ndarray [shape=(n_test, n_classes)]
        In the order of ``split.test``.
    n_parameters : int
    shape : tuple of int
        Shape of one example; empty in folders of earlier versions.
    """

    probabilities: Array
    n_parameters: int
    shape: tuple[int, ...]


def plan(inputs: Inputs) -> tuple[Fit, ...]:
    """The models that a run will train, in order.

    Raises
    ------
    AudioclfError
        When the data set cannot be split as asked.
    """
    return tuple(
        Fit(number, member, split)
        for number, split in enumerate(inputs.splits)
        for member in range(len(inputs.experiment.members))
    )


def read_result(folder: Path) -> Result:
    """What the fit of this folder came to.

    Raises
    ------
    RunError
        When the file is damaged.
    """
    stored = read_plain(folder / RESULT)
    try:
        shape = tuple(map(int, stored["shape"])) if "shape" in stored else ()
        return Result(stored["probabilities"].astype(np.float32), int(stored["n_parameters"]), shape)
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"{RESULT} is damaged ({error}); delete it and resume the run.") from error


def train_fit(
    fit: Fit,
    inputs: Inputs,
    folder: Path,
    *,
    should_stop: Callable[[], bool],
    poll: Callable[[bool], None] = lambda epoch_ended: None,
) -> None:
    """Train and test one fit in its folder, or go on with it after its last epoch.

    Parameters
    ----------
    fit : Fit
    inputs : Inputs
    folder : Path
        Where its progress is written too, see :mod:`audioclf.experiments.progress`.
    should_stop : callable
        Asked every batch.
    poll : callable
        Called with False after every batch, and with True after every epoch, before its checkpoint is written.

    Raises
    ------
    AudioclfError
        See :func:`audioclf.training.fit`; :class:`~audioclf.core.errors.Stopped` also where another process has
        taken the fit up.
    """
    progress = ProgressWriter(folder)

    def on_epoch(epoch: training.Epoch) -> None:
        progress.epoch(epoch)
        poll(True)

    def on_batch(share: float) -> None:
        progress.share(share)
        poll(False)

    def stopping() -> bool:
        return progress.lost() or should_stop()

    experiment = inputs.experiment
    n_classes = len(inputs.dataset.classes)
    arrays = inputs.of_fit(fit.split, fit.member, folder)
    # members of one feature would be the same network otherwise
    seed = (experiment.training.seed + fit.member) % 2**31
    small = isinstance(experiment.model, Classical) and arrays.x_train.size <= _SMALL
    with arrays, limits.one_matrix_thread() if small else contextlib.nullcontext():
        fitted = training.fit(
            experiment.model,
            arrays.x_train,
            arrays.y_train,
            arrays.x_validation,
            arrays.y_validation,
            n_classes,
            dataclasses.replace(experiment.training, seed=seed),
            folder=folder,
            on_epoch=on_epoch,
            on_batch=on_batch,
            should_stop=stopping,
            augment=on_batches(experiment.augmentations),
            prefetch=arrays.prefetch,
        )
        finish_fit(fitted, arrays, experiment, folder, should_stop=stopping)


def finish_fit(
    fitted: training.Fitted,
    arrays: FitInputs,
    experiment: Experiment,
    folder: Path,
    *,
    should_stop: Callable[[], bool],
) -> None:
    """All that follows the training of a fit: its novelty and temperature, then what it predicts of the test clips."""
    novelty = training.Novelty.fit(
        fitted, arrays.x_train, arrays.y_train, arrays.x_validation, should_stop, scaling=arrays.scaling
    )
    if novelty is not None:
        novelty.save(folder)
    rolls = experiment.training.test_rolls
    fitted.temperature = None  # fitted on what the model itself gives
    if experiment.training.calibrate:
        known = arrays.x_validation
        rows = None if known is None else fitted.predict_rolled(known, rolls, should_stop)
        fitted.temperature = training.Temperature.fit(rows, arrays.y_validation)
    else:
        fitted.temperature = training.Temperature(note="calibrate is switched off")
    fitted.temperature.save(folder)
    model = experiment.model
    # the size of a classical model follows from the data
    n_parameters = model.count_parameters(arrays.shape, fitted.n_classes)[0] if isinstance(model, Network) else 0
    result = {
        "probabilities": fitted.predict_rolled(arrays.x_test, rolls, should_stop),
        "n_parameters": np.array(n_parameters),
        "shape": np.array(arrays.shape),
    }
    write_arrays(folder / RESULT, result)
