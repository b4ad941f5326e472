"""From a data set to the arrays that the models of a run train, validate and test on: copies, splits, features."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audioclf.audio.io import AudioSettings
from audioclf.augment.copies import Change
from audioclf.core.errors import ParameterError
from audioclf.datasets import Dataset
from audioclf.datasets.splits import Split
from audioclf.experiments.config import Experiment
from audioclf.experiments.prefetch import Prefetch, Samples
from audioclf.experiments.transform import Transform
from audioclf.features import Feature
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import common_duration, extract
from audioclf.models import Network
from audioclf.models.classical import Classical

Labels = npt.NDArray[np.int64]
Begin = Callable[[str], Callable[[int, int], None]]
"""Called with a sentence on what is done next; returns what is to be called with how much of how much is done."""


@dataclass(frozen=True, eq=False)
class FitInputs:
    """What one model trains, validates and is tested on, scaled and joined.

    Attributes
    ----------
    x_train : np.ndarray [shape=(n_train, rows, frames[, channels]) or (n_train, m)], float32
    y_train : np.ndarray [shape=(n_train,)], int
    x_validation, y_validation : np.ndarray or None
    x_test : np.ndarray [shape=(n_test, ...)], float32
        In the order of ``split.test``.
    prefetch : Prefetch or None
        Training examples of one epoch, where they are changed on the fly: for
        :func:`audioclf.training.fit`. Used in a ``with`` statement, what it does beside is ended.
    scaling : (np.ndarray, np.ndarray) [shape=(m,)] or None
        Of one embedding: what was subtracted from its values, and what they were divided by then.
    """

    x_train: Array
    y_train: Labels
    x_validation: Array | None
    y_validation: Labels | None
    x_test: Array
    prefetch: Prefetch | None = None
    scaling: tuple[Array, Array] | None = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of one example."""
        return self.x_train.shape[1:]

    def __enter__(self) -> FitInputs:
        return self

    def __exit__(self, *error: object) -> None:
        if self.prefetch is not None:
            self.prefetch.close()


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
    examples : list of (int, Change or None)
        What arrays are made of: first every clip as it is, then the copies made before training,
        each as the number of its clip and what is done to it. Splits are indices into this list.

    Raises
    ------
    ParameterError
        When the copies cannot be made as asked.
    """

    def __init__(self, experiment: Experiment, dataset: Dataset, *, store: FeatureStore | None = None) -> None:
        check_copies(experiment, dataset)
        self.experiment = experiment
        self.dataset = dataset
        self._store = FeatureStore() if store is None else store
        self._values: dict[Feature, Array] = {}

    @cached_property
    def duration(self) -> float:
        """Length all clips are brought to, in seconds.

        Raises
        ------
        AudioclfError
            When they cannot be.
        """
        return common_duration(self.dataset.clips, self.experiment.audio)

    @cached_property
    def examples(self) -> list[tuple[int, Change | None]]:
        """What arrays are made of, in the order of splits and labels."""
        clips = range(len(self.dataset))
        return [
            *((clip, None) for clip in clips),
            *((clip, change) for change in self._changes for clip in self._copied),
        ]

    @cached_property
    def labels(self) -> Labels:
        """Class of every example [shape=(n_examples,)]."""
        return np.asarray(self.dataset.labels)[[clip for clip, _ in self.examples]]

    @cached_property
    def splits(self) -> tuple[Split, ...]:
        """The splits, as indices into :attr:`examples`: of clips, or of copies where they are made before the split.

        Raises
        ------
        AudioclfError
            When the data set cannot be split as asked.
        """
        if not self.experiment.copies.before_split:
            return self._clip_splits
        dealt = list(range(0 if self.experiment.copies.originals else len(self.dataset), len(self.examples)))
        dealt.sort(key=lambda example: self.examples[example][0])
        copied = dataclasses.replace(self.dataset, clips=tuple(self.dataset.clips[self.clip_of(n)] for n in dealt))
        return tuple(
            Split(
                split.name, *(tuple(dealt[n] for n in subset) for subset in (split.train, split.validation, split.test))
            )
            for split in self.experiment.split.splits(copied)
        )

    def clip_of(self, example: int) -> int:
        """Number of the clip an example was made of."""
        return self.examples[example][0]

    def train_examples(self, split: Split) -> list[int]:
        """Examples one model trains on: the training clips and their copies.

        Parameters
        ----------
        split : Split
            One of :attr:`splits`.
        """
        if self.experiment.copies.before_split or not self._changes:
            return list(split.train)
        place = {clip: number for number, clip in enumerate(self._copied)}
        train = list(split.train) if self.experiment.copies.originals else []
        for number in range(len(self._changes)):
            first = len(self.dataset) + number * len(self._copied)
            train += [first + place[clip] for clip in split.train]
        return train

    @property
    def augmentation(self) -> str:
        """What is done to the training clips, in words; empty where they train as they are."""
        words = [self.experiment.copies.sentence(self.experiment.augmentations)]
        maps = [item.title.lower() for item in self.experiment.augmentations if item.stage == "map"]
        if maps and isinstance(self.experiment.model, Network):
            words.append(f"feature maps changed again in every epoch ({', then '.join(maps)})")
        return "; ".join(filter(None, words))

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
        n_clips, n_copies = len(self.dataset), len(self.examples) - len(self.dataset)
        of = f"{n_clips} clips" + (f" and {n_copies} copies" if n_copies else "")
        for feature in dict.fromkeys(self.experiment.features if features is None else features):
            if feature not in self._values:
                maps = extract(
                    [self.dataset.clips[clip] for clip, _ in self.examples],
                    feature,
                    self._audio,
                    changes=[change for _, change in self.examples],
                    store=self._store,
                    progress=begin(f"Computing {feature.title} of {of}") if begin else None,
                    should_stop=should_stop,
                )
                self.experiment.picture.check_memory(len(maps), maps.shape[1:])
                self._values[feature] = maps

    def of_fit(self, split: Split, member: int, folder: Path) -> FitInputs:
        """Arrays of one model; what its scaling learned from the training examples is written into ``folder``.

        Parameters
        ----------
        split : Split
            One of :attr:`splits`.
        member : int
            Index into ``experiment.members``.
        folder : Path
            Of the fit; must exist.
        """
        members = self.experiment.members[member]
        self.compute(members)
        train, validation, test = self.train_examples(split), list(split.validation), list(split.test)

        def of(examples: list[int]) -> dict[Feature, Array]:
            return {feature: self._values[feature][examples] for feature in members}

        transform, x_train = Transform.fit_transform(self.experiment, member, of(train))
        transform.save(folder)
        return FitInputs(
            x_train,
            self.labels[train],
            transform(of(validation)) if validation else None,
            self.labels[validation] if validation else None,
            transform(of(test)),
            self._prefetch(train, transform),
            transform.of_embedding if isinstance(self.experiment.model, Classical) else None,
        )

    def _prefetch(self, train: Sequence[int], transform: Transform) -> Prefetch | None:
        experiment = self.experiment
        if not experiment.copies.on_the_fly(experiment.augmentations):
            return None
        clips = [self.dataset.clips[self.clip_of(example)] for example in train]
        samples, seed, sr = self._samples, experiment.training.seed, experiment.audio.sr

        def make(epoch: int, number: int) -> Array:
            change = experiment.copies.change_of_epoch(experiment.augmentations, seed, epoch)
            y = samples.changed(clips[number], change)
            members = experiment.members[transform.member]
            example: Array = transform({x: x.compute(y, sr).values[None] for x in members})[0]
            return example

        return Prefetch(make, len(train), experiment.training.epochs)

    @cached_property
    def _audio(self) -> AudioSettings:
        return self.experiment.audio.replace(duration=self.duration)

    @cached_property
    def _samples(self) -> Samples:
        return Samples(self._audio)

    @cached_property
    def _changes(self) -> tuple[Change, ...]:
        return self.experiment.copies.changes(self.experiment.augmentations, self.experiment.training.seed)

    @cached_property
    def _clip_splits(self) -> tuple[Split, ...]:
        return self.experiment.split.splits(self.dataset)

    @cached_property
    def _copied(self) -> list[int]:
        """Clips that copies are made of: all that train in some split."""
        if not self._changes:
            return []
        if self.experiment.copies.before_split:
            return list(range(len(self.dataset)))
        return sorted({clip for split in self._clip_splits for clip in split.train})


def check_copies(experiment: Experiment, dataset: Dataset) -> None:
    """Raise a ParameterError where copies cannot be made of a data set as the experiment asks."""
    copies, split = experiment.copies, experiment.split
    copies.check(experiment.augmentations)
    if copies.on_the_fly(experiment.augmentations) and not isinstance(experiment.model, Network):
        raise ParameterError(
            f"{experiment.model.title} is fitted at once and has no epochs to change its clips in; set number to 1 or"
            " more, or leave the augmentations of samples out.",
            "number",
        )
    if copies.before_split and (split.kind not in ("holdout", "k-fold") or split.keeps_groups(dataset)):
        kept = (
            "keeps groups together"
            if split.keeps_groups(dataset)
            else f"does not deal clips out at random ({split.title})"
        )
        raise ParameterError(
            f"before_split shows what happens when copies of one clip fall on both sides, and this split {kept}; choose"
            " holdout or k-fold without groups, or switch before_split off.",
            "before_split",
        )
