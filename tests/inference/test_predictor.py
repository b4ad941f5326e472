"""A finished run classifies and explains, in this process and through the warm one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
import soundfile

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import AudioError, ParameterError, RunError
from audioclf.datasets import Clip
from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, create_run, open_run
from audioclf.explain import METHODS
from audioclf.features import MFCC, Mel
from audioclf.inference import evidence
from audioclf.inference.model_server import ModelWorker
from audioclf.inference.predictor import Predictor
from audioclf.inference.sound_cache import SoundCache
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, write_tone) -> Run:
    folder = tmp_path_factory.mktemp("inference")
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(8):
            write_tone(folder / "sounds" / label / f"{number}.wav", frequency=base * (1 + 0.02 * number), seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "sounds")),
        features=(Mel(n_mels=32), MFCC(n_mfcc=16)),
        combine="ensemble",
        split=KFold(n_splits=2),
        model=MODELS["compact-cnn"](filters=(8, 8)),
        training=Training(epochs=12, batch_size=4, learning_rate=0.01),
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


def test_new_sounds_are_told_apart(predictor: Predictor, tmp_path: Path, write_tone) -> None:
    low = predictor.classify(write_tone(tmp_path / "a.flac", frequency=260.0, seconds=0.3))
    high = predictor.classify(write_tone(tmp_path / "b.ogg", frequency=1800.0, seconds=0.3))
    assert (low.label, high.label) == ("low", "high")
    assert low.probabilities.sum() == pytest.approx(1, abs=1e-5)


def test_a_split_answers_as_it_did_in_its_test(predictor: Predictor, run: Run) -> None:
    from audioclf.features.extraction import load_clip

    item = run.predictions[0]
    y = load_clip(run.clips[item.clip], predictor.audio, predictor.n_samples)
    np.testing.assert_allclose(predictor.probabilities([y], item.split)[0], item.probabilities, atol=1e-4)
    alone = predictor.classify(run.clips[item.clip].path, split=item.split)
    np.testing.assert_allclose(alone.probabilities, item.probabilities, atol=1e-4)
    everyone = predictor.classify(run.clips[item.clip].path)
    assert np.abs(everyone.probabilities - alone.probabilities).max() > 1e-6
    with pytest.raises(ParameterError, match="split of this run"):
        predictor.classify(run.clips[item.clip].path, split="fold-9")


def test_a_long_sound_is_cut_into_windows(predictor: Predictor, tmp_path: Path, tone) -> None:
    y = np.concatenate([tone(240.0, 0.3), tone(1760.0, 0.3), tone(240.0, 0.1)])
    soundfile.write(tmp_path / "long.wav", y, 22050)
    answer = predictor.classify(tmp_path / "long.wav")
    assert [window.start for window in answer.windows] == pytest.approx([0, 0.3], abs=0.01)
    assert [answer.classes[window.probabilities.argmax()] for window in answer.windows] == ["low", "high"]


def test_a_window_further_on_is_looked_at_in_a_clip_as_in_a_file(predictor: Predictor, tmp_path: Path, tone) -> None:
    y = np.concatenate([tone(240.0, 0.3), tone(1760.0, 0.3)])
    path = tmp_path / "long.wav"
    soundfile.write(path, y, 22050)
    clip = Clip(path, "low", AudioInfo(22050, 1, len(y), "WAV", "PCM_16", "long"))
    for start, label in ((0.0, "low"), (0.3, "high")):
        of_clip, of_file = predictor.explain(clip, start=start), predictor.explain(path, start=start)
        assert of_clip.classes[of_clip.class_index] == label
        np.testing.assert_allclose(of_clip.y, of_file.y, atol=1e-6)


@pytest.mark.parametrize("method", [kind for kind in METHODS if kind not in ("weights", "paths")])
def test_an_explanation_lies_on_the_feature_map(predictor: Predictor, run: Run, method: str) -> None:
    for feature_index, rows in ((0, 32), (1, 16)):
        answer = predictor.explain(run.clips[0], method=method, feature_index=feature_index)
        assert answer.heat.shape == answer.feature_map.values.shape == (rows, 13)
        assert answer.heat.min() >= 0
        assert answer.heat.max() <= 1
        assert answer.drawn.dtype == np.float32
        assert (answer.heat <= answer.drawn).all()
        assert answer.drawn.max() == answer.heat.max()
        assert answer.class_index == answer.probabilities.argmax()
        assert answer.method == method
        assert answer.words.sentence


@pytest.mark.parametrize("method", ["occlusion", "grad-cam", "integrated-gradients", "random-masks"])
def test_silence_is_explained_in_words(predictor: Predictor, tmp_path: Path, method: str) -> None:
    soundfile.write(tmp_path / "silence.wav", np.zeros(6615), 22050)
    for feature_index in (0, 1):
        found = predictor.explain(tmp_path / "silence.wav", method=method, feature_index=feature_index, judge=True)
        assert found.words.kind in ("nothing", "silence")
        assert found.words.sentence.endswith(".")
        assert found.verdict is None or found.verdict.is_random


@pytest.mark.parametrize("kind", ["logreg", "svm", "tree", "forest", "boosting", "knn", "rbf-svm", "mlp"])
def test_every_model_is_explained_by_what_suits_it(run: Run, tmp_path: Path, kind: str) -> None:
    experiment = run.experiment.replace(
        features=(MFCC(n_mfcc=8),),
        combine="channels",
        model=MODELS[kind](),
        training=Training(epochs=3, batch_size=4),
        split=Holdout(test_size=0.5, validation_size=0),
    )
    made = run_experiment(experiment, tmp_path / kind)
    exact = {"logreg": "weights", "svm": "weights", "tree": "paths", "forest": "paths", "boosting": "paths"}
    assert evidence.default_method(made) == exact.get(kind, "occlusion")
    predictor = Predictor(made)
    for method in evidence.methods_for(made):
        found = predictor.explain(made.clips[0], method=method.kind, judge=True)
        assert found.heat.shape == found.feature_map.values.shape
        assert "Hz" not in found.words.sentence
    with pytest.raises(ParameterError, match="no convolution layer"):
        predictor.explain(made.clips[0], method="grad-cam")
    assert evidence.layers_of(made) == ()


def test_features_in_one_long_row_are_explained_one_by_one(run: Run, tmp_path: Path) -> None:
    """What a feature's map loses when it is covered, the other feature standing beside it as it is."""
    experiment = run.experiment.replace(
        features=(Mel(n_mels=12), MFCC(n_mfcc=5)), combine="concatenate", model=MODELS["logreg"]()
    )
    predictor = Predictor(run_experiment(experiment, tmp_path / "joined"))
    clip, peaks = run.clips[0], []
    for feature_index, shape in ((0, (12, 13)), (1, (5, 13))):
        answer = predictor.explain(clip, method="occlusion", feature_index=feature_index, split="fold-1")
        assert answer.heat.shape == answer.feature_map.values.shape == shape
        assert answer.heat.max() == pytest.approx(1)
        peaks.append(answer.peak)
    assert 0 < max(peaks) <= 1
    assert peaks[0] != peaks[1]


