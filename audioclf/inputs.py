"""From a data set to the arrays that models train, validate and test on: features, scaling, joining."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.datasets import Dataset
from audioclf.errors import ParameterError
from audioclf.experiment import Experiment
from audioclf.features import Feature
from audioclf.features.base import Array
from audioclf.features.extract import common_duration, extract
from audioclf.features.store import FeatureStore
from audioclf.preparation import Scaler, Scaling
from audioclf.splits import Split

Labels = npt.NDArray[np.int64]
Begin = Callable[[str], Callable[[int, int], None]]
"""Told in a sentence what is done next; gives back what is to be called with how much of how much is done."""


@dataclass(frozen=True, eq=False)
class PartInputs:
    """What one model trains, validates and is tested on, scaled and joined.

    Attributes
    ----------
    x_train : np.ndarray [shape=(n_train, rows, frames[, channels]) or (n_train, m)], float32
    y_train : np.ndarray [shape=(n_train,)], int
    x_validation, y_validation : np.ndarray or None
    x_test : np.ndarray [shape=(n_test, ...)], float32
        In the order of ``split.test``.
    """

    x_train: Array
    y_train: Labels
    x_validation: Array | None
    y_validation: Labels | None
    x_test: Array

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.x_train.shape[1:]


class Inputs:
    """Everything that the models of one experiment are fed with.

    Any process can make it again from experiment and data set: features come from the store,
    where :meth:`compute` of the first process left them.

    Parameters
    ----------
    experiment : Experiment
    dataset : Dataset
        The one the experiment names.
    store : FeatureStore or None
        Where features are kept; None takes the one in the cache folder.

    Attributes
    ----------
    duration : float
        Length all clips are brought to, in seconds.
    labels : np.ndarray [shape=(n_examples,)], int
        Class of every example; splits are indices into them.

    Raises
    ------
    AudioclfError
        When the clips cannot be brought to one length.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset, *, store: FeatureStore | None = None) -> None:
        self.experiment = experiment
        self.dataset = dataset
        self.duration = common_duration(dataset.clips, experiment.audio)
        self.labels: Labels = np.asarray(dataset.labels)
        self._audio = experiment.audio.replace(duration=self.duration)
        self._store = FeatureStore() if store is None else store
        self._values: dict[Feature, Array] = {}

    @property
    def splits(self) -> tuple[Split, ...]:
        """The splits of the examples.

        Raises
        ------
        AudioclfError
            When the data set cannot be split as asked.
        """
        return self.experiment.split.splits(self.dataset)

    def clip_of(self, example: int) -> int:
        """Number of the clip an example was made of."""
        return example

    def compute(
        self,
        features: Sequence[Feature] | None = None,
        *,
        begin: Begin | None = None,
        should_stop: Callable[[], bool] | None = None,
    ) -> None:
        """Have features ready; those that are stay.

        Parameters
        ----------
        features : sequence of Feature, optional
            All of the experiment where left out.
        begin : callable, optional
        should_stop : callable, optional

        Raises
        ------
        AudioclfError
            When a clip cannot be read or a feature cannot work on it; ``Stopped`` when asked to.
        """
        for feature in dict.fromkeys(self.experiment.features if features is None else features):
            if feature not in self._values:
                progress = begin(f"Computing {feature.title} of {len(self.dataset)} clips") if begin else None
                maps = extract(
                    self.dataset.clips,
                    feature,
                    self._audio,
                    store=self._store,
                    progress=progress,
                    should_stop=should_stop,
                )
                self.experiment.picture.check_memory(len(maps), maps.shape[1:])
                self._values[feature] = self.experiment.picture.draw(maps)

    def part(self, split: Split, member: int, folder: Path) -> PartInputs:
        """Arrays of one model; what its scaling learned from the training clips is written into ``folder``.

        Parameters
        ----------
        split : Split
        member : int
            Index into ``experiment.members``.
        folder : Path
            Of the part; must exist.
        """
        members = self.experiment.members[member]
        self.compute(members)
        x = fit_inputs(
            [self._values[feature] for feature in members],
            split.train,
            self.experiment.scaling,
            self.experiment.combine,
            folder,
        )
        train, validation, test = map(list, (split.train, split.validation, split.test))
        return PartInputs(
            x[train],
            self.labels[train],
            x[validation] if validation else None,
            self.labels[validation] if validation else None,
            x[test],
        )


def fit_inputs(values: Sequence[Array], train: Sequence[int], scaling: Scaling, combine: str, folder: Path) -> Array:
    """Scale each feature by what its training clips say, keep the scalers, and bring the features together."""
    scaled = []
    for number, x in enumerate(values):
        scaler = Scaler.fit(scaling, x[list(train)])
        scaler.save(folder / f"scaling-{number}.npz")
        scaled.append(scaler.apply(x))
    return join(scaled, combine)


def join(values: Sequence[Array], combine: str) -> Array:
    """Several features of the same clips as one input: channels of a picture (three of each where it is coloured), or
    one long row.

    Raises
    ------
    ParameterError
        When channels have different shapes.
    """
    if len(values) == 1:
        return values[0]
    if combine == "concatenate":
        return np.concatenate([x.reshape(len(x), -1) for x in values], axis=1)
    shapes = [x.shape[1:] for x in values]
    if len(set(shapes)) > 1 or len(shapes[0]) < 2:
        listed = ", ".join(" x ".join(map(str, shape)) for shape in shapes)
        raise ParameterError(
            f"Channels of one picture need pictures of equal size, got {listed}; set equal numbers of rows and the"
            " same hop_length, or combine by 'concatenate' or 'ensemble'.",
            "combine",
        )
    return np.stack(values, axis=-1) if len(shapes[0]) == 2 else np.concatenate(values, axis=-1)
