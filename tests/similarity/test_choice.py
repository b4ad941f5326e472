"""The embedding that suits a data set, and the model of a few recordings."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import audioclf
from audioclf.core.errors import DatasetError, Stopped
from audioclf.datasets.splits import Holdout
from audioclf.embeddings import EMBEDDINGS
from audioclf.inference.messages import packed, unpacked
from audioclf.jobs import background
from audioclf.similarity import choice, heads, small


def test_a_head_learns_what_is_linear_and_never_sees_the_group_it_is_tested_on() -> None:
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = (rng.standard_normal((60, 20)) + 4 * np.eye(20)[y]).astype(np.float32)
    found = heads.out_of_fold(x, y, [f"{n}" for n in range(60)], 3)
    np.testing.assert_allclose(found.sum(axis=1), 1, rtol=1e-4)
    assert (found.argmax(axis=1) == y).mean() > 0.9
    # each pair of groups is of one class each, so that whoever holds a group out has never met its mark
    marks = np.repeat(np.arange(10), 6)
    only = np.eye(10)[marks].astype(np.float32)
    labels = marks % 2
    guessed = heads.out_of_fold(only, labels, [str(mark) for mark in marks], 2)
    assert (guessed.argmax(axis=1) == labels).mean() < 0.8
    # more values than clips, which is computed in the span of the clips
    wide = np.hstack([x, rng.standard_normal((60, 400)).astype(np.float32)])[:40]
    exact = LogisticRegression(max_iter=1000, tol=1e-9)
    known = make_pipeline(StandardScaler(), exact).fit(wide[:30].astype(float), y[:30])
    np.testing.assert_allclose(
        heads.predict(wide[:30], y[:30], wide[30:], 3), known.predict_proba(wide[30:].astype(float)), atol=2e-3
    )
    with pytest.raises(DatasetError, match="two groups"):
        heads.out_of_fold(x, y, ["a"] * 60, 3)


def test_a_data_set_comes_through_as_it_was(class_folders: Path) -> None:
    dataset = audioclf.load_dataset(class_folders)
    there = unpacked(audioclf.Dataset, *packed(dataset))
    assert there.clips == dataset.clips
    assert there.fingerprint == dataset.fingerprint


@pytest.mark.usefixtures("yamnet")
def test_embeddings_are_compared_on_training_clips_alone(class_folders: Path, tmp_path: Path) -> None:
    dataset = audioclf.load_dataset(class_folders)
    found = choice.choose(dataset, Holdout(), n_jobs=1)
    test = {dataset.clips[n].key for n in Holdout().splits(dataset)[0].test}
    assert found.n_clips == len(dataset) - len(test)
    assert {one.kind for one in found.candidates} == set(EMBEDDINGS)
    assert found.best is not None
    assert found.best.accuracy == 1.0
    assert unpacked(choice.Choice, *packed(found)) == found
    assert "YAMNet embedding 100.0%" in found.sentence


def test_what_cannot_be_had_is_said_and_nothing_takes_its_place(
    class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_YAMNET", str(tmp_path / "none.npz"))
    assert not EMBEDDINGS["yamnet"]().at_hand
    found = choice.choose(audioclf.load_dataset(class_folders), Holdout(), kinds=("yamnet",), n_jobs=1)
    assert found.best is None
    assert "none.npz" in found.sentence


def test_recordings_are_tested_by_models_that_have_not_heard_them(class_folders: Path, tmp_path: Path) -> None:
    lines = ["file_name,label,group"]
    lines += [f"{label}/{n}.wav,{label},{label}{n // 2}" for label in ("low", "high") for n in range(6)]
    (class_folders / "metadata.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    experiment, dataset = small.experiment_of(str(class_folders), "speech-embedding")
    assert len(dataset) == 12
    run = audioclf.run_experiment(experiment, tmp_path / "run")
    assert [split["n"] for split in run.metrics["splits"]] == [2] * 6
    assert run.metrics["protocol"].startswith("leave one group out")
    assert run.metrics["accuracy"] == 1.0


def test_a_task_works_in_a_process_of_its_own_and_is_stopped(class_folders: Path) -> None:
    dataset = audioclf.load_dataset(class_folders)
    request = {"dataset": packed(dataset)[0], "split": Holdout().to_dict()}
    told: list[tuple[int, int]] = []
    values, _ = background.run_task(
        "similarity.tasks:choose_embedding", request, progress=lambda *done: told.append(done)
    )
    assert unpacked(choice.Choice, values).best is not None
    assert told
    assert told[-1][0] == told[-1][1]
    with pytest.raises(Stopped):
        background.run_task("similarity.tasks:choose_embedding", request, should_stop=lambda: True)
    one = packed(dataset.filter(lambda clip: clip.label == "low"))[0]
    with pytest.raises(audioclf.AudioclfError, match="one class"):
        background.run_task("similarity.tasks:choose_embedding", request | {"dataset": one})
