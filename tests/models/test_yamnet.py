"""YAMNet transfer: the embedding's own numbers, what learns, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.datasets import load_dataset
from audioclf.datasets.splits import Holdout
from audioclf.embeddings import EMBEDDINGS
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import examine
from audioclf.explain.grad_cam import class_activation_map
from audioclf.features import Mel, YAMNetMel
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.models.yamnet import YAMNetTransfer
from audioclf.training import Training
from audioclf.training.frozen import Divided

SR = 16000


def noise(n: int) -> Any:
    return np.random.default_rng(0).normal(size=n).astype(np.float32) / 10


@pytest.mark.usefixtures("yamnet")
def test_windows_are_those_of_the_embedding() -> None:
    import keras

    for n in (3000, 15600, 15601, 50_000):
        x = YAMNetMel().compute(noise(n), SR).values
        assert x.shape == YAMNetMel().shape(n, SR)
        model = YAMNetTransfer()
        network = model.build(x.shape, 3)
        model.initialise(network)
        windows = keras.Model(network.input, network.get_layer(model.frozen_until).output)
        found = np.asarray(windows(x[np.newaxis, ..., np.newaxis]))[0, :, 0]
        np.testing.assert_allclose(found, EMBEDDINGS["yamnet"]().embed(noise(n), SR).values, atol=1e-4)


def test_what_is_frozen_is_computed_once_and_the_rest_learns() -> None:
    for frm, border, shape in (("none", "window_means", (10, 1, 1024)), ("block14", "block13", (30, 2, 1024))):
        model = YAMNetTransfer(weights="none", fine_tune_from=frm)
        network = model.build((64, 501), 4)
        total, learning = model.count_parameters((64, 501), 4)
        assert network.count_params() == total
        assert sum(int(np.prod(weight.shape)) for weight in network.trainable_weights) == learning
        assert model.frozen_until == border
        assert Divided(model, network, changing=False).learning.input_shape[1:] == shape
    assert YAMNetTransfer(fine_tune_from="block1").frozen_until is None


@pytest.mark.parametrize("layer", ["block14", "block2"])
def test_a_map_lies_where_its_window_is(layer: str) -> None:
    model = YAMNetTransfer(weights="none")
    network = model.build((64, 300), 2)
    heat = class_activation_map(network, noise(64 * 300).reshape(64, 300), 0, layer, "hirescam", model.unfold)
    assert heat.shape == (64, 300)
    maps = network.get_layer(layer).output.shape[1:3]
    one = np.zeros(maps, np.float32)
    one[-maps[0] // 6 :] = 1  # the last window alone
    placed = model.unfold(one, (64, 300))
    assert placed.shape == (maps[1], 300)
    assert not placed[:, : 4 * 48].any()
    assert placed[:, -12:].min() == 1  # no other window is so late


def test_other_features_are_refused_in_words(class_folders: Path) -> None:
    dataset = load_dataset(class_folders)
    split = Holdout(test_size=0.34, validation_size=0.25)
    fitting = Experiment(split=split, features=(YAMNetMel(),), scaling=Scaling(mode="none"), model=YAMNetTransfer())
    fitting = fitting.replace(training=Training(batch_size=4))
    examine(fitting, dataset)
    with pytest.raises(ParameterError, match="takes YAMNet's mel spectrogram alone and was given Mel spectrogram"):
        examine(fitting.replace(features=(Mel(),)), dataset)
    with pytest.raises(ParameterError, match="scaling 'standard'"):
        examine(fitting.replace(scaling=Scaling(mode="standard")), dataset)
    with pytest.raises(ParameterError, match="colour picture"):
        examine(fitting.replace(picture=Picture(colormap="viridis")), dataset)
    with pytest.raises(ParameterError, match="64 rows"):
        YAMNetTransfer().build((128, 100), 2)


def test_missing_weights_stop_the_training(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_YAMNET", "/nowhere.npz")
    with pytest.raises(AudioclfError, match="it is not there"):
        MODELS["yamnet"]().obtain()
