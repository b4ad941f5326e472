"""A training that is killed goes on as if nothing had been: a real process, a real kill -9."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.augment import AUGMENTATIONS, on_batches
from audioclf.core.errors import RunError
from audioclf.models import MODELS
from audioclf.training import Epoch, Fitted, Training, completed_epochs, fit

EPOCHS = 12


def train_torn(folder: Path, pause: float = 0.0) -> Fitted:
    """A training whose every step depends on those before; its epochs are logged beside the folder."""
    rng = np.random.default_rng(0)
    y = np.arange(72) % 3
    x = rng.normal(size=(72, 12, 10)).astype(np.float32)
    x[np.arange(72), 4 * y] += 1.5
    model = MODELS["compact-cnn"].from_dict({"filters": [6, 8], "dropout": 0.4})
    training = Training(
        epochs=EPOCHS,
        batch_size=16,
        learning_rate=0.1,
        optimizer="adamw",
        weight_decay=0.01,
        schedule="cosine",
        warmup_epochs=1,
        reduce_on_plateau=True,
        plateau_patience=1,
        plateau_factor=0.7,
        early_stopping=20,
        label_smoothing=0.1,
    )
    augment = on_batches([AUGMENTATIONS.make({"kind": kind}) for kind in ("mixup", "roll", "mask", "noise")])

    def log(row: Epoch) -> None:
        with folder.with_suffix(".log").open("a") as file:
            file.write(f"{row.epoch} {row.loss!r} {row.val_loss!r} {row.learning_rate!r}\n")

    return fit(
        *(model, x[:48], y[:48], x[48:], y[48:], 3, training),
        folder=folder,
        on_epoch=log,
        on_batch=lambda share: time.sleep(pause),
        augment=augment,
    )


def reported(folder: Path) -> dict[int, list[float]]:
    """Epochs as they were last reported: a later line about the same epoch takes the place of the earlier one."""
    lines = [line.split() for line in folder.with_suffix(".log").read_text().splitlines()]
    return {int(line[0]): [float(value) for value in line[1:]] for line in lines}


def test_killed_and_taken_up_again_it_equals_the_uninterrupted(tmp_path: Path) -> None:
    whole, torn = tmp_path / "whole", tmp_path / "torn"
    expected = train_torn(whole)
    assert completed_epochs(whole) == EPOCHS

    paths = os.pathsep.join(filter(None, sys.path))
    command = [sys.executable, __file__, str(torn)]
    process = subprocess.Popen(command, env=os.environ | {"PYTHONPATH": paths}, stderr=subprocess.DEVNULL)
    give_up = time.monotonic() + 600
    while completed_epochs(torn) < 4:
        assert process.poll() is None, "the training ended before it could be killed"
        assert time.monotonic() < give_up, "no epoch was completed in 5 minutes"
        time.sleep(0.02)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    kept = completed_epochs(torn)
    assert 4 <= kept < EPOCHS
    before = len(torn.with_suffix(".log").read_text().splitlines())
    fitted = train_torn(torn)

    new = torn.with_suffix(".log").read_text().splitlines()[before:]
    assert [int(line.split()[0]) for line in new] == list(range(kept + 1, EPOCHS + 1))
    first, again = reported(whole), reported(torn)
    assert list(first) == list(again) == list(range(1, EPOCHS + 1))
    assert [row[2] for row in again.values()] == [row[2] for row in first.values()]  # learning rates
    for epoch in first:
        assert again[epoch] == pytest.approx(first[epoch], rel=1e-4)
    x = np.random.default_rng(1).normal(size=(72, 12, 10))
    np.testing.assert_allclose(fitted.predict_proba(x), expected.predict_proba(x), atol=1e-4)


QUICK = Training(epochs=3, batch_size=16)


def test_a_finished_training_is_read_and_not_made_again(train: Any, small_cnn: Any, data: Any, tmp_path: Path) -> None:
    fitted, _ = train(small_cnn, tmp_path, QUICK)
    again, told_again = train(small_cnn, tmp_path, QUICK)
    assert told_again == []
    assert again.history == fitted.history
    np.testing.assert_array_equal(again.predict_proba(data[2]), fitted.predict_proba(data[2]))


def test_a_checkpoint_of_another_recipe_is_not_taken_up(train: Any, small_cnn: Any, data: Any, tmp_path: Path) -> None:
    train(small_cnn, tmp_path, QUICK)
    with pytest.raises(RunError, match="another experiment"):
        train(small_cnn, tmp_path, QUICK.replace(seed=1))
    with pytest.raises(RunError, match="another experiment"):
        train(small_cnn, tmp_path, QUICK, data=(data[0], data[1][::-1], *data[2:]))


def test_a_damaged_checkpoint_counts_as_none(train: Any, small_cnn: Any, tmp_path: Path) -> None:
    train(small_cnn, tmp_path, QUICK)
    path = tmp_path / "checkpoint.npz"
    assert completed_epochs(tmp_path) == 3
    whole = path.read_bytes()
    for size in (0, 10, 700):
        path.write_bytes(whole[:size])
        assert completed_epochs(tmp_path) == 0
    _, told_again = train(small_cnn, tmp_path, QUICK)
    assert [row.epoch for row in told_again] == [1, 2, 3]


def test_no_checkpoint_means_no_epochs(tmp_path: Path) -> None:
    assert completed_epochs(tmp_path / "nowhere") == 0


if __name__ == "__main__":
    train_torn(Path(sys.argv[1]), pause=0.05)
