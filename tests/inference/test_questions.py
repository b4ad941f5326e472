"""Neighbours, changed clips and robustness: of a small run, in this process and through the warm one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from audioclf.audio.io import load_audio
from audioclf.augment.alteration import Alteration
from audioclf.cli import cli
from audioclf.core.errors import AudioclfError, ParameterError, RunError, Stopped
from audioclf.datasets.splits import KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, open_run
from audioclf.features import Mel
from audioclf.inference.messages import packed
from audioclf.inference.model_server import ModelWorker
from audioclf.inference.neighbours import Neighbourhood, training_clips
from audioclf.inference.predictor import Predictor
from audioclf.inference.questions import alter
from audioclf.inference.robustness import SWEEPS, file_name, measure, read_robustness
from audioclf.jobs.background import run_task
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Run:
    """Low and high tones, twelve each, told apart by logistic regression in two folds."""
    folder = tmp_path_factory.mktemp("questions")
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(12):
            write_tone(folder / "sounds" / label / f"{number:02d}.wav", frequency=base * 1.03**number, seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "sounds")),
        features=(Mel(n_mels=32),),
        split=KFold(n_splits=2),
        model=MODELS["logreg"](),
        training=Training(),
    )
    return run_experiment(experiment, folder / "run")


@pytest.fixture(scope="module")
def predictor(run: Run) -> Predictor:
    return Predictor(run)


@pytest.fixture(scope="module")
def worker() -> Iterator[ModelWorker]:
    worker = ModelWorker()
    yield worker
    worker.close()


def test_neighbours_are_training_clips_of_the_class_the_nearest_first(run: Run, predictor: Predictor) -> None:
    item = run.predictions[3]
    (split,) = (one for one in run.experiment.split.splits(run.experiment.dataset.load()) if one.name == item.split)
    assert training_clips(run, item.split) == split.train
    true, other = Neighbourhood(predictor, item.split).nearest(run.clips[item.clip], (item.true, 1 - item.true), 4)
    for number, of_class in ((item.true, true), (1 - item.true, other)):
        assert len(of_class) == 4
        assert [one.distance for one in of_class] == sorted(one.distance for one in of_class)
        assert {run.clips[one.clip].label for one in of_class} == {run.classes[number]}
        assert {one.clip for one in of_class} <= set(split.train)
    assert true[0].distance < other[0].distance


def test_a_training_clip_is_its_own_neighbour(run: Run, predictor: Predictor) -> None:
    split = run.predictions[0].split
    number = training_clips(run, split)[0]
    clip = run.clips[number]
    ((nearest, *_),) = Neighbourhood(predictor, split).nearest(clip, (run.classes.index(clip.label),), 2)
    assert nearest.clip == number
    assert nearest.distance == pytest.approx(0, abs=1e-4)
    with pytest.raises(RunError, match="no models of the split"):
        Neighbourhood(predictor, "fold-9")


def test_a_changed_clip_is_classified_as_it_sounds(run: Run, predictor: Predictor) -> None:
    item = run.predictions[0]
    clip = run.clips[item.clip]
    same = alter(predictor, clip, Alteration(), item.split)
    np.testing.assert_allclose(same.probabilities, item.probabilities, atol=1e-4)
    low = next(clip for clip in run.clips if clip.label == "low")
    octaves = alter(predictor, low, Alteration(semitones=24.0))
    assert run.classes[int(octaves.probabilities.argmax())] == "high"
    half = alter(predictor, low, Alteration(end=0.15))
    assert len(half.y) == round(0.15 * half.sr)
    assert half.feature_map.values.shape == same.feature_map.values.shape, "brought to the models' length"


def test_the_warm_process_answers_the_same(run: Run, predictor: Predictor, worker: ModelWorker) -> None:
    item = run.predictions[0]
    clip = run.clips[item.clip]
    about = {"run": str(run.folder), "clip": packed(clip)[0], "split": item.split}
    near, _ = worker.ask({"do": "neighbours", "number": item.clip, "classes": [0, 1], "k": 2, **about})
    here = Neighbourhood(predictor, item.split).nearest(clip, (0, 1), 2)
    assert [[one[0] for one in of_class] for of_class in near["neighbours"]] == [
        [one.clip for one in of_class] for of_class in here
    ]
    values, arrays = worker.ask({"do": "alter", "alteration": {"snr": 3.0}, **about})
    expected = alter(predictor, clip, Alteration(snr=3.0), item.split)
    np.testing.assert_allclose(arrays[values["probabilities"]], expected.probabilities, atol=1e-5)
    np.testing.assert_allclose(arrays[values["y"]], expected.y, atol=1e-6)
    assert values["sr"] == expected.sr
    ranked, _ = worker.ask({"do": "rank", "run": str(run.folder)})
    assert [one["class"] for one in ranked["classes"]] == list(run.classes)
    with pytest.raises(RunError, match="begin"):
        worker.ask({"do": "alter", "alteration": {"start": 9.0}, **about})


def test_robustness_counts_what_is_still_right(run: Run, predictor: Predictor) -> None:
    steps: list[tuple[int, int]] = []
    found = measure(predictor, "high-pass", progress=lambda *step: steps.append(step))
    assert steps[-1] == (24, 24)
    assert found == read_robustness(open_run(run.folder), "high-pass")
    assert sum(found.support) == 24
    assert found.unchanged == pytest.approx(run.metrics["accuracy"])
    assert found.accuracy[0] == pytest.approx(found.unchanged), "nothing is stopped below 0 Hz"
    for row, whole in zip(found.per_class, found.accuracy, strict=True):
        assert np.average(row, weights=found.support) == pytest.approx(whole)
    assert "as they are" in found.sentence()
    with pytest.raises(ParameterError, match="sweep"):
        measure(predictor, "hum")
    with pytest.raises(Stopped):
        measure(predictor, "noise", should_stop=lambda: True)
    assert read_robustness(run, "noise") is None
    (run.folder / file_name("gain")).write_text('{"values": [1], "classes": []}')
    assert read_robustness(run, "gain") is None


def test_every_sweep_is_an_alteration() -> None:
    for sweep in SWEEPS.values():
        for value in sweep.values:
            Alteration(**{sweep.parameter: value})


def test_a_process_of_its_own_measures_and_refuses_in_words(run: Run, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    task = "inference.robustness:measure_task"
    run_task(task, {"run": str(run.folder), "sweep": "speed"}, progress=lambda *step: steps.append(step))
    assert steps[-1] == (24, 24)
    assert read_robustness(run, "speed") is not None
    with pytest.raises(AudioclfError, match="is no run"):
        run_task(task, {"run": str(tmp_path), "sweep": "speed"})
    with pytest.raises(Stopped):
        run_task(task, {"run": str(run.folder), "sweep": "reverb"}, should_stop=lambda: True)
    assert read_robustness(run, "reverb") is None


def test_a_sound_that_is_gone_is_left_out(tmp_path: Path, run: Run) -> None:
    import shutil

    folder = tmp_path / "copy"
    shutil.copytree(run.folder, folder)
    text = (folder / "clips.csv").read_text()
    first = open_run(folder).clips[0].path
    (folder / "clips.csv").write_text(text.replace(str(first), str(tmp_path / "gone.wav")))
    found = measure(Predictor(open_run(folder)), "gain")
    assert found.skipped == 1
    assert sum(found.support) == 23
    (folder / "clips.csv").unlink()
    with pytest.raises(RunError, match="list of clips"):
        measure(Predictor(open_run(folder)), "gain")


def test_robustness_from_the_command_line(run: Run) -> None:
    done = CliRunner().invoke(cli, ["robustness", str(run.folder), "--sweep", "gain"], catch_exceptions=False)
    printed = done.stdout
    assert "unchanged" in printed
    assert len(printed.splitlines()) == len(SWEEPS["gain"].values) + 4


def test_samples_are_those_of_the_file(run: Run, predictor: Predictor) -> None:
    clip = run.clips[0]
    np.testing.assert_array_equal(predictor.samples(clip), load_audio(clip.path, sr=predictor.audio.sr)[0])
