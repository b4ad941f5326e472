"""95 % intervals of an accuracy, and of the difference of two, that take the clips of one group for related."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import ParameterError

FEW = 20
"""Below so many groups a bootstrap over them is too narrow (Cameron, Gelbach and Miller 2008); Student's t is not."""

_RESAMPLES = 2000
_BATCH = 1_000_000
"""Numbers that are resampled at a time: a few megabytes."""


@dataclass(frozen=True)
class Interval:
    """A 95 % interval.

    Attributes
    ----------
    low, high : float
    kind : str
        ``"wilson"``; ``"bootstrap"`` (percentiles of 2,000 resamples) or ``"t"`` (Student's, cluster-robust).
    over : str
        What varies by chance: ``"clips"``, ``"groups"`` or ``"splits"``.
    n : int
        How many of these there are.
    """

    low: float
    high: float
    kind: str
    over: str
    n: int

    def to_dict(self) -> dict[str, Any]:
        """As metrics hold it."""
        return {
            "interval": [self.low, self.high],
            "interval_kind": self.kind,
            "interval_over": self.over,
            "interval_n": self.n,
        }


def interval_words(metrics: Mapping[str, Any]) -> str:
    """What the interval of some metrics was made of, such as ``"Student's t over 6 groups"``; empty if not known."""
    names = {"wilson": "Wilson", "bootstrap": "bootstrap", "t": "Student's t"}
    kind, over, n = (metrics.get(f"interval_{name}") for name in ("kind", "over", "n"))
    if kind not in names or not isinstance(over, str) or not isinstance(n, int):
        return ""
    one_group = over == "groups" and kind == "wilson"
    return "Wilson over the clips of one group" if one_group else f"{names[kind]} over {n:,} {over}"


def accuracy_interval(
    right: npt.ArrayLike, groups: Sequence[str | None] | None = None, splits: Sequence[str] | None = None
) -> Interval:
    """Interval of the share of clips that were predicted correctly.

    Without groups it is Wilson's over clips. With them it is a bootstrap over groups; of fewer than 20 groups
    Student's t over the splits, where there are three or more and each group is tested in one of them, or else over
    the groups. It never is narrower than Wilson's: groups that all agree, as where every clip was right, would leave
    an interval of no width.

    Parameters
    ----------
    right : np.ndarray [shape=(n,)], bool
    groups : sequence of str or None, optional
        Of every clip; a clip with None is a group of its own.
    splits : sequence of str, optional
        Name of the split in which each clip was tested.

    Raises
    ------
    ParameterError
        When there are no clips.
    """
    from scipy.stats import binomtest

    values = np.asarray(right, dtype=np.float64)
    if not len(values):
        raise ParameterError("An interval needs at least one clip, got none.")
    low, high = map(float, binomtest(int(values.sum()), len(values)).proportion_ci(method="wilson"))
    if groups is None or all(group is None for group in groups):
        return Interval(low, high, "wilson", "clips", len(values))
    names = _named(groups)
    n_groups, over = len(set(names)), "groups"
    if n_groups == 1:
        return Interval(low, high, "wilson", over, 1)
    units: Sequence[str] = names
    if n_groups < FEW and splits is not None and len(set(splits)) >= 3:
        tested = set(zip(names, splits, strict=True))
        if len(tested) == n_groups:
            units, over = splits, "splits"
    found = mean_interval(values, units, over)
    return Interval(max(min(low, found.low), 0.0), min(max(high, found.high), 1.0), found.kind, over, found.n)


def mean_interval(values: npt.ArrayLike, units: Sequence[str], over: str) -> Interval:
    """Interval of a mean over clips of which those of one unit are related, but units are independent.

    Parameters
    ----------
    values : np.ndarray [shape=(n,)], real
    units : sequence of str
        Of every value; two different ones at least.
    over : str
        What the units are, in the plural.

    Returns
    -------
    Interval
        A bootstrap over units (percentiles), or, of fewer than 20, Student's t with the linearised standard error of
        a ratio (Cochran, Sampling Techniques, 1977, 6.10); with units of equal size, the t interval of their means.
    """
    from scipy import stats

    numbers = np.asarray(values, dtype=np.float64)
    _, of_unit = np.unique(np.asarray(units), return_inverse=True)
    totals, counts = np.bincount(of_unit, numbers), np.bincount(of_unit).astype(np.float64)
    n = len(counts)
    mean = float(totals.sum() / counts.sum())
    if n < 2:
        raise ParameterError(f"An interval over {over} needs two of them at least, got {n}.")
    if n < FEW:
        error = float(np.sqrt(n / (n - 1) * np.square(totals - mean * counts).sum()) / counts.sum())
        reach = float(stats.t.ppf(0.975, n - 1)) * error
        return Interval(mean - reach, mean + reach, "t", over, n)
    ends = stats.bootstrap(
        (totals, counts),
        lambda total, count, axis: total.sum(axis=axis) / count.sum(axis=axis),
        paired=True,
        vectorized=True,
        method="percentile",
        n_resamples=_RESAMPLES,
        batch=max(_BATCH // n, 1),
        rng=np.random.default_rng(0),
    ).confidence_interval
    return Interval(float(ends.low), float(ends.high), "bootstrap", over, n)


def _named(groups: Sequence[str | None]) -> list[str]:
    return [f"clip {number}" if group is None else f"group {group}" for number, group in enumerate(groups)]
