"""Embeddings as features: what a pretrained network makes of a sound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final

import numpy as np
import numpy.typing as npt

from audioclf.core.params import param
from audioclf.datasets.base import Progress, ShouldStop
from audioclf.embeddings import EMBEDDINGS, EmbeddingModel
from audioclf.features.base import Array, Axis, Feature, FeatureMap

SILENCE: Final = 60.0
"""Decibels below the loudest window from which on a window counts as silent."""

_POOLED = {"mean": 1, "mean+max": 2, "mean+max+std": 3}
"""Statistics over time, and how many there are."""


@dataclass(frozen=True)
class EmbeddingFeature(Feature):
    """Base of the embeddings. A subclass has the ``kind`` of its embedding model."""

    heavy: ClassVar[bool] = True
    own_sr: ClassVar[int | None] = EmbeddingModel.sr

    pooling: str = param(
        "mean+max",
        "One vector per sound: statistics of every number over all windows; none keeps the windows.",
        choices=(*_POOLED, "none"),
    )
    offsets: int = param(
        1,
        "Times that the sound is embedded, each begun a share of a hop earlier: so many times as many windows, for as"
        " much more time.",
        low=1,
        high=8,
    )
    skip_silence: bool = param(
        False,
        f"Leave windows out of the statistics that are {SILENCE:.0f} dB softer than the loudest, such as padding.",
    )

    @property
    def embedding_model(self) -> EmbeddingModel:
        """The pretrained network."""
        return EMBEDDINGS[self.kind]()

    def obtain(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> None:
        self.embedding_model.obtain(progress=progress, should_stop=should_stop)

    @property
    def weights_id(self) -> str:
        return self.embedding_model.weights_id

    def compute(self, y: npt.ArrayLike, sr: float) -> FeatureMap:
        """Embedding [shape=(dimension, n_windows) or (k * dimension,)].

        With ``pooling="none"`` a column per window; else the statistics, one after the other.

        Raises
        ------
        AudioclfError
            When the network's weights cannot be had, and as any feature.
        """
        samples, model = self.samples(y, sr), self.embedding_model
        parts = [(lead / sr, model.embed(np.pad(samples, (lead, 0)), sr)) for lead in self.leads(sr)]
        times = np.concatenate([found.times - lead for lead, found in parts])
        order = np.argsort(times, kind="stable")
        times, values = times[order], np.concatenate([found.values for _, found in parts])[order]
        if self.pooling == "none":
            axes = (self._rows(1), Axis(times, "Time", "s"))
            return FeatureMap(np.ascontiguousarray(values.T), axes, "Value", "", self.kind)
        if self.skip_silence:
            values = values[loud(samples, sr, times, model.hop)]
        values = pooled(values, self.pooling)
        return FeatureMap(values, (self._rows(_POOLED[self.pooling]),), "Value", "", self.kind)

    def leads(self, sr: float) -> list[int]:
        """Samples of silence before the sound, each time it is embedded."""
        return [round(number * self.embedding_model.hop * sr / self.offsets) for number in range(self.offsets)]

    def shape(self, n_samples: int, sr: float) -> tuple[int, ...]:
        model = self.embedding_model
        if self.pooling == "none":
            return (model.dimension, sum(model.n_windows(n_samples + lead, sr) for lead in self.leads(sr)))
        return (_POOLED[self.pooling] * model.dimension,)

    def _rows(self, n_statistics: int) -> Axis:
        n = n_statistics * self.embedding_model.dimension
        return Axis(np.arange(n, dtype=np.float64), "Dimension", "")


@dataclass(frozen=True)
class YAMNetEmbedding(EmbeddingFeature):
    """What YAMNet makes of a sound; see :class:`audioclf.embeddings.yamnet.YAMNet`."""

    kind: ClassVar[str] = "yamnet"
    title: ClassVar[str] = "YAMNet embedding"
    order: ClassVar[int] = 70
    explanation: ClassVar[str] = (
        "A network that learned 521 kinds of sounds from two million clips hears yours, a second at a time, and"
        " describes each second by 1,024 numbers. No single number means anything to a person, but sounds that are"
        " alike are close to one another, so that a simple model needs only a few clips of each class."
    )


@dataclass(frozen=True)
class SpeechEmbeddingFeature(EmbeddingFeature):
    """What Google's speech embedding makes of a sound; see :class:`audioclf.embeddings.speech.SpeechEmbedding`."""

    kind: ClassVar[str] = "speech-embedding"
    title: ClassVar[str] = "Speech embedding"
    order: ClassVar[int] = 71
    explanation: ClassVar[str] = (
        "A network that learned to distinguish thousands of spoken words describes every stretch of 0.8 seconds by 96"
        " numbers. It is small and quick, and made for single words, whoever speaks them."
    )


def loud(samples: Array, sr: float, times: npt.NDArray[np.float64], reach: float) -> npt.NDArray[np.bool_]:
    """Which windows are not silent, by the energy within ``reach`` seconds around their times [shape=(n_windows,)]."""
    energy = np.concatenate([[0.0], np.cumsum(np.square(samples, dtype=np.float64))])
    starts, ends = (np.clip(np.rint((times + by) * sr), 0, samples.size).astype(int) for by in (-reach, reach))
    found = energy[ends] - energy[starts]
    return np.asarray(found >= found.max() * 10 ** (-SILENCE / 10))


def pooled(values: Array, pooling: str) -> Array:
    """Statistics over windows [shape=(n_windows, dimension)] -> [shape=(k * dimension,)]."""
    found: list[Array] = [getattr(values, name)(axis=0) for name in pooling.split("+")]
    return np.concatenate(found)
