"""Learning rate, plateau and early stopping against Keras's own."""

from __future__ import annotations

import itertools
import math
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.training import Epoch, Training
from audioclf.training.history import is_over, kept_epoch, learning_rate, plateau_scale

NAN = float("nan")


def rows(losses: list[float], validated: bool = True) -> tuple[Epoch, ...]:
    """A history whose monitored loss is given."""
    return tuple(
        Epoch(number, loss, 0.5, loss if validated else NAN, 0.5 if validated else NAN, 0.1, 1.0, 10.0)
        for number, loss in enumerate(losses, start=1)
    )


def test_constant_without_warm_up() -> None:
    assert {learning_rate(step, 10, 1.0, Training(learning_rate=0.3)) for step in range(50)} == {0.3}


def test_inverse_time_decay_is_that_of_keras() -> None:
    import keras

    training = Training(learning_rate=0.01, decay=0.9)
    reference = keras.optimizers.schedules.InverseTimeDecay(0.01, decay_steps=1, decay_rate=0.9)
    for step in (0, 1, 10, 999):
        assert learning_rate(step, 10, 1.0, training) == pytest.approx(float(reference(step)), rel=1e-5)


def test_cosine_is_that_of_keras() -> None:
    import keras

    training = Training(learning_rate=0.2, schedule="cosine", epochs=7)
    reference = keras.optimizers.schedules.CosineDecay(0.2, decay_steps=70)
    for step in range(70):
        assert learning_rate(step, 10, 1.0, training) == pytest.approx(float(reference(step)), abs=1e-6)


def test_warm_up_rises_evenly_to_the_full_rate_and_the_cosine_goes_on_from_there() -> None:
    training = Training(learning_rate=0.2, schedule="cosine", epochs=6, warmup_epochs=2)
    course = [learning_rate(step, 5, 1.0, training) for step in range(30)]
    assert course[:10] == pytest.approx([0.02 * (step + 1) for step in range(10)])
    assert course[10] == pytest.approx(0.2)
    assert all(after < before for before, after in itertools.pairwise(course[10:]))
    assert 0 < course[-1] < 0.002


def test_warm_up_takes_at_most_half_of_a_short_training() -> None:
    training = Training(learning_rate=0.2, schedule="cosine", epochs=2, warmup_epochs=5)
    assert [learning_rate(step, 2, 1.0, training) for step in range(4)] == pytest.approx([0.1, 0.2, 0.2, 0.1])


def test_plateau_goes_no_lower_than_its_floor() -> None:
    training = Training(learning_rate=0.1, plateau_min_lr=0.01, reduce_on_plateau=True)
    assert learning_rate(0, 10, 0.5, training) == pytest.approx(0.05)
    assert learning_rate(0, 10, 1e-6, training) == pytest.approx(0.01)


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # inside Keras's callbacks
@settings(max_examples=30, deadline=None)
@given(
    losses=st.lists(st.sampled_from([0.5, 0.6, 0.7, 0.70001, 0.8, 0.9, 1.0]), min_size=1, max_size=25),
    patience=st.integers(1, 4),
)
def test_plateau_and_early_stopping_are_those_of_keras(losses: list[float], patience: int) -> None:
    import keras

    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    plateau = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=patience, min_lr=0.0, mode="min")
    stopping = keras.callbacks.EarlyStopping("val_loss", patience=patience, mode="min")
    training = Training(
        epochs=100, reduce_on_plateau=True, plateau_factor=0.5, plateau_patience=patience, early_stopping=patience
    )
    for callback in (plateau, stopping):
        callback.set_model(model)
        callback.on_train_begin()
    model.stop_training = False
    for number, loss in enumerate(losses):
        for callback in (plateau, stopping):
            callback.on_epoch_end(number, {"val_loss": loss})
        history = rows(losses[: number + 1])
        assert plateau_scale(history, training) == pytest.approx(float(model.optimizer.learning_rate))
        assert is_over(history, training) == model.stop_training
        if model.stop_training:
            break


def test_the_kept_epoch() -> None:
    losses = [0.9, 0.4, 0.6, 0.4]
    assert kept_epoch(rows(losses), Training(keep="best")) == 2
    assert kept_epoch(rows(losses), Training(keep="last")) == 4
    assert kept_epoch(rows(losses, validated=False), Training(keep="best")) == 4
    assert kept_epoch(rows([0.9, NAN]), Training(keep="last")) == 1
    assert kept_epoch(rows([NAN]), Training()) == 0


def test_training_ends_when_the_loss_is_no_number() -> None:
    assert is_over(rows([0.5, NAN]), Training(epochs=10))
    assert not is_over(rows([0.5, 0.4]), Training(epochs=10))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"learning_rate": NAN}, "learning_rate"),
        ({"learning_rate": 0.0}, "learning_rate"),
        ({"learning_rate": math.inf}, "learning_rate"),
        ({"epochs": 0}, "epochs"),
        ({"batch_size": 0}, "batch_size"),
        ({"optimizer": "adamm"}, "optimizer"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
    ],
)
def test_a_wrong_setting_is_stopped_beside_its_field(values: dict[str, Any], field: str) -> None:
    with pytest.raises(ParameterError) as caught:
        Training(**values)
    assert caught.value.field == field


def test_a_batch_larger_than_the_data_is_explained() -> None:
    with pytest.raises(ParameterError, match="at most the number of training clips, 40, got 128; take 10") as caught:
        Training(batch_size=128).check_batch_size(40)
    assert caught.value.field == "batch_size"
