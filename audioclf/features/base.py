"""Feature and FeatureMap: parameters in, numbers that know their axes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters
from audioclf.datasets.base import Progress, ShouldStop

Array = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Axis:
    """One axis of a feature map.

    Attributes
    ----------
    values : np.ndarray [shape=(n,)]
        Coordinate of every row, column or sample.
    label : str
        ``"Time"``, ``"Frequency"``, ``"Coefficient"``.
    unit : str
        ``"s"``, ``"Hz"`` or empty.
    scale : str
        How the coordinate is spaced for the eye: ``"linear"``, ``"log"`` or ``"mel"``.
    """

    values: npt.NDArray[np.float64]
    label: str
    unit: str
    scale: str = "linear"


@dataclass(frozen=True, eq=False)
class FeatureMap:
    """Values of one feature of one sound, with the axes they stand on.

    Attributes
    ----------
    values : np.ndarray [shape=(n_rows, n_frames) or (n,)], float32
        Two dimensions for a picture (lowest row first), one for a curve.
    axes : tuple of Axis
        One per dimension of ``values``: rows then time, or the curve's own axis.
    label : str
        What the values are: ``"Level"``, ``"Amplitude"``.
    unit : str
        ``"dB"`` or empty.
    feature : str
        ``kind`` of the feature that made it.
    """

    values: Array
    axes: tuple[Axis, ...]
    label: str
    unit: str
    feature: str

    @property
    def is_picture(self) -> bool:
        """Whether the values have a second dimension."""
        return self.values.ndim == 2


class Feature(Parameters):
    """Base of the features. A subclass is a frozen dataclass with a ``kind`` and a ``compute``.

    Class attributes
    ----------------
    explanation : str
        Two or three sentences for a learner: what one sees in it, and how it is made.
    order : int
        Place in lists.
    heavy : bool
        Whether a pretrained network computes it, which the web server's process leaves to others.
    viewed : bool
        Whether pages show it beside the others.
    own_sr : int or None
        Sample rate it brings every sound to, in Hz; None where it takes sounds as they are.
    """

    explanation: ClassVar[str] = ""
    order: ClassVar[int] = 100
    heavy: ClassVar[bool] = False
    viewed: ClassVar[bool] = True
    own_sr: ClassVar[int | None] = None

    def obtain(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
        """Obtain what it needs, such as weights, before any work is done; an AudioclfError where that fails."""

    @property
    def weights_id(self) -> str:
        """Hash of the weights it computes with, empty where it has none; an AudioclfError where they are missing."""
        return ""

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """Feature of one sound.

        Parameters
        ----------
        y : np.ndarray [shape=(n,)], real
            Mono samples, full scale at -1 and 1.
        sr : number > 0 [Hz]
            Sample rate.

        Returns
        -------
        FeatureMap

        Raises
        ------
        ParameterError
            When the parameters cannot work at this sample rate or length.
        """
        raise NotImplementedError

    def advice(self, sr: float, n_samples: int) -> tuple[str, ...]:
        """What works but deserves a word at this sample rate and length, one sentence each.

        Raises
        ------
        ParameterError
            When the parameters cannot work at this sample rate.
        """
        return ()

    def shape(self, n_samples: int, sr: float) -> tuple[int, ...]:
        """Shape of the values for a sound of ``n_samples`` samples.

        Raises
        ------
        ParameterError
            When the parameters cannot work at this sample rate or length.
        """
        return self.compute(np.zeros(n_samples, np.float32), sr).values.shape

    def samples(self, y: npt.ArrayLike, sr: float) -> Array:
        """Check what a feature is given and bring it to float32.

        A ParameterError for anything but a non-empty, finite, mono signal at a positive sample rate.
        """
        samples = np.asarray(y, dtype=np.float32)
        if samples.ndim != 1 or samples.size == 0:
            raise ParameterError(
                f"{self.title} needs mono samples of shape (n,) with n > 0, got shape {samples.shape};"
                " mix the channels down first."
            )
        if not np.isfinite(samples).all():
            raise ParameterError(f"{self.title} needs finite samples, got NaN or infinity; reload or repair the sound.")
        if not (np.isfinite(sr) and sr > 0):
            raise ParameterError(f"The sample rate must be a positive number of Hz, got {sr!r}.", "sr")
        return samples


def stack(maps: Sequence[FeatureMap]) -> Array:
    """Values of equally shaped maps as one array [shape=(n_maps, ...)], float32.

    Raises
    ------
    ParameterError
        When the shapes differ, as clips of different length give.
    """
    shapes = {item.values.shape for item in maps}
    if len(shapes) != 1:
        raise ParameterError(
            f"The clips give feature maps of {len(shapes)} different shapes (such as {sorted(shapes)[0]} and"
            f" {sorted(shapes)[-1]}); set a common duration.",
            "duration",
        )
    return np.stack([item.values for item in maps])
