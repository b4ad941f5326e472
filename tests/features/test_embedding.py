"""Embeddings as features: one vector per sound or one per window, and the same as their network gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import audioclf
from audioclf.audio.io import AudioSettings
from audioclf.core.errors import ParameterError
from audioclf.core.npz import write_arrays
from audioclf.datasets.splits import Holdout
from audioclf.embeddings import EMBEDDINGS, mobilenet, weights, yamnet
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.features import FEATURES
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import extract
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS
from audioclf.training import Training

SR = 22050
HEAVY = [kind for kind, feature in FEATURES.items() if feature.heavy]

pytestmark = pytest.mark.usefixtures("yamnet")
every_embedding = pytest.mark.parametrize("kind", HEAVY)


def noise(n: int = 2 * SR) -> np.ndarray:
    return (0.1 * np.random.default_rng(0).standard_normal(n)).astype(np.float32)


def test_every_embedding_model_is_a_feature() -> None:
    assert sorted(EMBEDDINGS) == sorted(HEAVY)


@every_embedding
@pytest.mark.parametrize("pooling", ["mean", "mean+max", "mean+max+std", "none"])
@pytest.mark.parametrize("n", [1, 700, SR, 3 * SR + 1])
def test_axes_and_shape_fit_the_values(kind: str, pooling: str, n: int) -> None:
    feature = FEATURES.make({"kind": kind, "pooling": pooling})
    found = feature.compute(noise(n), SR)
    assert found.values.dtype == np.float32
    assert found.values.flags.c_contiguous
    assert np.isfinite(found.values).all()
    assert found.values.shape == feature.shape(n, SR) == tuple(len(axis.values) for axis in found.axes)
    assert [axis.label for axis in found.axes] == (["Dimension", "Time"] if pooling == "none" else ["Dimension"])
    assert all((np.diff(axis.values) > 0).all() for axis in found.axes)


@every_embedding
def test_pooling_is_over_the_windows_of_the_network(kind: str) -> None:
    y = noise()
    windows = EMBEDDINGS[kind]().embed(y, SR).values
    pooled = FEATURES[kind](pooling="mean+max+std").compute(y, SR).values
    expected = [windows.mean(axis=0), windows.max(axis=0), windows.std(axis=0)]
    np.testing.assert_allclose(pooled, np.concatenate(expected), rtol=1e-5, atol=1e-6)
    np.testing.assert_array_equal(FEATURES[kind](pooling="none").compute(y, SR).values, windows.T)


@every_embedding
def test_more_windows_and_none_of_silence(kind: str) -> None:
    model = EMBEDDINGS[kind]()
    y = np.pad(noise(), (0, 3 * SR))
    later = np.pad(y, (round(model.hop * SR / 2), 0))
    windows = np.concatenate([model.embed(samples, SR).values for samples in (y, later)])
    found = FEATURES[kind](pooling="none", offsets=2).compute(y, SR)
    assert found.values.shape == FEATURES[kind](pooling="none", offsets=2).shape(y.size, SR)
    np.testing.assert_array_equal(np.sort(found.values), np.sort(windows.T))
    sounding = found.values[:, found.axes[1].values < 2 + model.hop]
    assert sounding.shape < found.values.shape
    heard = FEATURES[kind](pooling="mean", offsets=2, skip_silence=True).compute(y, SR).values
    np.testing.assert_allclose(heard, sounding.mean(axis=1), rtol=1e-4, atol=1e-5)
    silence = np.zeros(SR, np.float32)
    assert FEATURES[kind](pooling="none").compute(silence, SR).values.mean(axis=1) == pytest.approx(
        FEATURES[kind](pooling="mean", skip_silence=True).compute(silence, SR).values, abs=1e-4
    )


@every_embedding
def test_parameters_survive_plain_values(kind: str) -> None:
    feature = FEATURES[kind](pooling="none")
    assert FEATURES.make(feature.to_dict()) == feature
    with pytest.raises(ParameterError, match="pooling"):
        FEATURES[kind](pooling="median")


@every_embedding
def test_what_is_no_sound_is_refused(kind: str) -> None:
    for y, sr in ((np.zeros((2, 9)), SR), (np.zeros(0), SR), (np.full(9, np.nan), SR), (np.ones(9), 0)):
        with pytest.raises(ParameterError):
            FEATURES[kind]().compute(y, sr)


@every_embedding
def test_it_is_computed_once_per_clip(class_folders: Path, tmp_path: Path, kind: str) -> None:
    clips = audioclf.load_dataset(class_folders).clips[:2]
    store = FeatureStore(tmp_path / "store")
    first = extract(clips, FEATURES[kind](), AudioSettings(), store=store, n_jobs=1)
    files = {path: path.stat().st_ctime_ns for path in store.folder.rglob("*.npy")}
    assert len(files) == 2
    for path in files:
        assert path.stat().st_size < 10_000 + first[0].nbytes
    np.testing.assert_array_equal(extract(clips, FEATURES[kind](), AudioSettings(), store=store, n_jobs=1), first)
    assert set(store.folder.rglob("*.npy")) == set(files)


@every_embedding
def test_size_is_known_without_computing_it(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def compute(*args: object) -> None:
        raise AssertionError("computed")

    monkeypatch.setattr(FEATURES[kind], "compute", compute)
    assert FEATURES[kind]().shape(SR, SR)


@pytest.mark.parametrize("model", ["logreg", "mlp"])
@every_embedding
def test_models_that_flatten_learn_from_it(class_folders: Path, tmp_path: Path, kind: str, model: str) -> None:
    experiment = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        split=Holdout(test_size=0.34, validation_size=0.0),
        features=(FEATURES[kind](),),
        scaling=Scaling(mode="standard"),
        model=MODELS[model](units=(4,)) if model == "mlp" else MODELS[model](),
        training=Training(epochs=2, batch_size=4),
    )
    run = audioclf.run_experiment(experiment, tmp_path / "run")
    assert run.metrics["n_test"] == 4
    if model == "logreg":
        assert run.metrics["accuracy"] == 1.0
    predictor = audioclf.Predictor(audioclf.open_run(tmp_path / "run"))
    answer = predictor.classify(class_folders / "low" / "0.wav")
    assert answer.probabilities.shape[-1] == 2


@pytest.mark.usefixtures("yamnet")
def test_other_weights_never_reuse_what_was_stored(
    class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clips = audioclf.load_dataset(class_folders).clips[:1]
    store, feature = FeatureStore(tmp_path / "store"), FEATURES["yamnet"]()
    first = extract(clips, feature, AudioSettings(), store=store, n_jobs=1)
    known = weights.read(yamnet._weights_file(), mobilenet.layout(), "YAMNet")
    write_arrays(tmp_path / "same.npz", known)
    write_arrays(tmp_path / "other.npz", {name: 1.01 * array for name, array in known.items()})
    monkeypatch.setenv("AUDIOCLF_YAMNET", str(tmp_path / "same.npz"))
    np.testing.assert_array_equal(extract(clips, feature, AudioSettings(), store=store, n_jobs=1), first)
    assert len(list(store.folder.rglob("*.npy"))) == 1
    monkeypatch.setenv("AUDIOCLF_YAMNET", str(tmp_path / "other.npz"))
    assert np.abs(extract(clips, feature, AudioSettings(), store=store, n_jobs=1) - first).max() > 1e-3
    assert len(list(store.folder.rglob("*.npy"))) == 2
