"""A small experiment to search over."""

from __future__ import annotations

from pathlib import Path

import pytest

from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture
def experiment(class_folders: Path) -> Experiment:
    """Logistic regression on the mel spectrogram of twelve tones."""
    return Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=16),),
        split=Holdout(test_size=0.34, validation_size=0.25),
        model=MODELS["logreg"](),
        training=Training(epochs=2, batch_size=4),
    )
