"""A model of a few recordings: all embeddings side by side and a linear head, tested on the recording held out.

Nothing is chosen on the few clips there are, so that nothing flatters the test.
"""

from __future__ import annotations

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import KFold, LeaveOneGroupOut, Protocol
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.similarity import choice

KINDS = ("yamnet", "speech-embedding")
"""Embeddings that listen where all are at hand."""

MOST_FITS = 40
"""Recordings up to which each is held out by itself."""

SHORTEST, LONGEST = 1.0, 4.0
"""Seconds of what the model is given, at least and at most."""


def experiment_of(path: str, kinds: tuple[str, ...] = KINDS) -> tuple[Experiment, Dataset]:
    """What is trained on recordings that :func:`audioclf.datasets.ingest.recorded.keep` stored, and the data set.

    Parameters
    ----------
    path : str
    kinds : tuple of str
        Of :data:`audioclf.embeddings.EMBEDDINGS`.

    Raises
    ------
    DatasetError
    """
    dataset = load_dataset(path)
    split: Protocol = LeaveOneGroupOut()
    if len({clip.group for clip in dataset.clips}) > MOST_FITS:
        split = KFold(n_splits=min(5, *dataset.counts.values()))
    return choice.experiment(kinds, DatasetChoice(path), split, audio_of(dataset)), dataset


def audio_of(dataset: Dataset) -> AudioSettings:
    """What the model is given: as long as nine of ten examples."""
    length = float(np.percentile([clip.seconds for clip in dataset.clips], 90))
    return AudioSettings(sr=choice.SR, duration=round(min(max(length, SHORTEST), LONGEST), 2))
