"""fit: it learns, it agrees with Keras's own loop, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError, RunError, Stopped
from audioclf.models import MODELS
from audioclf.training import Fitted, Training, completed_epochs, fit, load
from audioclf.training.loop import class_weights

QUICK = Training(epochs=12, batch_size=16, learning_rate=0.01)


def test_a_network_learns_and_tells_every_epoch(train: Any, small_cnn: Any, data: Any, tmp_path: Path) -> None:
    shares: list[float] = []
    fitted, reported = train(small_cnn, tmp_path, QUICK.replace(epochs=30), on_batch=shares.append)
    assert [row.epoch for row in reported] == list(range(1, 31))
    assert list(fitted.history) == reported
    assert reported[-1].loss < 0.5 * reported[0].loss
    assert (fitted.predict(data[2]) == data[3]).mean() > 0.7
    assert shares == pytest.approx([(number + 1) / 90 for number in range(90)])
    assert all(row.samples_per_second > 0 and 0 <= row.input_share <= 1 for row in reported)


def test_the_best_epoch_is_kept_and_its_figures_are_those_told(
    train: Any, small_cnn: Any, data: Any, tmp_path: Path
) -> None:
    # A rate this high makes the last epochs worse than some before.
    fitted, reported = train(small_cnn, tmp_path, QUICK.replace(learning_rate=0.3, epochs=8))
    best = min(reported, key=lambda row: row.val_loss)
    assert best.epoch < 8
    assert fitted.epoch == best.epoch
    shares = fitted.predict_proba(data[2])
    loss = -np.log(np.maximum(shares[np.arange(24), data[3]], 1e-7)).mean()
    assert loss == pytest.approx(best.val_loss, rel=1e-4)
    assert (shares.argmax(1) == data[3]).mean() == pytest.approx(best.val_accuracy)


# VGG16 takes no picture as small as these, and a custom network needs its builder; both are trained in tests/models
@pytest.mark.parametrize("kind", [kind for kind in MODELS if kind not in ("vgg16", "yamnet", "custom")])
def test_every_model_is_fitted_written_and_read(kind: str, train: Any, data: Any, tmp_path: Path) -> None:
    sizes: dict[str, Any] = {"mlp": {"units": [8]}, "cnn": {"filters": [4], "units": [8]}}
    sizes |= {"resnet": {"filters": [4, 6], "pools": [0, 1]}, "crnn": {"filters": [4, 4], "recurrent_units": [4]}}
    sizes |= {"forest": {"n_estimators": 10}, "boosting": {"n_estimators": 5}}
    model = MODELS[kind].from_dict(sizes.get(kind, {}))
    fitted, reported = train(model, tmp_path, QUICK.replace(epochs=2))
    assert len(reported) == (2 if model.family == "network" else 1)
    read = load(model, tmp_path, data[0].shape[1:], 3)
    rows = fitted.predict_proba(data[2])
    np.testing.assert_array_equal(read.predict_proba(data[2]), rows)
    np.testing.assert_allclose(rows.sum(axis=1), 1, rtol=1e-5)
    assert rows.dtype == np.float32
    assert read.epoch == fitted.epoch
    assert {path.name for path in tmp_path.iterdir()} <= {"weights.npz", "checkpoint.npz", "model.skops"}


@pytest.mark.parametrize(
    ("settings", "optimizer"),
    [
        ({"learning_rate": 0.01, "label_smoothing": 0.2}, lambda keras: keras.optimizers.Adam(0.01)),
        (
            {"optimizer": "sgd", "learning_rate": 0.1, "momentum": 0.9, "decay": 0.5},
            lambda keras: keras.optimizers.SGD(keras.optimizers.schedules.InverseTimeDecay(0.1, 1, 0.5), momentum=0.9),
        ),
        (
            {"optimizer": "rmsprop", "learning_rate": 0.01, "class_weight": "balanced"},
            lambda keras: keras.optimizers.RMSprop(0.01),
        ),
        (
            {"optimizer": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
            lambda keras: keras.optimizers.AdamW(0.01, weight_decay=0.1),
        ),
    ],
)
def test_agrees_with_keras_own_loop(
    settings: dict[str, Any], optimizer: Any, train: Any, data: Any, tmp_path: Path
) -> None:
    import keras

    x, y, x_val, y_val = data
    keep = np.flatnonzero((y != 2) | (np.arange(len(y)) % 2 == 0))  # an unequal number of clips per class
    x, y = x[keep], y[keep]
    training = Training(epochs=3, batch_size=16, shuffle=False, keep="last", **settings)
    model = MODELS["mlp"].from_dict({"units": [8]})
    fitted, reported = train(model, tmp_path, training, data=(x, y, x_val, y_val))

    network = model.build(x.shape[1:], 3, random_state=training.seed)
    used = optimizer(keras)
    if training.weight_decay:
        used.exclude_from_weight_decay(var_names=["bias"])
    network.compile(
        used, keras.losses.CategoricalCrossentropy(label_smoothing=training.label_smoothing), metrics=["accuracy"]
    )
    weights = dict(enumerate(class_weights(y, 3, training)))
    onehot, onehot_val = np.eye(3)[y], np.eye(3)[y_val]
    history = network.fit(
        x.reshape(len(x), -1),
        onehot,
        batch_size=16,
        epochs=3,
        shuffle=False,
        verbose=0,
        class_weight=weights if training.class_weight == "balanced" else None,
        validation_data=(x_val.reshape(len(x_val), -1), onehot_val),
    ).history
    for name in ("loss", "accuracy", "val_loss", "val_accuracy"):
        assert [getattr(row, name) for row in reported] == pytest.approx(history[name], rel=1e-4, abs=1e-5)
    for ours, theirs in zip(fitted.estimator.get_weights(), network.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", ["logreg", "svm", "rbf-svm", "tree", "forest", "boosting"])
def test_rare_classes_count_more_in_every_model_that_is_fitted_at_once(kind: str, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1], [190, 10])
    x = (rng.standard_normal((200, 3)) + 0.7 * y[:, None]).astype(np.float32)  # the classes overlap widely
    weak: dict[str, Any] = {"tree": {"max_depth": 2}, "forest": {"max_depth": 2}}
    weak["boosting"] = {"max_depth": 1, "n_estimators": 3}
    model = MODELS[kind](**weak.get(kind, {}))
    found = {}
    for weight in ("none", "balanced"):
        training = Training(class_weight=weight)
        folder = tmp_path / weight
        folder.mkdir()
        fitted = fit(model, x, y, None, None, 2, training, folder=folder, on_epoch=lambda row: None)
        found[weight] = (fitted.predict(x)[y == 1] == 1).mean()
    assert found["balanced"] > found["none"] + 0.2


def test_balanced_class_weights_are_scikit_learns() -> None:
    from sklearn.utils.class_weight import compute_class_weight

    y = np.array([0, 0, 0, 0, 1, 2, 2])
    expected = compute_class_weight("balanced", classes=np.arange(3), y=y)
    np.testing.assert_allclose(class_weights(y, 3, Training(class_weight="balanced")), expected, rtol=1e-6)
    assert class_weights(np.array([0, 0, 2]), 3, Training(class_weight="balanced")).tolist() == [0.75, 0.0, 1.5]


def test_the_augmentation_is_seen_by_training_only_and_seeded_by_epoch(
    train: Any, small_cnn: Any, tmp_path: Path
) -> None:
    draws: list[list[float]] = []
    for folder in ("one", "two"):
        seen: list[float] = []

        def augment(x: Any, onehot: Any, rng: Any, seen: list[float] = seen) -> Any:
            assert x.shape[1:] == (12, 10, 1)
            seen.append(float(rng.random()))
            return x, onehot

        train(small_cnn, tmp_path / folder, QUICK.replace(epochs=2), augment=augment)
        draws.append(seen)
    assert draws[0] == draws[1]
    assert len(set(draws[0])) == len(draws[0]) == 6


@pytest.fixture(scope="module")
def once(train: Any, small_cnn: Any, tmp_path_factory: pytest.TempPathFactory) -> Fitted:
    """A network after one epoch."""
    fitted: Fitted = train(small_cnn, tmp_path_factory.mktemp("once"), QUICK.replace(epochs=1))[0]
    return fitted


@pytest.mark.parametrize("kind", ["small cnn", "logreg"])
def test_rolled_probabilities_are_the_mean_over_rolls(
    kind: str, train: Any, once: Fitted, data: Any, tmp_path: Path
) -> None:
    fitted = once if kind == "small cnn" else train(MODELS[kind](), tmp_path, QUICK)[0]
    x = data[0][:6]
    n_frames = x.shape[2]
    np.testing.assert_array_equal(fitted.predict_rolled(x, 1), fitted.predict_proba(x))
    asked = [fitted.predict_proba(np.roll(x, step, 2)) for step in (0, n_frames // 3, 2 * n_frames // 3)]
    np.testing.assert_allclose(fitted.predict_rolled(x, 3), np.mean(asked, axis=0), atol=1e-6)
    # what was rolled by a full turn's part has the same set of rolls
    np.testing.assert_allclose(
        fitted.predict_rolled(np.roll(x, n_frames // 2, 2), n_frames), fitted.predict_rolled(x, n_frames), atol=1e-5
    )


def test_without_validation_the_last_epoch_is_kept(train: Any, small_cnn: Any, data: Any, tmp_path: Path) -> None:
    fitted, reported = train(small_cnn, tmp_path, QUICK.replace(epochs=3), data=(data[0], data[1], None, None))
    assert fitted.epoch == 3
    assert all(np.isnan(row.val_loss) for row in reported)


def test_early_stopping_ends_training(train: Any, small_cnn: Any, tmp_path: Path) -> None:
    fitted, reported = train(small_cnn, tmp_path, QUICK.replace(learning_rate=0.3, epochs=50, early_stopping=2))
    assert len(reported) < 50
    assert reported[-1].epoch - fitted.epoch == 2


def test_a_stop_is_heard_within_a_batch_and_leaves_the_checkpoint(train: Any, small_cnn: Any, tmp_path: Path) -> None:
    asked = 0

    def should_stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 8  # three batches and a validation an epoch: in the third epoch

    with pytest.raises(Stopped, match="in epoch 3 of 12; 2 epochs are kept"):
        train(small_cnn, tmp_path, QUICK, should_stop=should_stop)
    assert completed_epochs(tmp_path) == 2
    fitted, reported = train(small_cnn, tmp_path, QUICK)
    assert [row.epoch for row in reported] == list(range(3, 13))
    assert len(fitted.history) == 12


def test_a_loss_that_is_no_number_is_explained(train: Any, data: Any, tmp_path: Path) -> None:
    model = MODELS["mlp"].from_dict({"units": [8], "activation": ["linear"]})
    huge = data[0] * np.float32(1e30)
    with pytest.raises(RunError, match=r"no number in epoch 1.*lower the learning rate"):
        train(model, tmp_path, QUICK.replace(optimizer="sgd", learning_rate=10.0), data=(huge, data[1], *data[2:]))


@pytest.mark.parametrize("kind", ["compact-cnn", "logreg"])
def test_data_that_do_not_go_together_are_refused(kind: str, train: Any, data: Any, tmp_path: Path) -> None:
    x, y, x_val, y_val = data
    model = MODELS[kind]()
    broken = x.copy()
    broken[3, 2, 1] = np.nan
    for parts, words in (
        ((x, y[:5], x_val, y_val), "one label for each"),
        ((x[:0], y[:0], x_val, y_val), "at least one clip"),
        ((x, y + 1, x_val, y_val), "0 to 2, got 1 to 3"),
        ((x, y, x_val[:, :5], y_val), r"shape \(12, 10\), got \(5, 10\)"),
        ((broken, y, x_val, y_val), "NaN or infinity"),
    ):
        with pytest.raises(ParameterError, match=words):
            train(model, tmp_path, QUICK, data=parts)


def test_a_batch_larger_than_the_data_is_refused(train: Any, small_cnn: Any, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="training clips, 48, got 128"):
        train(small_cnn, tmp_path, QUICK.replace(batch_size=128))


def test_more_neighbours_than_clips_are_refused(train: Any, data: Any, tmp_path: Path) -> None:
    model = MODELS["knn"].from_dict({"n_neighbors": 100})
    with pytest.raises(ParameterError, match="training clips, 48, got 100") as caught:
        train(model, tmp_path, QUICK)
    assert caught.value.field == "n_neighbors"


def test_one_class_in_the_training_part_is_refused(train: Any, data: Any, tmp_path: Path) -> None:
    x, y, x_val, y_val = data
    with pytest.raises(ParameterError, match="at least two classes"):
        train(MODELS["logreg"](), tmp_path, QUICK, data=(x[y == 0], y[y == 0], x_val, y_val))


def test_prediction_refuses_another_shape(once: Fitted) -> None:
    with pytest.raises(ParameterError, match=r"shape \(12, 10\), got \(12, 11\)"):
        once.predict_proba(np.zeros((2, 12, 11)))
    assert once.predict_proba(np.zeros((0, 12, 10))).shape == (0, 3)
