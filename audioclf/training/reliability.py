r"""How often a model is right at each probability it states: reliability diagram and expected calibration error.

Clips are put into 15 bins of equal width by the probability of the predicted class. With :math:`n_b` clips in bin
:math:`b`, their accuracy :math:`a_b` and their mean probability :math:`p_b`, the error is
:math:`\sum_b \frac{n_b}{n} |a_b - p_b|` [1]_. Of few clips it is above 0 for a perfectly calibrated model, too; how
far, follows from drawing for every clip whether it is right with the probability that was stated [2]_.

References
----------
.. [1] Guo, Pleiss, Sun, Weinberger: "On Calibration of Modern Neural Networks", ICML 2017.
.. [2] Bröcker, Smith: "Increasing the Reliability of Reliability Diagrams", Weather and Forecasting 22 (2007).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Numbers = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

N_BINS = 15

FEW = 150
"""Below so many clips, ten a bin, the error is mostly chance."""

_SHARES = ("low", "high", "confidence", "accuracy")

_RESAMPLES = 400
_BATCH = 1_000_000
"""Numbers that are drawn at a time: some megabytes."""


@dataclass(frozen=True)
class Bin:
    """Clips whose predicted class was given a probability in ``(low, high]``.

    Attributes
    ----------
    low, high : float
    n : int
    confidence : float
        Mean probability of the predicted class.
    accuracy : float
        Share that was predicted correctly.
    """

    low: float
    high: float
    n: int
    confidence: float
    accuracy: float


@dataclass(frozen=True)
class Reliability:
    """A reliability diagram and its error.

    Attributes
    ----------
    n : int
        Clips.
    confidence, accuracy : float
        Over all clips.
    error : float
        Expected calibration error, 0 to 1.
    chance : float
        A perfectly calibrated model stays below this error in 95 of 100 cases, with clips of these probabilities.
    bins : tuple of Bin
        Those that hold clips, in order.
    """

    n: int
    confidence: float
    accuracy: float
    error: float
    chance: float
    bins: tuple[Bin, ...]

    @property
    def few(self) -> bool:
        """Whether there are too few clips for a figure of some precision."""
        return self.n < FEW

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self) | {"bins": [asdict(each) for each in self.bins]}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Reliability:
        """What :meth:`to_dict` gave.

        Raises
        ------
        ValueError
            With a clause that states what is wrong.
        """
        try:
            names = ("confidence", "accuracy", "error", "chance")
            numbers = {name: float(values[name]) for name in names}
            bins = [Bin(n=int(each["n"]), **{key: float(each[key]) for key in _SHARES}) for each in values["bins"]]
            found = cls(int(values["n"]), bins=tuple(bins), **numbers)
        except (KeyError, OverflowError, TypeError, ValueError):
            raise ValueError("calibration is incomplete") from None
        shares = [*numbers.values(), *(value for each in bins for value in (each.confidence, each.accuracy))]
        if not bins or not all(math.isfinite(share) and 0 <= share <= 1 for share in shares):
            raise ValueError("calibration holds no shares")
        return found


def reliability(true: npt.ArrayLike, probabilities: npt.ArrayLike, n_bins: int = N_BINS) -> Reliability:
    """How often the predicted class is right, by its probability.

    Parameters
    ----------
    true : np.ndarray [shape=(n,)], int
        Class numbers, of one clip at least.
    probabilities : np.ndarray [shape=(n, n_classes)], real
        Rows sum to 1.
    n_bins : int
        Of equal width.
    """
    shares = np.asarray(probabilities, dtype=np.float64)
    confidence = np.clip(shares.max(axis=1), 0, 1)
    right = shares.argmax(axis=1) == np.asarray(true)
    n = len(confidence)
    number = np.clip(np.ceil(confidence * n_bins).astype(np.int64) - 1, 0, n_bins - 1)
    counts = np.bincount(number, minlength=n_bins)
    sums = np.bincount(number, confidence, n_bins)
    hits = np.bincount(number, right, n_bins)
    bins = tuple(
        Bin(b / n_bins, (b + 1) / n_bins, int(counts[b]), float(sums[b] / counts[b]), float(hits[b] / counts[b]))
        for b in np.flatnonzero(counts).tolist()
    )
    error = float(np.abs(hits - sums).sum() / n)
    return Reliability(
        n, float(confidence.mean()), float(right.mean()), error, _chance(confidence, number, n_bins), bins
    )


def _chance(confidence: Numbers, number: Indices, n_bins: int) -> float:
    """95th percentile of the error where every clip is right with the probability stated."""
    rng = np.random.default_rng(0)
    n = len(confidence)
    sums = np.bincount(number, confidence, n_bins)
    at_once = max(1, min(_RESAMPLES, _BATCH // n))
    errors: list[float] = []
    while len(errors) < _RESAMPLES:
        right = rng.random((at_once, n), dtype=np.float32) < confidence
        places = number + n_bins * np.arange(at_once)[:, None]
        hits = np.bincount(places.ravel(), right.ravel(), at_once * n_bins).reshape(at_once, n_bins)
        errors += (np.abs(hits - sums).sum(axis=1) / n).tolist()
    return float(np.percentile(errors[:_RESAMPLES], 95))
