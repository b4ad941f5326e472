"""The parts of a run: which models it trains, and how one of them is made in its folder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audioclf import training
from audioclf.augment import on_batches
from audioclf.core.errors import RunError
from audioclf.core.npz import read_plain
from audioclf.datasets.splits import Split
from audioclf.experiments.preprocessing import Inputs
from audioclf.features.base import Array
from audioclf.models import Model, Network

RESULT = "test.npz"


@dataclass(frozen=True)
class Part:
    """One model that is trained: a split, and which member of the ensemble.

    Attributes
    ----------
    id : str
        Name of the part's folder; made here, never from a user's text.
    split : Split
    member : int
        Index into ``experiment.members``.
    """

    id: str
    split: Split
    member: int


@dataclass(frozen=True, eq=False)
class Result:
    """What a part leaves when it is done.

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


def plan(inputs: Inputs) -> tuple[Part, ...]:
    """The models that a run will train, in order.

    Raises
    ------
    AudioclfError
        When the data set cannot be split as asked.
    """
    return tuple(
        Part(f"s{number:02d}-m{member}", split, member)
        for number, split in enumerate(inputs.splits)
        for member in range(len(inputs.experiment.members))
    )


def is_done(folder: Path) -> bool:
    """Whether the part of this folder has been trained and tested."""
    return (folder / RESULT).is_file()


def read_result(folder: Path) -> Result:
    """What the part of this folder came to.

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


def train_part(
    part: Part,
    inputs: Inputs,
    folder: Path,
    *,
    on_epoch: Callable[[training.Epoch], None],
    on_batch: Callable[[float], None],
    should_stop: Callable[[], bool],
) -> None:
    """Train and test one part in its folder, or go on with it after its last epoch.

    Raises
    ------
    AudioclfError
        See :func:`audioclf.training.fit`.
    """
    experiment = inputs.experiment
    n_classes = len(inputs.dataset.classes)
    folder.mkdir(parents=True, exist_ok=True)
    arrays = inputs.part(part.split, part.member, folder)
    # members of one feature would be the same network otherwise
    seed = (experiment.training.seed + part.member) % 2**31
    with arrays:
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
            should_stop=should_stop,
            augment=on_batches(experiment.augmentations),
            renew=arrays.renew,
        )
    beside = folder / "test.part"
    with beside.open("wb") as file:
        np.savez(
            file,
            probabilities=fitted.predict_rolled(arrays.x_test, experiment.training.test_rolls, should_stop),
            n_parameters=np.array(count_parameters(experiment.model, arrays.shape, n_classes)),
            shape=np.array(arrays.shape),
        )
    beside.replace(folder / RESULT)


def count_parameters(model: Model, input_shape: tuple[int, ...], n_classes: int) -> int:
    """Parameters of a network; 0 for a classical model, whose size follows from the data."""
    return model.count_parameters(input_shape, n_classes)[0] if isinstance(model, Network) else 0