def test_equal_networks_are_asked_together_and_no_evidence_has_no_peak(run: Run, tmp_path: Path) -> None:
    experiment = run.experiment.replace(features=(Mel(n_mels=16),) * 2, model=MODELS["tree"](max_depth=1))
    predictor = Predictor(run_experiment(experiment, tmp_path / "twice"))
    found = [predictor.explain(run.clips[0], method="occlusion", feature_index=number) for number in (0, 1)]
    np.testing.assert_array_equal(found[0].heat, found[1].heat)
    # the trees look at one value each: a class that no leaf gives cannot become less likely
    certain = found[0].probabilities.argmin()
    nothing = predictor.explain(run.clips[0], method="occlusion", class_index=int(certain))
    assert nothing.peak == 0
    assert not nothing.heat.any()


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ({"method": "magic"}, "explanation method"),
        ({"method": "weights"}, "has no weights to read off"),
        ({"method": {"kind": "grad-cam", "layer": "conv_9"}}, "no layer 'conv_9'"),
        ({"class_index": 2}, "0 to 1"),
        ({"feature_index": 2}, "0 to 1"),
    ],
)
def test_wrong_questions_are_sentences(predictor: Predictor, run: Run, options: dict, part: str) -> None:
    with pytest.raises(ParameterError, match=part):
        predictor.explain(run.clips[0], **options)


