"""How accuracy grows with the clips per class: a pretrained embedding with a linear head against a CNN from scratch.

For each number of clips per class, training clips are drawn at random a few times, and the same test clips, which never
train, are predicted each time.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from audioclf import training
from audioclf.core.errors import DatasetError
from audioclf.datasets import Dataset
from audioclf.datasets.splits import Protocol
from audioclf.features import FEATURES, Mel
from audioclf.features.base import Array
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.models import MODELS
from audioclf.similarity import choice, heads
from audioclf.training import Training

Progress = Callable[[int, int], None]
Labels = npt.NDArray[np.int64]

SIZES: Final = (1, 3, 5, 10, 20)
"""Clips per class, before all of them."""

DRAWS: Final = 5
SCRATCH: Final = "scratch"
SCRATCH_DRAWS: Final = 2
"""How often training clips are drawn: networks from scratch take longer."""

EPOCHS: Final = 30
LONGEST: Final = 5.0
"""Seconds of a clip that the network from scratch is given, at most."""


@dataclass(frozen=True)
class Point:
    """Accuracy with so many training clips.

    Attributes
    ----------
    way : str
        Kind of the embedding, or ``"scratch"``.
    per_class : int
        Clips of each class that trained, at most.
    n_train : int
    accuracies : tuple of float
        One for each draw.
    n_test : int
    """

    way: str
    per_class: int
    n_train: int
    accuracies: tuple[float, ...]
    n_test: int

    @property
    def accuracy(self) -> float:
        """Mean over the draws."""
        return float(np.mean(self.accuracies))

    @property
    def interval(self) -> tuple[float, float]:
        """95 % interval: of the test clips' sampling (Wilson), widened by the draws' own spread."""
        # scipy has Wilson's, and the web server's process does not import scipy
        n, p = self.n_test, self.accuracy
        z = 1.96
        centre = (p + z * z / (2 * n)) / (1 + z * z / n)
        half = z * np.sqrt(p * (1 - p) / n + z * z / (4 * n * n)) / (1 + z * z / n)
        spread = (
            z * float(np.std(self.accuracies, ddof=1)) / np.sqrt(len(self.accuracies)) if self.accuracies[1:] else 0
        )
        wide = float(np.hypot(half, spread))
        return max(0.0, float(centre) - wide), min(1.0, float(centre) + wide)


@dataclass(frozen=True)
class LearningCurve:
    """The points, and what they say."""

    points: tuple[Point, ...]
    protocol: str

    def of(self, way: str) -> list[Point]:
        """The points of one way, by growing number of clips."""
        return sorted((point for point in self.points if point.way == way), key=lambda point: point.n_train)

    @property
    def ways(self) -> tuple[str, ...]:
        """Ways there are, the best with all clips first."""
        return tuple(sorted({point.way for point in self.points}, key=lambda way: -self.of(way)[-1].accuracy))

    @property
    def sentence(self) -> str:
        """What one would gain most by."""
        best = self.ways[0]
        line = self.of(best)
        last = line[-1]
        others = [way for way in self.ways if way != best]
        gain = last.accuracy - self.of(others[0])[-1].accuracy if others else 0.0
        growth = last.accuracy - line[-2].accuracy if len(line) > 1 else 0.0
        factor = last.n_train / line[-2].n_train if len(line) > 1 else 1.0
        missing = 1 - last.accuracy
        if missing * last.n_test < 0.5:
            return (
                f"Every test clip is recognized by the {title(best)}: more clips would show nothing new on this test."
            )
        words = (
            f"You would gain most by more clips: from {line[-2].n_train:,} to {last.n_train:,} training clips the"
            f" {title(best)} gained {100 * growth:.1f} percentage points, and the curve still rises."
            if growth > max(0.02, gain)
            else ""
        )
        if not words and gain > 0.02:
            words = (
                f"You would gain most by the {title(best)}: it is {100 * gain:.1f} percentage points better than the"
                f" {title(others[0])} on the same clips."
            )
        if not words:
            words = (
                f"More clips alone will gain little: {factor:.1f} times as many gained {100 * growth:.1f} percentage"
                " points. Look at the clips that are predicted wrong, and at their labels."
            )
        return words


def title(way: str) -> str:
    """What a way is called."""
    return "compact CNN from scratch" if way == SCRATCH else FEATURES[way].title


def learning_curve(
    dataset: Dataset,
    split: Protocol,
    ways: Sequence[str],
    *,
    sizes: Sequence[int] = SIZES,
    n_jobs: int = -1,
    progress: Progress | None = None,
) -> LearningCurve:
    """Accuracy over clips per class.

    Parameters
    ----------
    dataset : Dataset
    split : Protocol
        Its first split's test clips are predicted; all others may train.
    ways : sequence of str
        Kinds of embeddings, and ``"scratch"``.
    sizes : sequence of int
    n_jobs : int
        Processes that compute features.
    progress : callable, optional
        Called with how much of the work is done, in thousandths.

    Raises
    ------
    DatasetError
        When there is no way to compare.
    AudioclfError
        When the data cannot be split, or weights cannot be had.
    """
    if not ways:
        raise DatasetError("A learning curve needs an embedding or a network to draw; choose one.")
    first = split.splits(dataset)[0]
    pool, test = [*first.train, *first.validation], list(first.test)
    y = np.asarray(dataset.labels)
    draws = _draws(y, pool, sizes)
    points: list[Point] = []
    for place, way in enumerate(ways):

        def share(done: float, place: int = place) -> None:
            if progress is not None:
                progress(round(1000 * (place + done) / len(ways)), 1000)

        x = _inputs(dataset, way, n_jobs, share)
        most = SCRATCH_DRAWS if way == SCRATCH else DRAWS
        wanted = [(size, chosen) for size, some in draws for chosen in some[:most]]
        found: dict[int, list[tuple[int, float]]] = {}
        for number, (size, chosen) in enumerate(wanted):
            p = _predicted(way, x, y, chosen, test, len(dataset.classes), number)
            found.setdefault(size, []).append((len(chosen), float((p.argmax(axis=1) == y[test]).mean())))
            share(0.5 + 0.5 * (number + 1) / len(wanted))
        points += [
            Point(way, size, rows[0][0], tuple(accuracy for _, accuracy in rows), len(test))
            for size, rows in found.items()
        ]
    return LearningCurve(tuple(points), split.sentence(dataset))


def _draws(y: Labels, pool: Sequence[int], sizes: Sequence[int]) -> list[tuple[int, list[list[int]]]]:
    """For every number of clips per class, the training clips of each draw; all clips come last, once."""
    of_class = {int(label): [n for n in pool if y[n] == label] for label in np.unique(y[list(pool)])}
    largest = max(len(members) for members in of_class.values())
    found = []
    for size in [size for size in sizes if size < largest]:
        some = []
        for draw in range(DRAWS):
            rng = np.random.default_rng((size, draw))
            some.append([int(n) for members in of_class.values() for n in rng.permutation(members)[:size]])
        found.append((size, some))
    return [*found, (largest, [list(pool)])]


def _inputs(dataset: Dataset, way: str, n_jobs: int, share: Callable[[float], None]) -> Array:
    store = FeatureStore()

    def follow(done: int, total: int) -> None:
        share(0.5 * done / max(total, 1))

    if way == SCRATCH:
        audio = choice.audio_of(dataset.clips)
        audio = audio.replace(duration=min(audio.duration or LONGEST, LONGEST))
        feature: Any = Mel.from_dict({"n_mels": 64, "hop_length": 800})
    else:
        audio = choice.audio_of(dataset.clips)
        feature = FEATURES[way].from_dict({"pooling": choice.POOLING})
        feature.obtain()
    return extract(dataset.clips, feature, audio, store=store, n_jobs=n_jobs, progress=follow)


def _predicted(
    way: str, x: Array, y: Labels, train: Sequence[int], test: Sequence[int], n_classes: int, seed: int
) -> Array:
    if way != SCRATCH:
        return heads.predict(x[train], y[train], x[test], n_classes)
    mean, deviation = x[train].mean(), x[train].std() or 1.0
    # small batches, so that a few clips still take enough steps
    settings = Training(epochs=EPOCHS, batch_size=max(1, min(32, len(train) // 4)), keep="last", seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        fitted = training.fit(
            MODELS["compact-cnn"](),
            (x[train] - mean) / deviation,
            y[train],
            None,
            None,
            n_classes,
            settings,
            folder=Path(folder),
            on_epoch=lambda epoch: None,
        )
    return fitted.predict_proba((x[test] - mean) / deviation)
