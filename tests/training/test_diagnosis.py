"""The plain sentence when a training went wrong."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

from audioclf.models import MODELS
from audioclf.training import Epoch, Training, diagnose, fit

NAN = float("nan")
TRAINING = Training(epochs=20, batch_size=16)


def curves(loss: list[float], accuracy: list[float], val_loss: list[float], val_accuracy: list[float]) -> list[Epoch]:
    rows = zip(loss, accuracy, val_loss, val_accuracy, strict=True)
    return [Epoch(number, *row, 0.001, 1.0, 100.0) for number, row in enumerate(rows, start=1)]


def falling(start: float, end: float, n: int = 20) -> list[float]:
    return np.geomspace(start, end, n).tolist()


def say(history: list[Epoch], training: Training = TRAINING, momentum: float | None = None, n_train: int = 320) -> str:
    return " ".join(diagnose(history, n_train, 10, training, momentum).values())


def test_nothing_is_wrong_with_a_good_training() -> None:
    good = curves(falling(2.3, 0.1), np.linspace(0.1, 0.99, 20).tolist(), falling(2.3, 0.2), falling(0.1, 0.96))
    assert diagnose(good, 320, 10, TRAINING.replace(schedule="cosine"), 0.9) == {}
    assert diagnose([], 320, 10, TRAINING) == {}


def test_a_loss_that_is_no_number_is_the_only_thing_said() -> None:
    history = curves([2.3, 50.0, NAN], [0.1, 0.1, 0.1], [2.3, 9.0, NAN], [0.1, 0.1, 0.1])
    found = diagnose(history, 320, 10, TRAINING)
    assert len(found) == 1
    assert "no longer a number in epoch 3" in next(iter(found.values()))
    assert "Lower the learning rate (now 0.001)" in next(iter(found.values()))


def test_a_dead_network() -> None:
    chance = [math.log(10)] * 20
    found = diagnose(curves(chance, [0.11] * 20, chance, [0.1] * 20), 320, 10, TRAINING)
    assert len(found) == 1
    assert "learned nothing" in next(iter(found.values()))
    assert "0.11" in next(iter(found.values()))


def test_a_slow_network_is_not_dead() -> None:
    slow = curves(falling(2.3, 1.9), np.linspace(0.1, 0.35, 20).tolist(), falling(2.3, 1.95), [0.3] * 20)
    assert "learned nothing" not in say(slow)


def test_a_learning_rate_that_is_too_high() -> None:
    wild = [2.3, 1.0, 2.0, 0.9, 1.8, 0.8, 1.9, 0.7, 1.7, 0.9]
    assert "again and again" in say(curves(wild, [0.5] * 10, wild, [0.5] * 10))


def test_few_clips_make_a_loss_that_is_noise_and_no_fault() -> None:
    """Epochs of healthy trainings: compact CNNs on 16 and 8 clips in batches of 4, a CNN on 16 in one batch."""
    learned = [0.51, 0.25, 0.52, 0.4, 0.19, 0.23, 0.41, 0.26, 0.1, 0.23, 0.13, 0.12, 0.39, 0.05, 0.33, 0.56, 0.08, 0.32]
    two_steps = [0.66, 0.85, 0.8, 0.79, 0.76, 0.84, 0.84, 0.84, 0.6, 0.69, 0.73, 0.59, 0.82, 0.75]
    one_step = [4.28, 1.94, 0.69, 1.38, 1.62, 1.39, 0.94, 0.55, 0.47, 0.61, 0.71, 0.67, 0.52, 0.35]
    for losses, n_train, batch_size in ((learned, 16, 4), (two_steps, 8, 4), (one_step, 16, 16)):
        training = Training(epochs=20, batch_size=batch_size)
        for n in range(5, len(losses) + 1):
            message = diagnose(curves(losses[:n], [0.7] * n, [NAN] * n, [NAN] * n), n_train, 2, training)
            assert "rate too high" not in message, message
    # of many clips such a curve would be no noise, and at such a rate noise is not what it would be laid to
    history = curves(learned, [0.9] * 18, [NAN] * 18, [NAN] * 18)
    assert "again and again" in " ".join(diagnose(history, 400, 2, Training(epochs=20, batch_size=4)).values())
    assert "again and again" in " ".join(diagnose(history, 16, 2, Training(batch_size=4, learning_rate=0.1)).values())
    wild = [0.7, 0.4, 0.9, 0.4, 0.8, 0.3, 0.7, 0.3, 0.8, 0.4]
    history = curves(wild, [0.7] * 10, [NAN] * 10, [NAN] * 10)
    assert "again and again" in " ".join(diagnose(history, 400, 2, Training(batch_size=4)).values())
    assert "too high" not in " ".join(diagnose(history, 4, 2, Training(batch_size=4)).values())


def test_a_rate_a_hundred_times_too_high_is_told_of_real_networks(tmp_path: Path) -> None:
    """A CNN of two convolutions on 40 noisy pictures of four classes, that dies of it in its first epoch."""
    rng = np.random.default_rng(0)
    y = np.arange(40) % 4
    x = (rng.standard_normal((4, 16, 12))[y] + rng.standard_normal((40, 16, 12))).astype(np.float32)

    def message(learning_rate: float) -> str:
        training = Training(epochs=5, batch_size=4, learning_rate=learning_rate)
        epochs: list[Epoch] = []
        fit(
            MODELS["cnn"](filters=(8, 8), units=(16,)),
            *(x, y, None, None, 4, training),
            folder=tmp_path / f"{learning_rate:g}",
            on_epoch=epochs.append,
            should_stop=lambda: False,
        )
        return " ".join(diagnose(epochs, 40, 4, training).values())

    assert "too high" in message(0.1)
    assert "too high" not in message(0.001)


def test_a_loss_that_only_began_high_did_not_shoot_up() -> None:
    """Losses as of a network on features as large as they come, which learns all the same."""
    began = [288.0, 189.0, 105.0, 61.0, 30.0, 12.0, 5.0, 2.0, 0.9, 0.5]
    message = say(curves(began, np.linspace(0.2, 0.9, 10).tolist(), [NAN] * 10, [NAN] * 10))
    assert "began at 288" in message
    assert "Scale the feature" in message
    assert "shot up" not in message
    shot = [2.3, 40.0, 2.2, 2.1, 2.0, 1.9]
    assert "as high as 40" in say(curves(shot, [0.3] * 6, [NAN] * 6, [NAN] * 6))
    # one small jump late on is not named by the height of the first epoch
    late = [70.7, 8.0, 3.0, 1.5, 1.0, 0.8, 0.6, 0.5, 0.4, 0.3, 0.25, 0.2, 0.2, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2]
    assert "70.7" not in say(curves(late, [0.9] * 20, [NAN] * 20, [NAN] * 20)).partition("began")[0]


def test_four_clips_told_right_are_no_guessing() -> None:
    history = curves([0.69, 0.68, 0.65, 0.64], [0.5, 1.0, 1.0, 1.0], [NAN] * 4, [NAN] * 4)
    assert diagnose(history, 4, 2, Training(epochs=4, batch_size=2)) == {}


def test_differences_of_a_hundredth_are_not_worth_a_word() -> None:
    val = falling(0.5, 0.010, 12) + falling(0.0101, 0.014, 8)
    history = curves(falling(0.5, 0.002), [0.99] * 20, val, [0.99] * 20)
    assert diagnose(history, 320, 10, TRAINING) == {}


def test_what_is_learned_by_heart_is_not_still_getting_better() -> None:
    val = [*falling(2.3, 0.9, 12), 1.3, 1.25, 1.2, 1.15, 1.12, 1.1, 1.08, 0.5]
    history = curves(falling(2.3, 0.01), np.linspace(0.5, 1, 20).tolist(), val, [0.7] * 20)
    found = diagnose(history, 320, 10, TRAINING)
    assert "overfitting" in found
    assert "unfinished" not in found


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
    assert diagnose(good, 320, 10, TRAINING, 0.9) == {}
