"""VGG16 transfer: Keras's own network, weights from a file or the lack of them, and training by halves."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.features.colormap import Picture
from audioclf.inference.predictor import Predictor
from audioclf.models import MODELS, Network, pretrained
from audioclf.training import Epoch, Fitted, Training, fit, read_remarks
from audioclf.ui.inference.explanation import remarks

SHAPE = (32, 40, 3)


def vgg16(**params: Any) -> Network:
    model = MODELS["vgg16"].from_dict({"weights": "none", **params})
    assert isinstance(model, Network)
    return model


def save(network: Any, path: Path) -> None:
    """Keras's own writer, which numpy 2 warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        network.save_weights(path)


@pytest.fixture(scope="module")
def kerass() -> Any:
    """The network as Keras builds it."""
    import keras

    return keras.applications.VGG16(include_top=False, weights=None)


@pytest.fixture(scope="module")
def file(kerass: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("vgg16") / "vgg16.weights.h5"
    save(kerass, path)
    return path


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """An empty cache, and a network that leads nowhere."""
    import keras

    monkeypatch.setattr(keras.src.backend.config, "_KERAS_DIR", str(tmp_path / "cache"))
    monkeypatch.setattr(pretrained, "_failed", None)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")


def test_it_is_kerass_network_with_the_weights_of_the_file(kerass: Any, file: Path) -> None:
    import keras

    model = vgg16(weights=str(file))
    built = model.build(SHAPE, 3)
    assert model.initialise(built) == ()
    x = np.random.default_rng(0).random((2, *SHAPE), np.float32)
    base = keras.Model(built.input, built.get_layer("block5_pool").output)
    np.testing.assert_allclose(np.asarray(base(x)), np.asarray(kerass(x)), atol=1e-6)


def test_a_file_as_keras_publishes_them_can_be_named(kerass: Any, tmp_path: Path) -> None:
    import h5py

    with h5py.File(tmp_path / "published.h5", "w") as file:
        file.attrs["layer_names"] = [layer.name.encode() for layer in kerass.layers]
        for layer in kerass.layers:
            group = file.create_group(layer.name)
            group.attrs["weight_names"] = [f"{layer.name}_{weight.name}".encode() for weight in layer.weights]
            for weight in layer.weights:
                group[f"{layer.name}_{weight.name}"] = np.asarray(weight)
    model = vgg16(weights=str(tmp_path / "published.h5"))
    built = model.build(SHAPE, 3)
    model.initialise(built)
    for name in ("block1_conv1", "block5_conv3"):
        np.testing.assert_array_equal(built.get_layer(name).get_weights()[0], kerass.get_layer(name).get_weights()[0])


def test_parameters_of_reference_c() -> None:
    base, head = 14_714_688, (7 * 13 * 512) * 64 + 64 + 64 * 11 + 11
    assert vgg16().count_parameters((250, 420, 3), 11) == (base + head, head)
    block5 = 3 * (3 * 3 * 512 * 512 + 512)
    assert vgg16(fine_tune_from="block5").count_parameters((250, 420, 3), 11) == (base + head, head + block5)
    assert vgg16(fine_tune_from="block1").count_parameters((250, 420, 3), 11) == (base + head, base + head)


def test_what_is_frozen_in_the_summary_is_frozen_in_keras() -> None:
    model = vgg16(fine_tune_from="block4")
    built = model.build((32, 32), 3)
    for row in model.summary((32, 32), 3):
        learns = sum(int(np.prod(weight.shape)) for weight in built.get_layer(row.name).trainable_weights)
        assert learns == row.trainable
    assert model.frozen_until == "block3_pool"
    assert vgg16(fine_tune_from="block1").frozen_until is None


def test_colours_are_prepared_as_for_the_photographs() -> None:
    import keras

    built = vgg16(preprocessing="imagenet").build(SHAPE, 3)
    x = np.random.default_rng(0).random((2, *SHAPE), np.float32)
    seen = keras.Model(built.input, built.get_layer("less_mean_colour").output)(x)
    expected = keras.applications.vgg16.preprocess_input(x * 255)
    np.testing.assert_allclose(np.asarray(seen), expected, atol=1e-3)


@pytest.mark.parametrize(
    ("shape", "part"),
    [((31, 40, 3), r"at least 32 x 32, got 31 x 40.*larger colour picture"), ((40, 40, 2), "got 2 channels"),
     ((500,), "curve of 500 values")],
)  # fmt: skip
def test_what_cannot_go_through_it_is_explained(shape: tuple[int, ...], part: str) -> None:
    with pytest.raises(ParameterError, match=part):
        vgg16().summary(shape, 3)


def train(model: Any, folder: Path, **options: Any) -> tuple[Fitted, list[Epoch]]:
    x, y = np.random.default_rng(0).random((24, *SHAPE), np.float32), np.arange(24) % 3
    x[..., 0] *= (y / 2)[:, None, None]
    reported: list[Epoch] = []
    training = Training(epochs=2, batch_size=8, learning_rate=0.01)
    return fit(model, x, y, x[:6], y[:6], 3, training, folder=folder, on_epoch=reported.append, **options), reported


def test_training_what_learns_alone_is_training_the_whole(file: Path, tmp_path: Path) -> None:
    model = vgg16(weights=str(file), units=(8,), dropout=(0.0,))
    halves, reported = train(model, tmp_path / "halves")
    whole, expected = train(model, tmp_path / "whole", augment=lambda x, y, rng: (x, y))
    for one, other in zip(reported, expected, strict=True):
        assert (one.loss, one.val_loss) == pytest.approx((other.loss, other.val_loss), abs=1e-4)
    x = np.random.default_rng(1).random((5, *SHAPE), np.float32)
    np.testing.assert_allclose(halves.predict_proba(x), whole.predict_proba(x), atol=1e-4)


def test_without_its_weights_it_stops_with_what_to_do(offline: None, tmp_path: Path) -> None:
    with pytest.raises(AudioclfError, match=r"not in Keras's cache.*without_weights to 'random'"):
        MODELS["vgg16"]().obtain()
    with pytest.raises(ParameterError, match="is not there"):
        vgg16(weights=str(tmp_path / "gone.h5")).obtain()


def test_a_file_that_holds_something_else_is_refused(kerass: Any, file: Path, tmp_path: Path) -> None:
    import h5py
    import keras

    (tmp_path / "page.h5").write_text("<html>")
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    save(other, tmp_path / "other.weights.h5")
    with h5py.File(tmp_path / "linked.h5", "w") as linked:
        linked["layers"] = h5py.ExternalLink(str(file), "/layers")
    for name, part in (("page.h5", "cannot be read"), ("other.weights.h5", "cannot be read"), ("linked.h5", "else")):
        with pytest.raises(ParameterError, match=part) as caught:
            vgg16(weights=str(tmp_path / name)).obtain()
        assert caught.value.field == "weights"
    with pytest.raises(ParameterError, match=r"ends in \.h5"):
        vgg16(weights="weights.pkl")


def test_going_on_without_weights_is_said_beside_the_result(offline: None, class_folders: Path, tmp_path: Path) -> None:
    experiment = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        picture=Picture(colormap="viridis", height=32, width=32),
        split=Holdout(test_size=0.34, validation_size=0.25),
        model=MODELS["vgg16"](without_weights="random", units=(4,)),
        training=Training(epochs=1, batch_size=4),
    )
    run = run_experiment(experiment, tmp_path / "run")
    (message,) = run.metrics["remarks"]
    assert "random weights" in message
    assert read_remarks(run.fit_folder("s00-m0")) == (message,)
    predictor = Predictor(run)
    for method in ("grad-cam", "occlusion"):
        found = predictor.explain(run.clips[0], method=method)
        assert found.heat.shape == found.feature_map.values.shape
    noted = " ".join(remarks(run, found, 0))
    assert "given a colour picture" in noted
    assert "fewer and larger parts are removed" in noted
    stopping = experiment.replace(model=experiment.model.replace(without_weights="stop"))
    with pytest.raises(AudioclfError, match="ImageNet weights"):
        run_experiment(stopping, tmp_path / "stopped")


def test_a_shared_server_takes_no_path() -> None:
    assert "no path of a file" in vgg16(weights="/etc/weights.h5").refused_by_app(shared=True)
    assert not vgg16(weights="/etc/weights.h5").refused_by_app(shared=False)
    assert not MODELS["vgg16"]().refused_by_app(shared=True)
