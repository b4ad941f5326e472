"""Augmentation: a described change of the training examples, made after the split."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters

Array = npt.NDArray[np.float32]


class Augmentation(Parameters):
    """Base of the augmentations. A subclass is a frozen dataclass with a ``kind`` and a change.

    Class attributes
    ----------------
    stage : str
        What it changes: ``"samples"`` before any feature is computed (see :class:`SampleAugmentation`),
        or ``"map"``: batches of feature maps, made again in every epoch by :meth:`apply`.
    heard : str
        How a change of the map is to be heard in a preview: ``"curve"`` by the same change of the
        samples, ``"gain"`` by what it adds to a map in dB, ``"mask"`` by silence where the map changes;
        empty where there is no such sound. Changes of samples are heard as they are.
    explanation : str
        One or two sentences for a learner.
    order : int
        Place in lists.
    """

    stage: ClassVar[str] = "map"
    heard: ClassVar[str] = ""
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
            Of the same shape and type. A ParameterError when examples of this shape cannot be changed so.
        """
        raise NotImplementedError

    def apply_samples(self, y: npt.ArrayLike, sr: int, rng: np.random.Generator, n_samples: int | None = None) -> Array:
        """Change the samples of one clip; only those of stage ``"samples"`` can."""
        raise NotImplementedError


@dataclass(frozen=True)
class SampleAugmentation(Augmentation):
    """Base of the augmentations of samples. A subclass overrides :meth:`change`.

    Parameters ``min_x`` and ``max_x`` are the ends of a range, which must be in order.
    """

    stage = "samples"

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.describe():
            low, high = getattr(self, name.replace("max_", "min_"), None), getattr(self, name)
            if name.startswith("max_") and low is not None and low > high:
                raise ParameterError(
                    f"{name} must be at least {low:g}, the lower end of the range, got {high:g}.", name
                )

    def apply_samples(self, y: npt.ArrayLike, sr: int, rng: np.random.Generator, n_samples: int | None = None) -> Array:
        """Change the samples of one clip; what is given is left as it is.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)], real
            The clip at its own length, before it is brought to the common one.
        sr : int [Hz]
        rng : np.random.Generator
            The only source of chance: the same state gives the same samples.
        n_samples : int, optional
            Length that all clips will be brought to; the clip's own where left out.

        Returns
        -------
        np.ndarray [shape=(m,)], float32
            Finite; silence stays silence. A ParameterError where ``y`` is not mono, or not finite.
        """
        samples = np.asarray(y, dtype=np.float32)
        if samples.ndim != 1 or samples.size == 0:
            raise ParameterError(f"{self.title} needs mono samples, one at least, got shape {samples.shape}.", "y")
        if not np.isfinite(samples).all():
            raise ParameterError(
                f"{self.title} needs finite samples, got NaN or infinity; leave the clip out or save it again.", "y"
            )
        return np.asarray(self.change(samples, sr, rng, n_samples or samples.size), dtype=np.float32)

    def change(self, y: Array, sr: int, rng: np.random.Generator, n_samples: int) -> Array:
        """The change itself, of checked samples."""
        raise NotImplementedError


def require_pictures(x: Array, title: str) -> None:
    """Raise a ParameterError unless the batch holds pictures."""
    if x.ndim not in (3, 4):
        raise ParameterError(
            f"{title} changes pictures (STFT, CQT, mel, MFCC), and got curves of {x.shape[1]} values; leave it out or"
            " choose such a feature.",
            "augment",
        )
