"""The plain sentence when a training went wrong."""

from __future__ import annotations

import math

import numpy as np

from audioclf.training import Epoch, Training, diagnose

NAN = float("nan")
TRAINING = Training(epochs=20, batch_size=16)


def curves(loss: list[float], accuracy: list[float], val_loss: list[float], val_accuracy: list[float]) -> list[Epoch]:
    rows = zip(loss, accuracy, val_loss, val_accuracy, strict=True)
    return [Epoch(number, *row, 0.001, 1.0, 100.0) for number, row in enumerate(rows, start=1)]


def falling(start: float, end: float, n: int = 20) -> list[float]:
    return np.geomspace(start, end, n).tolist()


def say(history: list[Epoch], training: Training = TRAINING, momentum: float | None = None, n_train: int = 320) -> str:
    return " ".join(diagnose(history, n_train, 10, training, momentum))


def test_nothing_is_wrong_with_a_good_training() -> None:
    good = curves(falling(2.3, 0.1), np.linspace(0.1, 0.99, 20).tolist(), falling(2.3, 0.2), falling(0.1, 0.96))
    assert diagnose(good, 320, 10, TRAINING.replace(schedule="cosine"), 0.9) == []
    assert diagnose([], 320, 10, TRAINING) == []


def test_a_loss_that_is_no_number_is_the_only_thing_said() -> None:
    history = curves([2.3, 50.0, NAN], [0.1, 0.1, 0.1], [2.3, 9.0, NAN], [0.1, 0.1, 0.1])
    found = diagnose(history, 320, 10, TRAINING)
    assert len(found) == 1
    assert "no longer a number in epoch 3" in found[0]
    assert "Lower the learning rate (now 0.001)" in found[0]


def test_a_dead_network() -> None:
    chance = [math.log(10)] * 20
    found = diagnose(curves(chance, [0.11] * 20, chance, [0.1] * 20), 320, 10, TRAINING)
    assert len(found) == 1
    assert "learned nothing" in found[0]
    assert "0.11" in found[0]


def test_a_slow_network_is_not_dead() -> None:
    slow = curves(falling(2.3, 1.9), np.linspace(0.1, 0.35, 20).tolist(), falling(2.3, 1.95), [0.3] * 20)
    assert "learned nothing" not in say(slow)


def test_a_learning_rate_that_is_too_high() -> None:
    wild = [2.3, 1.0, 2.0, 0.9, 1.8, 0.8, 1.9, 0.7, 1.7, 0.9]
    assert "is too high" in say(curves(wild, [0.5] * 10, wild, [0.5] * 10))


def test_overfitting_names_the_kept_epoch() -> None:
    val = falling(2.3, 0.8, 8) + falling(0.85, 2.5, 12)
    history = curves(falling(2.3, 0.01), np.linspace(0.1, 1, 20).tolist(), val, [0.7] * 20)
    assert "by heart" in say(history)
    assert "weights of epoch 8 are kept" in say(history)
    assert "are kept" not in say(history, TRAINING.replace(keep="last"))


def test_a_gap_between_training_and_validation_is_overfitting() -> None:
    history = curves(falling(2.3, 0.05), np.linspace(0.3, 1, 20).tolist(), falling(2.3, 1.0), [0.6] * 20)
    assert "training accuracy is 1.00, validation accuracy 0.60" in say(history)


def test_batch_norm_that_lags() -> None:
    history = curves([2.0, 1.0, 0.5], [0.4, 0.7, 0.9], [2.3, 2.3, 2.2], [0.1, 0.1, 0.15])
    training = Training(epochs=3, batch_size=32)
    assert "seen only 9 steps" in say(history, training, 0.9, n_train=96)
    assert "39%" in say(history, training, 0.9, n_train=96)
    assert "steps" not in say(history, training, None, n_train=96)
    assert "seen only" not in say(history, training, 0.9, n_train=960)


def test_a_training_that_was_not_done() -> None:
    history = curves(falling(2.3, 0.9), np.linspace(0.1, 0.7, 20).tolist(), falling(2.3, 1.0), falling(0.1, 0.68))
    assert "still getting better" in say(history)
    assert "still getting better" not in say(history, TRAINING.replace(epochs=40))


def test_without_validation_only_training_is_judged() -> None:
    good = curves(falling(2.3, 0.1), np.linspace(0.1, 0.99, 20).tolist(), [NAN] * 20, [NAN] * 20)
    assert diagnose(good, 320, 10, TRAINING, 0.9) == []
