"""What the curves of several models say together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from audioclf.datasets.splits import KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.diagnosis import diagnose_run, fit_title
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run
from audioclf.features import MFCC, Mel
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture(scope="module")
def run(write_tone: Callable[..., Path], tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two folds of three networks, two of them alike, each trained for an epoch."""
    folder = tmp_path_factory.mktemp("diagnosis")
    for number in range(8):
        label = "low" if number % 2 else "high"
        write_tone(folder / "sounds" / label / f"{number}.wav", frequency=220.0 * (number + 1), seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "sounds")),
        features=(Mel(n_mels=8), MFCC(n_mfcc=4), Mel(n_mels=8)),
        combine="ensemble",
        split=KFold(n_splits=2, validation_size=0.0),
        model=MODELS["mlp"](units=(4,)),
        training=Training(epochs=1, batch_size=2),
    )
    return run_experiment(experiment, folder / "run")


def lines(run: Run, *wrong: str) -> list[dict[str, object]]:
    """Six epochs of every model, in the fourth of which the loss of some is no number."""
    made = []
    for row in run.history:
        for epoch in range(1, 7):
            ill = row["fit"] in wrong and epoch >= 4
            made.append(row | {"epoch": epoch, "loss": float("nan") if ill else 0.5 - 0.05 * epoch, "accuracy": 0.9})
    return made


def test_every_model_is_looked_at(run: Run) -> None:
    assert len({row["fit"] for row in run.history}) == 6
    assert diagnose_run(run, lines(run)) == []
    (sentence,) = diagnose_run(run, lines(run, "s01-m1"))
    assert sentence.startswith("Split 2: MFCC: The loss was no longer a number in epoch 4")
    (sentence,) = diagnose_run(run, lines(run, "s00-m2", "s01-m1"))
    assert sentence.startswith("2 of 6 models, the first of them Split 1: Mel spectrogram (2): The loss")
    one = [row for row in lines(run, "s01-m1") if row["fit"] == "s01-m1"]
    assert diagnose_run(run, one)[0].startswith("The loss was no longer")


def test_titles_tell_the_models_of_a_run_apart(run: Run) -> None:
    titles = [fit_title(run, row) for row in run.history]
    assert len(set(titles)) == 6
    unknown = {"fit": "of another version", "split_index": None, "member": None}
    assert fit_title(run, unknown) == "of another version"


def test_networks_that_do_not_normalise_do_not_lag_behind_their_averages(run: Run) -> None:
    assert not any(getattr(MODELS[kind](), "batch_normalization", True) for kind in ("vgg16",))
    ahead = [
        row | {"epoch": epoch, "loss": 0.5 / epoch, "accuracy": 0.9, "val_loss": 2.0, "val_accuracy": 0.5}
        for row in run.history[:1]
        for epoch in (1, 2, 3)
    ]
    assert diagnose_run(run, ahead) == []