def test_the_warm_process_gives_the_same_answers(predictor: Predictor, worker: ModelWorker, run: Run) -> None:
    clip = run.clips[3]
    for split in (None, "fold-2"):
        found, expected = worker.classify(run.folder, clip, split=split), predictor.classify(clip.path, split=split)
        assert found.classes == expected.classes
        assert [window.start for window in found.windows] == [0.0]
        np.testing.assert_allclose(found.probabilities, expected.probabilities, atol=1e-5)
        np.testing.assert_allclose(found.windows[0].probabilities, expected.windows[0].probabilities, atol=1e-5)
    seen, expected_seen = worker.explain(run.folder, clip, class_index=1), predictor.explain(clip, class_index=1)
    assert seen.class_index == 1
    np.testing.assert_allclose(seen.heat, expected_seen.heat, atol=1e-4)
    np.testing.assert_allclose(seen.y, expected_seen.y, atol=1e-6)
    np.testing.assert_allclose(seen.feature_map.values, expected_seen.feature_map.values, atol=1e-4)
    assert (seen.sr, seen.classes, seen.feature_map.label) == (22050, run.classes, expected_seen.feature_map.label)
    for axis, expected_axis in zip(seen.feature_map.axes, expected_seen.feature_map.axes, strict=True):
        np.testing.assert_array_equal(axis.values, expected_axis.values)
        assert (axis.label, axis.unit, axis.scale) == (expected_axis.label, expected_axis.unit, expected_axis.scale)


def test_a_verdict_comes_through_the_warm_process_with_its_checks(
    predictor: Predictor, worker: ModelWorker, run: Run
) -> None:
    clip = run.clips[3]
    verdict, checks = worker.judge(run.folder, clip, checks=True, method="occlusion", feature_index=0)
    expected = predictor.explain(clip, method="occlusion", judge=True).verdict
    assert verdict is not None
    assert expected is not None
    assert verdict.marked == pytest.approx(expected.marked, abs=0.02)
    assert verdict.random == pytest.approx(expected.random, abs=0.02)
    assert -1 <= checks["randomised"] <= 1
    assert set(checks["agreement"]) == set(METHODS) - {"weights", "paths", "occlusion"}
    alone, none = worker.judge(run.folder, clip, method="occlusion", feature_index=0)
    assert alone == verdict
    assert none == {}


def test_a_clip_is_decoded_once_from_classify_to_grad_cam(worker: ModelWorker, tmp_path: Path, run: Run, tone) -> None:
    path = tmp_path / "asked.wav"
    soundfile.write(path, np.concatenate([tone(240.0, 0.3), tone(1760.0, 0.3)]), 22050)
    clip = Clip(path, "", AudioInfo(22050, 1, 13230, "WAV", "PCM_16", "asked"))

    def made() -> tuple[int, int]:
        stats = worker.stats()
        return stats.get("decoded", 0), stats.get("computed", 0)

    decoded, computed = made()
    assert [window.start for window in worker.classify(run.folder, clip).windows] == pytest.approx([0, 0.3], abs=0.01)
    assert made() == (decoded + 1, computed + 4)  # two windows, two features
    starts = [window.start for window in worker.classify(run.folder, clip, split="fold-1").windows]
    for options in ({}, {"start": starts[1]}, {"method": "occlusion", "feature_index": 1}, {"class_index": 1}):
        worker.explain(run.folder, clip, **options)
    assert made() == (decoded + 1, computed + 4)
    shown, y, sr = worker.show(run.folder, clip)
    assert (len(y), sr, shown.values.shape[0]) == (13230, 22050, 32)
    assert made() == (decoded + 1, computed + 5)  # the whole sound is longer than a window
    stretch = Clip(path, "", clip.info, start=0.3, duration=0.3)
    found = worker.explain(run.folder, stretch)
    assert found.classes[found.class_index] == "high"
    worker.show(run.folder, stretch)  # as long as a window: nothing new
    assert made() == (decoded + 2, computed + 7)
    soundfile.write(path, tone(240.0, 0.3), 22050)  # another sound under the same name
    assert worker.classify(run.folder, clip).label == "low"
    assert made() == (decoded + 3, computed + 9)


def test_remarks_come_through_the_warm_process_and_cost_no_second_decoding(
    worker: ModelWorker, predictor: Predictor, run: Run, tmp_path: Path, tone
) -> None:
    y = tone(240.0, 0.3)
    soundfile.write(tmp_path / "inverted.wav", np.stack([y, -y], axis=1), 22050)
    clip = Clip(tmp_path / "inverted.wav", "", AudioInfo(22050, 2, len(y), "WAV", "PCM_16", "inverted"))
    before = worker.stats().get("decoded", 0)
    first, again = (worker.classify(run.folder, clip) for _ in range(2))
    assert worker.stats()["decoded"] == before + 1
    assert first.remarks == again.remarks == predictor.classify(clip.path).remarks
    assert [remark.kind for remark in first.remarks] == ["silent", "cancelling channels"]
    for one in run.clips:
        assert predictor.classify(one).remarks == ()


