"""A model of a few recordings: an embedding and a linear head, tested on the recording that is held out.

Nothing is chosen on the few clips there are, so that nothing flatters the test: what is recorded decides what listens.
Three classes of five clips (mean of twelve draws): of ESC-10's sounds YAMNet recognizes 0.914 of the other clips, the
speech embedding 0.896; of FSDD's digits 0.540 and 0.990.
"""

from __future__ import annotations

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import KFold, LeaveOneGroupOut, Protocol
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.similarity import choice

LISTENERS = {"Sounds of any kind": "yamnet", "Spoken words": "speech-embedding"}
"""The embedding that listens, by what is recorded."""

MOST_FITS = 40
"""Recordings up to which each is held out by itself."""

SHORTEST, LONGEST = 1.0, 4.0
"""Seconds of what the model is given, at least and at most."""


def experiment_of(path: str, kind: str) -> tuple[Experiment, Dataset]:
    """What is trained on recordings that :func:`audioclf.datasets.ingest.recorded.keep` stored, and the data set.

    Parameters
    ----------
    path : str
    kind : str
        Of the embedding that listens.

    Raises
    ------
    DatasetError
    """
    dataset = load_dataset(path)
    split: Protocol = LeaveOneGroupOut()
    if len({clip.group for clip in dataset.clips}) > MOST_FITS:
        split = KFold(n_splits=min(5, *dataset.counts.values()))
    return choice.experiment((kind,), DatasetChoice(path), split, audio_of(dataset)), dataset


def audio_of(dataset: Dataset) -> AudioSettings:
    """What the model is given: as long as nine of ten examples."""
    length = float(np.percentile([clip.seconds for clip in dataset.clips], 90))
    return AudioSettings(sr=choice.SR, duration=round(min(max(length, SHORTEST), LONGEST), 2))
