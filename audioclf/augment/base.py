"""Augmentation: a described change of the training examples, made after the split."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.errors import ParameterError
from audioclf.params import Parameters

Array = npt.NDArray[np.float32]


class Augmentation(Parameters):
    """Base of the augmentations. A subclass is a frozen dataclass with a ``kind`` and an ``apply``.

    Class attributes
    ----------------
    stage : str
        What it changes: ``"samples"`` before any feature is computed, or ``"map"``: batches of
        feature maps, made anew in every epoch.
    explanation : str
        One or two sentences for a learner.
    order : int
        Place in lists.
    """

    stage: ClassVar[str] = "map"
    explanation: ClassVar[str] = ""
    order: ClassVar[int] = 100

    def apply(self, x: Array, onehot: Array, rng: np.random.Generator) -> tuple[Array, Array]:
        """Change a batch; what is given is left as it is.

        Parameters
        ----------
        x : np.ndarray [shape=(n, rows, frames[, channels]) or (n, m)], float32
            Maps, or curves.
        onehot : np.ndarray [shape=(n, n_classes)], float32
            Labels as rows that sum to 1.
        rng : np.random.Generator
            The only source of chance: the same state gives the same batch.

        Returns
        -------
        x, onehot : np.ndarray
            Of the same shape and type.

        Raises
        ------
        ParameterError
            When examples of this shape cannot be changed so.
        """
        raise NotImplementedError


def time_axis(x: Array) -> int:
    """Axis of a batch along which time runs: the frames of maps, the only axis of curves."""
    return 1 if x.ndim == 2 else 2


def require_pictures(x: Array, title: str) -> None:
    """Raise unless the batch holds pictures.

    Raises
    ------
    ParameterError
    """
    if x.ndim not in (3, 4):
        raise ParameterError(
            f"{title} changes pictures (STFT, CQT, mel, MFCC), and got curves of {x.shape[1]} values; leave it out or"
            " choose such a feature.",
            "augment",
        )
