"""What comes along: the starter model tells the instruments apart, and an exported run is enough to do so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from audioclf.datasets import load_dataset
from audioclf.inference.assets import export_starter, starter_run
from audioclf.inference.predictor import Predictor
from audioclf.recipes import load_recipe


def test_the_starter_model_knows_the_instruments() -> None:
    """Every tenth note; the model met four fifths of them in training, so this is no accuracy."""
    predictor = Predictor(starter_run())
    dataset = load_dataset("instruments", notes=tuple(range(36, 86, 10)))
    answers = [predictor.classify(clip.path).label for clip in dataset.clips]
    assert np.mean([answer == clip.label for answer, clip in zip(answers, dataset.clips, strict=True)]) >= 0.98


def test_the_starter_model_is_the_recipes_and_names_nobodys_folders() -> None:
    run = starter_run()
    assert run.experiment.to_dict() == load_recipe("instruments-robust").to_dict()
    for path in run.folder.rglob("*"):
        assert path.suffix in ("", ".toml", ".json", ".csv", ".npz")
        if path.suffix in (".toml", ".json", ".csv"):
            assert str(Path.home()) not in path.read_text(encoding="utf-8")
    assert sum(path.stat().st_size for path in run.folder.rglob("*") if path.is_file()) < 500_000


SR = 22050


def silence() -> np.ndarray:
    return np.zeros(2 * SR)


def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(2 * SR)


def speech() -> np.ndarray:
    """Harmonics of a voice that falls from 140 to 100 Hz, shaped by three formants that wander, in four syllables."""
    t = np.arange(2 * SR) / SR
    pitch = np.linspace(140, 100, len(t)) * (1 + 0.02 * np.sin(2 * np.pi * 5 * t))
    phase = 2 * np.pi * pitch.cumsum() / SR
    y = np.zeros(len(t))
    for k in range(1, 40):
        f = k * pitch
        formants = ((500 + 200 * np.sin(4 * np.pi * t), 80), (1500 + 500 * np.sin(3 * np.pi * t), 120), (2500, 160))
        y += sum(np.exp(-(((f - centre) / width) ** 2) / 2) for centre, width in formants) * np.sin(k * phase)
    return 0.1 * y * np.maximum(np.sin(2 * np.pi * 2 * t), 0)


@pytest.mark.parametrize(("sound", "kind"), [(silence, "silent"), (noise, "unknown"), (speech, "unknown")])
def test_the_starter_model_knows_what_it_does_not_know(sound, kind: str, tmp_path: Path) -> None:
    sf.write(tmp_path / "sound.wav", sound(), SR)
    answer = Predictor(starter_run()).classify(tmp_path / "sound.wav")
    kinds = [remark.kind for remark in answer.remarks]
    assert kinds[0] == kind
    assert len({"silent", "unknown"} & set(kinds)) == 1
    if kind == "unknown":
        assert answer.novelty > 1
        assert "95% of the validation clips" in answer.remarks[0].sentence


def test_silence_behind_a_note_does_not_change_the_answer(tmp_path: Path) -> None:
    predictor = Predictor(starter_run())
    (clip,) = load_dataset("instruments", programs=(40,), notes=(60,)).clips
    y = predictor.samples(clip)
    sf.write(tmp_path / "sound.wav", np.pad(y, (0, 9 * len(y))), SR, subtype="FLOAT")
    alone, among = predictor.classify(clip), predictor.classify(tmp_path / "sound.wav")
    assert len(among.windows) == 10
    np.testing.assert_allclose(among.probabilities, alone.probabilities, atol=1e-4)
    assert among.novelty == pytest.approx(alone.novelty, rel=1e-2)
    assert [remark.sentence for remark in among.remarks if remark.kind == "silent windows"] == [
        "9 of 10 windows are silent and left out of the answer."
    ]


def test_the_starter_model_is_calibrated_and_its_notes_are_known() -> None:
    predictor = Predictor(starter_run())
    dataset = load_dataset("instruments", notes=(48, 67))
    answers = [predictor.classify(clip.path) for clip in dataset.clips]
    assert np.mean([answer.novelty > 1 for answer in answers]) <= 0.1
    metrics = starter_run().metrics
    (temperature,) = metrics["temperatures"]
    assert temperature["n_validation"] == 40
    assert temperature["log_loss_after"] < temperature["log_loss_before"]
    (fit,) = predictor.signature["fits"]
    fitted = predictor.fitted(fit)
    assert fitted.temperature.value == temperature["temperature"]
    fitted.temperature = None  # as the model itself gives them
    plain = [predictor.classify(clip.path) for clip in dataset.clips]
    assert [answer.label for answer in plain] == [answer.label for answer in answers]
    wanted = [dataset.classes.index(clip.label) for clip in dataset.clips]
    before, after = (
        -np.mean([np.log(answer.probabilities[true]) for answer, true in zip(found, wanted, strict=True)])
        for found in (plain, answers)
    )
    assert after < before


def test_an_exported_run_classifies(tmp_path: Path) -> None:
    export_starter(starter_run(), tmp_path / "copy")
    from audioclf.experiments.runs import open_run

    clip = load_dataset("instruments", programs=(40,), notes=(60,)).clips[0]
    assert Predictor(open_run(tmp_path / "copy")).classify(clip.path).label == "Violin"
