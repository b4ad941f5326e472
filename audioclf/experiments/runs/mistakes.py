"""Where a run goes wrong: which classes it confuses, and how often by length, level, group and fold."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audioclf.core.errors import RunError
from audioclf.experiments.runs.reader import Run
from audioclf.experiments.runs.status import Prediction

BINS: Final = 4
"""Parts of equal size that lengths and levels are dealt into."""


@dataclass(frozen=True)
class Confusion:
    """One cell of the confusion matrix off its diagonal.

    Attributes
    ----------
    true, predicted : int
        Class numbers.
    clips : int
        Test clips in it.
    support : int
        Test clips of the true class.
    """

    true: int
    predicted: int
    clips: int
    support: int


def confusions(predictions: Sequence[Prediction]) -> list[Confusion]:
    """Every pair of classes that was confused, the most clips first, then the largest share of the true class."""
    support = Counter(item.true for item in predictions)
    cells = Counter((item.true, item.predicted) for item in predictions if item.true != item.predicted)
    found = [Confusion(true, predicted, n, support[true]) for (true, predicted), n in cells.items()]
    return sorted(found, key=lambda one: (-one.clips, -one.clips / one.support, one.true, one.predicted))


def confused(predictions: Sequence[Prediction], names: Sequence[str]) -> str:
    """The most frequent confusion in words, with its reverse where that occurs too; ``names`` are the classes'."""
    found = confusions(predictions)
    if not found:
        return "Every test clip was predicted correctly."
    first = found[0]
    back = next((one for one in found if (one.true, one.predicted) == (first.predicted, first.true)), None)
    words = f"Confuses {names[first.true]} with {names[first.predicted]}: {first.clips:,} of {first.support:,}"
    if back is not None:
        words += f", and the other way round {back.clips:,} of {back.support:,}"
    wrong = sum(one.clips for one in found)
    return f"{words}. {wrong:,} {'mistake' if wrong == 1 else 'mistakes'} in all."


@dataclass(frozen=True)
class Slice:
    """Test clips that have something in common.

    Attributes
    ----------
    name : str
    n, right : int
        Test clips, and those that were predicted correctly.
    """

    name: str
    n: int
    right: int

    @property
    def accuracy(self) -> float:
        """Share that was predicted correctly."""
        return self.right / self.n

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval of the accuracy, clips taken for independent (Wilson)."""
        return wilson(self.right, self.n)


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share, in closed form.

    Source: E. B. Wilson, Probable Inference, the Law of Succession, and Statistical Inference, 1927.
    """
    z = 1.959963984540054
    share, spread = right / n, z * z / n
    middle = (share + spread / 2) / (1 + spread)
    reach = z / (1 + spread) * (share * (1 - share) / n + spread / (4 * n)) ** 0.5
    # rounding must not leave 0 or all of n outside
    return (middle - reach if right else 0.0), (middle + reach if right < n else 1.0)


def by_group(run: Run) -> list[Slice]:
    """Accuracy of every group, the worst first; clips without a group are left out.

    Raises
    ------
    RunError
        When the list of the run's clips is gone.
    """
    found = _sliced(run, lambda item: run.clips[item.clip].group)
    return sorted(found, key=lambda one: (one.accuracy, one.name))


def by_fold(run: Run) -> list[Slice]:
    """Accuracy of every official fold, in their order; clips without one are left out."""

    def fold(item: Prediction) -> str | None:
        number = run.clips[item.clip].fold
        return None if number is None else f"fold {number}"

    return sorted(_sliced(run, fold), key=lambda one: int(one.name.removeprefix("fold ")))


def by_duration(run: Run) -> list[Slice]:
    """Accuracy of short to long clips, in four parts of about equal size; one where all are equally long."""
    _require_clips(run)
    lengths = [float(f"{run.clips[item.clip].seconds:.2g}") for item in run.predictions]
    return binned(run.predictions, lengths, "{:g} to {:g} s")


def binned(predictions: Sequence[Prediction], values: Sequence[float | None], words: str) -> list[Slice]:
    """Accuracy by some measure, from low to high, in four parts of about equal size.

    Parameters
    ----------
    predictions : sequence of Prediction
    values : sequence of float or None
        Of every prediction; those without one are left out.
    words : str
        Format of a part's name, given its ends.
    """
    known = [(value, item) for value, item in zip(values, predictions, strict=True) if value is not None]
    if not known:
        return []
    numbers = np.array([value for value, _ in known])
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, BINS + 1)))
    if len(edges) == 1:
        edges = np.repeat(edges, 2)
    places = np.clip(np.searchsorted(edges, numbers, side="right") - 1, 0, len(edges) - 2)
    found = []
    for part in range(len(edges) - 1):
        items = [item for place, (_, item) in zip(places, known, strict=True) if place == part]
        if items:
            name = words.format(edges[part], edges[part + 1])
            found.append(Slice(name, len(items), sum(item.true == item.predicted for item in items)))
    return found


def _sliced(run: Run, of: Callable[[Prediction], str | None]) -> list[Slice]:
    _require_clips(run)
    named = [(name, item.true == item.predicted) for item in run.predictions if (name := of(item)) is not None]
    right = Counter(name for name, is_right in named if is_right)
    return [Slice(name, n, right[name]) for name, n in Counter(name for name, _ in named).items()]


def _require_clips(run: Run) -> None:
    if not run.clips:
        raise RunError(f"The list of clips of run '{run.name}' is gone, so its test clips cannot be sorted by it.")
