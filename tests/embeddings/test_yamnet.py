"""YAMNet with its publisher's weights: what it makes of sounds that everyone knows."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.embeddings import EMBEDDINGS
from audioclf.embeddings import yamnet as module

SR = 16000
MODEL = EMBEDDINGS["yamnet"]()


def first(y: np.ndarray, sr: float = SR, n: int = 1) -> list[str]:
    scores = MODEL.embed(y, sr).scores
    assert scores is not None
    return [MODEL.classes[i] for i in np.argsort(-scores.mean(axis=0))[:n]]


def sine(sr: float) -> np.ndarray:
    return np.sin(2 * np.pi * 440 * np.arange(round(3 * sr)) / sr).astype(np.float32)


@pytest.mark.usefixtures("yamnet")
def test_silence_noise_and_a_tone_are_named() -> None:
    found = MODEL.embed(np.zeros(3 * SR), SR)
    assert found.values.shape == (6, 1024)
    assert found.scores is not None
    assert MODEL.classes[int(found.scores.mean(axis=0).argmax())] == "Silence"
    assert found.scores.mean(axis=0).max() == pytest.approx(1, abs=1e-3)
    assert first(np.random.default_rng(0).uniform(-1, 1, 3 * SR)) == ["White noise"]
    assert {"Telephone", "Dial tone", "Sine wave"} & set(first(sine(SR), n=10))


@pytest.mark.usefixtures("yamnet")
@pytest.mark.parametrize("sr", [22050, 44100, 8000.5])
def test_any_sample_rate_gives_the_same(sr: float) -> None:
    here, there = MODEL.embed(sine(SR), SR), MODEL.embed(sine(sr), sr)
    assert here.scores is not None
    assert there.scores is not None
    n = len(here.values) - 1  # the last window ends in more or less silence
    np.testing.assert_allclose(there.scores[:n], here.scores[:n], atol=0.02)


@pytest.mark.usefixtures("yamnet")
@pytest.mark.parametrize(("n", "sr"), [(1, 44100), (15600, SR), (15601, SR), (100_000, 44100), (1, 192_000)])
def test_windows_are_counted_without_computing_them(n: int, sr: float) -> None:
    found = MODEL.embed(np.ones(n), sr)
    assert len(found.values) == len(found.times) == MODEL.n_windows(n, sr)
    np.testing.assert_allclose(found.times[:2], [0.48, 0.96][: len(found.times)])


@pytest.mark.usefixtures("yamnet")
def test_neither_tensorflow_nor_h5py_is_needed_to_embed() -> None:
    program = (
        "import sys, numpy as np; from audioclf.embeddings import EMBEDDINGS;"
        "EMBEDDINGS['yamnet']().embed(np.zeros(100), 16000);"
        "print([name for name in ('tensorflow', 'keras', 'h5py', 'onnxruntime') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(("y", "sr"), [(np.zeros((2, 9)), SR), (np.zeros(0), SR), (np.array([np.nan]), SR), ([1], -1)])
def test_what_is_no_sound_is_refused(y: np.ndarray, sr: float) -> None:
    with pytest.raises(ParameterError):
        MODEL.embed(y, sr)


def test_classes_are_audiosets() -> None:
    assert len(MODEL.classes) == len(set(MODEL.classes)) == 521
    assert (MODEL.classes[0], MODEL.classes[1], MODEL.classes[494], MODEL.classes[520]) == (
        "Speech",
        "Child speech, kid speaking",
        "Silence",
        "Field recording",
    )


def test_a_file_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOCLF_YAMNET", str(tmp_path / "mine.h5"))
    with pytest.raises(AudioclfError, match=r"mine\.h5 was expected to hold the weights of YAMNet .*not there"):
        MODEL.obtain()


def test_named_weights_in_our_own_form_are_used_where_they_lie(
    yamnet: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    mine = tmp_path / "mine.npz"
    mine.write_bytes(module._weights_file().read_bytes())
    monkeypatch.setenv("AUDIOCLF_YAMNET", str(mine))
    assert first(np.zeros(SR)) == ["Silence"]
    os.truncate(mine, 1000)
    with pytest.raises(AudioclfError, match=r"mine\.npz"):
        MODEL.obtain()


def test_without_network_the_setting_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("AUDIOCLF_YAMNET", raising=False)
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path))
    monkeypatch.setattr("audioclf.datasets.ingest.download.PAUSE", 0.01)
    remote = module.download.Remote(
        "http://127.0.0.1:9/yamnet.h5", "yamnet.h5", 1, starts=(b"x",), remedy=module.REMOTE.remedy
    )
    monkeypatch.setattr(module, "REMOTE", remote)
    with pytest.raises(AudioclfError, match="set AUDIOCLF_YAMNET to its path"):
        MODEL.obtain()
