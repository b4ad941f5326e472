"""Neighbours, the map, likely wrong labels: of vectors whose answer is known, and of real clips."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from sklearn.neighbors import NearestNeighbors

import audioclf
from audioclf.core.errors import ParameterError
from audioclf.datasets import curation
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.inference import neighbours
from audioclf.inference.messages import packed, unpacked
from audioclf.jobs import background
from audioclf.models import MODELS
from audioclf.similarity import atlas, heads, labels, projection, review, vectors
from audioclf.training import Training


def clusters(n: int = 60, d: int = 12) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.arange(n) % 3
    return (rng.standard_normal((n, d)) + 6 * np.eye(d)[y]).astype(np.float32), y


@pytest.mark.parametrize("standardised", [True, False])
def test_the_nearest_are_those_that_scikit_learn_finds(standardised: bool) -> None:
    x, _ = clusters(700)
    units = neighbours.units(x, standardised=standardised)
    near, similarity = neighbours.nearest(units, units, 4, same=True)
    distance, known = NearestNeighbors(n_neighbors=5, metric="cosine").fit(units).kneighbors(units)
    np.testing.assert_array_equal(near, known[:, 1:])
    np.testing.assert_allclose(similarity, 1 - distance[:, 1:], atol=1e-5)
    few, _ = neighbours.nearest(units[:2], units[:2], 9, same=True)
    assert few.tolist() == [[1], [0]]


@pytest.mark.parametrize("method", list(projection.METHODS))
def test_what_is_alike_lies_together(method: str) -> None:
    x, y = clusters()
    places = projection.project(neighbours.units(x, standardised=False), method)
    assert places.shape == (60, 2)
    assert np.abs(places).max() == pytest.approx(1)
    near = np.linalg.norm(places[:, None] - places[None], axis=2) + 9 * np.eye(60)
    assert (y[near.argmin(axis=1)] == y).mean() > 0.9
    assert projection.project(neighbours.units(x[:3]), method).shape == (3, 2)
    assert not projection.project(np.zeros((6, 4), np.float32), "pca").any()
    with pytest.raises(ParameterError, match="way to a plane"):
        projection.project(x, "umap")


def test_flipped_labels_are_suspected_and_right_ones_are_not() -> None:
    x, y = clusters(300)
    groups = [f"{n}" for n in range(300)]
    assert not labels.suspects(heads.out_of_fold(x, y, groups, 3), y)
    wrong = y.copy()
    wrong[:9] = (y[:9] + 1) % 3
    found = labels.suspects(heads.out_of_fold(x, wrong, groups, 3), wrong)
    assert len(found) >= 8
    assert {one.clip for one in found} <= set(range(9))
    assert all(one.suggested == y[one.clip] for one in found)


@pytest.mark.parametrize("space", ["speech-embedding", vectors.MEL])
def test_an_atlas_is_made_in_a_process_and_read_afterwards(class_folders: Path, space: str) -> None:
    dataset = audioclf.load_dataset(class_folders)
    request = {"dataset": packed(dataset)[0], "space": space, "method": "pca"}
    made = unpacked(atlas.Atlas, *background.run_task("similarity.tasks:make_atlas", request))
    assert made.places.shape == (12, 2)
    low = np.array(dataset.labels) == 0
    assert low[made.near[low, 0]].all()
    kept = list(atlas.folder().glob("*.npz"))
    again = atlas.make(dataset.clips, space, "pca", n_jobs=1)
    np.testing.assert_array_equal(again.near, made.near)
    assert len(list(atlas.folder().glob("*.npz"))) == len(kept)
    path = max(kept, key=lambda one: one.stat().st_mtime)
    path.write_bytes(path.read_bytes()[:100])  # damaged: made again
    assert atlas.make(dataset.clips, space, "pca", n_jobs=1).places.shape == (12, 2)


@pytest.mark.parametrize("model", ["logreg", "compact-cnn"])
def test_a_trained_model_gives_vectors_of_its_last_layer(class_folders: Path, tmp_path: Path, model: str) -> None:
    experiment = Experiment(
        dataset=DatasetChoice(str(class_folders)), model=MODELS[model](), training=Training(epochs=1, batch_size=4)
    )
    run = audioclf.run_experiment(experiment, tmp_path / "run")
    found = vectors.of_run(run.folder, run.clips)
    assert len(found) == 12
    assert found.std(axis=0).max() > 0


def test_a_review_finds_the_labels_that_were_changed(write_tone: Callable[..., Path], tmp_path: Path) -> None:
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for n in range(20):
            write_tone(tmp_path / label / f"{n}.wav", frequency=base * (1 + 0.01 * n), seconds=0.3, sr=16000)
    dataset = audioclf.load_dataset(tmp_path)
    number = dataset.labels.index(dataset.classes.index("low"))
    wrong = curation.edit(
        dataset, labels=["high" if n == number else clip.label for n, clip in enumerate(dataset.clips)]
    )
    found = review.review(wrong, "speech-embedding", n_jobs=1)
    assert [one.clip for one in found.suspects] == [number]
    assert wrong.classes[found.suspects[0].suggested] == "low"
    assert found.agreement > 0.9
    assert unpacked(review.Review, *packed(found)) == found


def test_a_sound_is_compared_as_the_clips_are(class_folders: Path) -> None:
    clips = audioclf.load_dataset(class_folders).clips
    for space in ("speech-embedding", vectors.MEL):
        known = vectors.of_clips(clips, space, n_jobs=1)
        same = vectors.of_sound(clips[3], clips, space)
        np.testing.assert_allclose(same, known[3], atol=1e-4)
        units = vectors.units_of(known, space)
        near, similarity = neighbours.nearest(vectors.units_of(same[None], space, known), units, 1)
        assert near[0, 0] == 3
        assert similarity[0, 0] == pytest.approx(1, abs=1e-4)
