"""Training and prediction preprocess alike: a run's test predictions are what its models predict for the same clips."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.fit import read_result
from audioclf.experiments.runner import run_experiment
from audioclf.features import MFCC, Mel
from audioclf.features.colormap import Picture
from audioclf.features.extraction import load_clip
from audioclf.features.scaling import Scaling
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS
from audioclf.training import Training

NETWORK = MODELS["compact-cnn"](filters=(4, 4))
PAIR = (Mel(n_mels=12), MFCC(n_mfcc=12, n_mels=20))

CASES: dict[str, dict[str, Any]] = {
    "network": {"features": PAIR[:1], "model": NETWORK},
    "weighted ensemble": {
        "features": PAIR,
        "combine": "ensemble",
        "weights": (3.0, 1.0),
        "split": KFold(n_splits=3, validation_size=0.3),
        "model": NETWORK,
    },
    "concatenate": {"features": PAIR, "combine": "concatenate", "model": MODELS["mlp"](units=(4,))},
    "channels": {"features": PAIR, "combine": "channels", "model": NETWORK, "scaling": Scaling("minmax")},
    "colour picture": {
        "features": PAIR[:1],
        "picture": Picture("viridis", height=16, width=24),
        "model": NETWORK,
        "scaling": Scaling("none"),
    },
    "classical": {"features": PAIR[1:], "model": MODELS["logreg"](), "scaling": Scaling("clip-standard")},
}


@pytest.mark.parametrize("case", CASES)
def test_test_predictions_are_predicted_again(case: str, class_folders: Path, tmp_path: Path) -> None:
    given = {
        "dataset": DatasetChoice(str(class_folders)),
        "split": Holdout(test_size=0.3),
        "training": Training(epochs=2, batch_size=4, learning_rate=0.02, test_rolls=2),
        **CASES[case],
    }
    run = run_experiment(Experiment(**given), tmp_path / "run")
    predictor = Predictor(run)
    for split in dict.fromkeys(item.split for item in run.predictions):
        items = [item for item in run.predictions if item.split == split]
        windows = [load_clip(run.clips[item.clip], predictor.audio, predictor.n_samples) for item in items]
        again = predictor.probabilities(windows, split)
        # predictions.csv holds six digits
        np.testing.assert_allclose(again, [item.probabilities for item in items], rtol=0, atol=1e-5)
        assert len({item.probabilities for item in items}) > 1
        fits = [fit for fit in run.signature["fits"] if fit["split"] == split]
        weights = run.experiment.weights or (1.0,) * len(fits)
        mean = np.average(
            [read_result(run.fit_folder(fit["id"])).probabilities for fit in fits],
            axis=0,
            weights=[weights[fit["member"]] for fit in fits],
        )
        np.testing.assert_allclose(again, mean, rtol=0, atol=1e-5)
