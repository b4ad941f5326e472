"""EmbeddingModel and Embedding: what a pretrained network is, and what it gives of a sound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.datasets.base import Progress, ShouldStop

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Embedding:
    """What an embedding model gives of one sound.

    Attributes
    ----------
    values : np.ndarray [shape=(n_windows, dimension)], float32
    times : np.ndarray [shape=(n_windows,)], float64 [s]
        Where in the sound every window stands.
    scores : np.ndarray [shape=(n_windows, n_classes)], float32 in 0 to 1, or None
        What the model's own classifier makes of every window, each class by itself; None where it has none.
    """

    values: Array
    times: npt.NDArray[np.float64]
    scores: Array | None = None


@dataclass(frozen=True)
class EmbeddingModel(Parameters):
    """Base of the embedding models. A subclass has a ``kind`` and fills in the facts below.

    Class attributes
    ----------------
    source : str
        Address of its publication.
    licence, citation : str
    trained_on : str
        What it learned from.
    n_bytes, n_parameters : int
        Size of its weights.
    sr : int
        Sample rate it listens at, in Hz.
    window, hop : float
        Length of a window, and distance to the next, in seconds.
    first : float
        Where the first window stands, in seconds: at its centre, or at the centre of its last hop where it looks back.
    dimension : int
        Numbers per window.
    """

    source: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    trained_on: ClassVar[str] = ""
    n_bytes: ClassVar[int] = 0
    n_parameters: ClassVar[int] = 0
    sr: ClassVar[int] = 16000
    window: ClassVar[float] = 0.0
    hop: ClassVar[float] = 0.0
    first: ClassVar[float] = 0.0
    dimension: ClassVar[int] = 0

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes that it gives scores of; empty where it gives none."""
        return ()

    def obtain(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
        """Have the weights at hand, before any work is done; fetched where they are not there yet.

        Raises
        ------
        AudioclfError
            When they cannot be had, or are not those of this model.
        Stopped
        """

    @property
    def at_hand(self) -> bool:
        """Whether the weights are on this computer, as far as a look at its files shows."""
        return True

    @property
    def weights_id(self) -> str:
        """Hash of the weights in use [32 hexadecimal digits]: other weights, another id.

        Raises
        ------
        AudioclfError
            When the weights cannot be had.
        """
        raise NotImplementedError

    def embed(self, y: npt.ArrayLike, sr: float) -> Embedding:
        """Embedding of one sound.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)], real, full scale at -1 and 1
            Mono samples; a sound shorter than a window is followed by silence.
        sr : number > 0 [Hz]

        Raises
        ------
        AudioclfError
            When the weights cannot be had.
        ParameterError
            For anything but finite mono samples at a positive sample rate.
        """
        samples = np.asarray(y, dtype=np.float32)
        if samples.ndim != 1 or not samples.size or not np.isfinite(samples).all():
            raise ParameterError(
                f"{self.title} needs finite mono samples of shape (n,) with n > 0, got shape {samples.shape}; mix the"
                " channels down, and repair what is not finite."
            )
        if not (np.isfinite(sr) and sr > 0):
            raise ParameterError(f"The sample rate must be a positive number of Hz, got {sr!r}.", "sr")
        values, scores = self.infer(resampled(samples, sr, self.sr))
        times = np.arange(len(values), dtype=np.float64) * self.hop + self.first
        return Embedding(values, times, scores)

    def n_windows(self, n_samples: int, sr: float) -> int:
        """Number of windows of a sound of ``n_samples`` samples."""
        return self.count(resampled_length(n_samples, sr, self.sr))

    def count(self, n_samples: int) -> int:
        """Number of windows of so many samples at the model's own rate."""
        raise NotImplementedError

    def infer(self, samples: Array) -> tuple[Array, Array | None]:
        """Embedding of every window, and scores where there are any, of samples at the model's own rate."""
        raise NotImplementedError


def resampled_length(n_samples: int, sr: float, target: int) -> int:
    """Samples that so many become at another rate."""
    return max(1, math.ceil(n_samples * target / sr))


def resampled(samples: Array, sr: float, target: int) -> Array:
    """Samples at another rate [shape=(resampled_length(n, sr, target),)]."""
    if sr == target:
        return samples
    import soxr

    found = soxr.resample(samples, sr, target, quality="HQ")
    exact = np.zeros(resampled_length(samples.size, sr, target), np.float32)
    exact[: found.size] = found[: exact.size]
    return exact
