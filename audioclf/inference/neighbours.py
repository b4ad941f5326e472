"""What is near to what: clips of a data set by their vectors, training clips as a model sees them.

Clips of a data set are compared by the cosine of their vectors. Embeddings are compared by their means as they are: on
ESC-10 the nearest clip of another fold is of the same class for 0.965 of the clips, and for 0.938 where every value is
standardised first. Other vectors have values of every size, and are standardised. In front of a model's last layer the
distance is that of its novelty (:mod:`audioclf.training.novelty`), since it is what the model itself goes by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import AudioclfError, RunError
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Run
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.inference.predictor import Predictor
from audioclf.training import novelty

Numbers = npt.NDArray[np.int64]

_BLOCK: Final = 512

MOST: Final = 400
"""Training clips of a class that are looked at."""


def units(vectors: Array, reference: Array | None = None, *, standardised: bool = True) -> Array:
    """Vectors of length 1.

    Parameters
    ----------
    vectors : np.ndarray [shape=(n, d)]
    reference : np.ndarray [shape=(m, d)], optional
        What the mean and deviation are taken of; the vectors themselves where left out.
    standardised : bool
        Whether every value is brought to mean 0 and deviation 1 first.

    Returns
    -------
    np.ndarray [shape=(n, d)], float32
        A vector of zeros stays one.
    """
    scaled = vectors
    if standardised:
        known = vectors if reference is None else reference
        deviation = known.std(axis=0)
        scaled = (vectors - known.mean(axis=0)) / np.where(deviation > 1e-6, deviation, 1)
    return novelty.units(scaled)


def nearest(of: Array, among: Array, k: int, *, same: bool = False) -> tuple[Numbers, Array]:
    """The nearest vectors, the most similar first.

    Parameters
    ----------
    of : np.ndarray [shape=(n, d)]
        Of length 1, as :func:`units` gives them.
    among : np.ndarray [shape=(m, d)]
    k : int
        How many, at most.
    same : bool
        Whether both are the same table, in which nothing is its own neighbour.

    Returns
    -------
    numbers : np.ndarray [shape=(n, k)]
        Rows of ``among``.
    similarity : np.ndarray [shape=(n, k)], float32 in -1 to 1
    """
    k = max(0, min(k, len(among) - same))
    numbers, similarity = np.empty((len(of), k), np.int64), np.empty((len(of), k), np.float32)
    for start in range(0, len(of), _BLOCK):
        block = of[start : start + _BLOCK] @ among.T
        if same:
            block[np.arange(len(block)), np.arange(start, start + len(block))] = -np.inf
        near = np.argpartition(-block, max(k - 1, 0), axis=1)[:, :k]
        values = np.take_along_axis(block, near, axis=1)
        order = np.argsort(-values, axis=1, kind="stable")
        numbers[start : start + _BLOCK] = np.take_along_axis(near, order, axis=1)
        similarity[start : start + _BLOCK] = np.take_along_axis(values, order, axis=1)
    return numbers, similarity


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