def test_an_unknown_sound_is_remarked_on(worker: ModelWorker, tmp_path: Path, write_tone, tone) -> None:
    """One feature and an ensemble, networks and classical models, with validation clips and without."""
    rng = np.random.default_rng(0)
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(20):
            frequency = base * (1 + 0.01 * number)
            write_tone(tmp_path / "sounds" / label / f"{number}.wav", frequency=frequency, seconds=0.3)
    soundfile.write(tmp_path / "noise.wav", 0.1 * rng.standard_normal(6615), 22050)
    known = write_tone(tmp_path / "known.wav", frequency=1767.0, seconds=0.3)
    recipe = Experiment(
        dataset=DatasetChoice(str(tmp_path / "sounds")),
        features=(Mel(n_mels=16),),
        split=KFold(n_splits=2, validation_size=0.0),
        model=MODELS["logreg"](),
    )
    network = MODELS["compact-cnn"](filters=(8, 8))
    short = Training(epochs=8, batch_size=8, learning_rate=0.01)
    for name, experiment in (
        ("classical", recipe),
        ("network", recipe.replace(model=network, training=short)),
        ("ensemble", recipe.replace(features=(Mel(n_mels=16), MFCC(n_mfcc=8)), combine="ensemble")),
    ):
        run = run_experiment(experiment, tmp_path / name)
        predictor = Predictor(run)
        strange, familiar = predictor.classify(tmp_path / "noise.wav"), predictor.classify(known)
        assert strange.novelty > 1 > familiar.novelty > 0
        assert [remark.kind for remark in strange.remarks] == ["unknown"]
        assert "training clips" in strange.remarks[0].sentence
        assert familiar.remarks == ()
    clip = Clip(tmp_path / "noise.wav", "", AudioInfo(22050, 1, 6615, "WAV", "PCM_16", "noise"))
    found = worker.classify(run.folder, clip)
    assert found.remarks == strange.remarks
    assert found.novelty == pytest.approx(strange.novelty, rel=1e-4)
    for path in (run.folder / "models").rglob("novelty.npz"):
        path.unlink()  # as in runs of earlier versions
    older = Predictor(open_run(run.folder)).classify(tmp_path / "noise.wav")
    assert older.novelty is None
    assert older.remarks == ()


def test_what_is_kept_of_sounds_has_a_bound(tone) -> None:
    cache = SoundCache(max_bytes=1000)
    for name in ("a", "b", "a", "c", "a", "b"):  # 400 bytes each: c takes the place of b, and b that of c
        assert cache.samples(name, lambda: np.ones(100, np.float32)).sum() == 100
    assert cache.made["decoded"] == 4
    for _ in range(2):
        cache.samples("long", lambda: np.ones(1000, np.float32))
        cache.samples("b", lambda: np.ones(100, np.float32))
    assert cache.made["decoded"] == 6
    assert SoundCache(0).samples("a", lambda: np.ones(2, np.float32)).sum() == 2


def test_refusals_come_through_and_a_crash_costs_one_answer(worker: ModelWorker, run: Run, tmp_path: Path) -> None:
    (tmp_path / "page.wav").write_bytes(b"<html>no sound</html>")
    with pytest.raises((RunError, AudioError), match=r"\.$"):
        worker.classify(run.folder, Clip(tmp_path / "page.wav", "", AudioInfo(0, 0, 0, "", "")))
    assert worker._process is not None
    psutil.Process(worker._process.pid).kill()
    try:
        worker.classify(run.folder, run.clips[0])
    except RunError as error:
        assert "try again" in str(error)
    assert worker.classify(run.folder, run.clips[0]).classes == run.classes


def test_an_unfinished_or_damaged_run_is_a_sentence(tmp_path: Path, run: Run) -> None:
    with pytest.raises(RunError, match="no trained model"):
        Predictor(create_run(Experiment(), tmp_path / "new"))
    import shutil

    shutil.copytree(run.folder, tmp_path / "copy")
    for path in (tmp_path / "copy" / "models").rglob("weights.npz"):
        path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(RunError):
        Predictor(open_run(tmp_path / "copy")).classify(run.clips[0].path)


def test_weights_of_another_version_of_the_network_are_refused(tmp_path: Path, run: Run) -> None:
    import json
    import shutil

    shutil.copytree(run.folder, tmp_path / "copy")
    signature = json.loads((run.folder / "model.json").read_text())
    assert signature.pop("version") == 1
    (tmp_path / "copy" / "model.json").write_text(json.dumps(signature))
    Predictor(open_run(tmp_path / "copy"))
    (tmp_path / "copy" / "model.json").write_text(json.dumps(signature | {"version": 2}))
    with pytest.raises(RunError, match=r"of version 2 of Compact CNN.*builds version 1"):
        Predictor(open_run(tmp_path / "copy"))
