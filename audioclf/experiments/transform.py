"""What is done to feature maps before a model is given them, in training and prediction alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audioclf.core.errors import ParameterError
from audioclf.experiments.config import Experiment
from audioclf.features import Feature
from audioclf.features.base import Array
from audioclf.features.scaling import Scaler


@dataclass(frozen=True, eq=False)
class Transform:
    """Colour pictures, scaling and joining of one fit; called with feature maps, it returns the model's input.

    Attributes
    ----------
    experiment : Experiment
    member : int
        Index into ``experiment.members``.
    scalers : tuple of Scaler
        One per feature of the member.
    """

    experiment: Experiment
    member: int
    scalers: tuple[Scaler, ...]

    @classmethod
    def fit_transform(
        cls, experiment: Experiment, member: int, values: Mapping[Feature, Array]
    ) -> tuple[Transform, Array]:
        """Learn the scaling from feature maps of training examples [shape=(n, ...)].

        Also returns these as the model is given them.
        """
        drawn = [experiment.picture.draw(values[feature]) for feature in experiment.members[member]]
        found = cls(experiment, member, tuple(Scaler.fit(experiment.scaling, x) for x in drawn))
        return found, found.join([scaler.apply(x) for scaler, x in zip(found.scalers, drawn, strict=True)])

    @classmethod
    def load(cls, experiment: Experiment, member: int, folder: Path) -> Transform:
        """Read what :meth:`save` wrote.

        Raises
        ------
        RunError
        """
        numbers = range(len(experiment.members[member]))
        return cls(experiment, member, tuple(Scaler.load(folder / f"scaling-{number}.npz") for number in numbers))

    def save(self, folder: Path) -> None:
        """Write what was learned into the folder of the fit."""
        for number, scaler in enumerate(self.scalers):
            scaler.save(folder / f"scaling-{number}.npz")

    @property
    def of_embedding(self) -> tuple[Array, Array] | None:
        """Offset and scale of the one embedding that is all of an example, pooled to a row; None of anything else."""
        members = self.experiment.members[self.member]
        known = len(members) == 1 and members[0].heavy and self.experiment.scaling.mode == "standard"
        (scaler, *_) = self.scalers
        if not known or self.experiment.picture.on or scaler.offset.ndim != 1:
            return None
        return scaler.offset, scaler.scale

    def scaled(self, values: Mapping[Feature, Array]) -> list[Array]:
        """Drawn and scaled maps, one array per feature of the member [shape=(n, ...)]."""
        features = self.experiment.members[self.member]
        both = zip(self.scalers, features, strict=True)
        return [scaler.apply(self.experiment.picture.draw(values[feature])) for scaler, feature in both]

    def join(self, scaled: Sequence[Array]) -> Array:
        """What :meth:`scaled` gives, as one input."""
        return join(scaled, self.experiment.combine)

    def __call__(self, values: Mapping[Feature, Array]) -> Array:
        """What the model is given for feature maps [shape=(n, ...)]."""
        return self.join(self.scaled(values))


def ensemble(experiment: Experiment, answers: Sequence[tuple[int, Array]]) -> Array:
    """Mean of the probabilities that several fits give, each with the weight of its member.

    Parameters
    ----------
    experiment : Experiment
    answers : sequence of (int, np.ndarray [shape=(n, n_classes)])
        Member and probabilities of every fit that is asked.

    Returns
    -------
    np.ndarray [shape=(n, n_classes)], float32
    """
    weights = experiment.weights or (1.0,) * len(experiment.members)
    total = sum(weights[member] for member, _ in answers)
    return np.asarray(sum(rows * np.float32(weights[member] / total) for member, rows in answers), np.float32)


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
