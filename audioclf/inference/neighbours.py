"""The training clips that a model takes for most like a sound: the nearest in front of its last layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from audioclf.core.errors import AudioclfError, RunError
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Run
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.inference.predictor import Predictor

MOST: Final = 400
"""Training clips of a class that are looked at."""


@dataclass(frozen=True)
class Neighbour:
    """A training clip near a sound.

    Attributes
    ----------
    clip : int
        Number in the run's clips.
    distance : float
        In the space in front of the last layer; comparable within one split alone.
    """

    clip: int
    distance: float


def training_clips(run: Run, split: str) -> tuple[int, ...]:
    """Numbers of the clips that the models of a split were trained on.

    Where the split cannot be made again (an official split, or a run of an earlier version) these are all clips that it
    was not tested on, validation clips included.

    Raises
    ------
    RunError
        When the list of the run's clips is gone.
    """
    if not run.clips:
        raise RunError(f"The list of clips of run '{run.name}' is gone, so no training clip can be shown.")
    tested = {item.clip for item in run.predictions if item.split == split}
    try:
        dealt = {one.name: one for one in run.experiment.split.splits(Dataset(run.name, run.clips))}
    except AudioclfError:
        dealt = {}
    if split in dealt and set(dealt[split].test) == tested:
        return dealt[split].train
    return tuple(number for number in range(len(run.clips)) if number not in tested)


class Neighbourhood:
    """Training clips of one split, as the first of its models sees them; classes are computed when they are asked for.

    Parameters
    ----------
    predictor : Predictor
    split : str

    Raises
    ------
    RunError
        When the run has no such split, or the list of its clips is gone.
    """

    def __init__(self, predictor: Predictor, split: str) -> None:
        self.predictor = predictor
        fits: list[dict[str, Any]] = [fit for fit in predictor.signature["fits"] if fit["split"] == split]
        if not fits:
            raise RunError(f"Run '{predictor.run.name}' has no models of the split '{split}'; choose another clip.")
        self._fit = min(fits, key=lambda fit: int(fit["member"]))
        self._clips = predictor.run.clips
        self._train = training_clips(predictor.run, split)
        self._known: dict[int, tuple[list[int], Array]] = {}

    def _points(self, clips: Sequence[Clip]) -> Array:
        predictor = self.predictor
        features = predictor.experiment.members[self._fit["member"]]
        store = FeatureStore()
        values = {feature: extract(clips, feature, predictor.audio, store=store, n_jobs=1) for feature in features}
        points = predictor.points(self._fit, values)
        if points is None:
            raise RunError(
                f"The last layer of {predictor.experiment.model.title} is given several things at once, so no distance"
                " between clips is known."
            )
        return points

    def _of_class(self, number: int) -> tuple[list[int], Array]:
        if number not in self._known:
            label = self.predictor.classes[number]
            members = [clip for clip in self._train if self._clips[clip].label == label]
            if len(members) > MOST:
                members = sorted(np.random.default_rng(0).choice(members, MOST, replace=False).tolist())
            points = self._points([self._clips[clip] for clip in members]) if members else np.zeros((0, 1), np.float32)
            self._known[number] = members, points
        return self._known[number]

    def nearest(self, clip: Clip, classes: Sequence[int], k: int = 3) -> list[list[Neighbour]]:
        """The nearest training clips of each of some classes, the nearest first.

        Parameters
        ----------
        clip : Clip
        classes : sequence of int
            Class numbers.
        k : int
            Clips of each class, at most.

        Raises
        ------
        AudioclfError
            When the clip, or a training clip whose features are not kept, cannot be read.
        """
        here = self._points([clip])[0]
        found = []
        for number in classes:
            members, points = self._of_class(number)
            far = np.linalg.norm(points - here, axis=1) if members else np.zeros(0)
            order = np.argsort(far, kind="stable")[:k]
            found.append([Neighbour(members[place], float(far[place])) for place in order.tolist()])
        return found
