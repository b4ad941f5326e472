"""Exported features against the features themselves, and whole models against the predictor."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.embeddings import log_mel
from audioclf.export import transforms
from audioclf.export.check import made
from audioclf.features import CQT, FEATURES, MFCC, STFT, Feature, Mel, Spectrum, Waveform
from audioclf.features.embedding import YAMNetEmbedding
from audioclf.features.yamnet_mel import YAMNetMel

SR = 16000
N = 6400

CASES: list[Feature] = [
    Waveform(),
    Spectrum(),
    Spectrum(n_fft=4096, window="hann", scale="db"),
    Spectrum(n_fft=8000),
    STFT(n_fft=512, hop_length=160),
    STFT(n_fft=400, hop_length=160, win_length=320, scale="magnitude", pad_mode="reflect"),
    STFT(n_fft=510, hop_length=441, scale="power", center=False),
    STFT(n_fft=127, hop_length=64, ref="one", top_db=60, pad_mode="edge"),
    Mel(),
    Mel(n_fft=1024, hop_length=320, n_mels=40, fmin=50, fmax=7000, htk=True, norm="none", power=1),
    Mel(n_fft=512, hop_length=128, n_mels=32, scale="power"),
    MFCC(n_fft=512, hop_length=256, n_mels=40),
    MFCC(n_fft=512, hop_length=256, n_mels=40, n_mfcc=13, lifter=22, dct_type=3, norm="none"),
    MFCC(summary="mean", dct_type=1, norm="none"),
]


@pytest.fixture(scope="module")
def sounds() -> Any:
    silence, click = np.zeros((1, N), np.float32), np.zeros((1, N), np.float32)
    click[0, 100] = 1
    return np.concatenate([made(N, SR), silence, click])


@pytest.mark.parametrize("feature", CASES, ids=lambda feature: f"{feature.kind}-{CASES.index(feature)}")
def test_a_feature_is_the_same_in_the_graph(feature: Feature, sounds: Any) -> None:
    import keras

    y = keras.Input(batch_shape=(1, N), dtype="float32")
    graph = keras.Model(y, transforms.feature_map(y, feature, SR))
    for samples in sounds:
        ours = feature.compute(samples, SR).values
        theirs = np.asarray(graph(samples[np.newaxis]))[0]
        assert theirs.shape == ours.shape
        # in dB a thousandth is nothing; of plain values the largest one counts
        scale = 1.0 if "dB" in (feature.compute(samples, SR).unit,) else max(1.0, float(np.abs(ours).max()))
        assert np.abs(theirs - ours).max() <= 5e-3 * scale


@pytest.mark.usefixtures("yamnet")
@pytest.mark.parametrize(
    "feature", [YAMNetMel(), YAMNetEmbedding("mean+max+std", 2, True), YAMNetEmbedding("none", 3)], ids=str
)
def test_yamnet_is_the_same_in_the_graph(feature: Feature) -> None:
    import keras

    for n in (4000, 15601, 30000):
        y = keras.Input(batch_shape=(1, n), dtype="float32")
        graph = keras.Model(y, transforms.feature_map(y, feature, log_mel.SR))
        for samples in made(n, log_mel.SR)[::4]:
            samples[n // 3 : n // 2] = 0
            ours = feature.compute(samples, log_mel.SR).values
            np.testing.assert_allclose(np.asarray(graph(samples[np.newaxis]))[0], ours, atol=5e-4)


def test_what_cannot_be_exported_says_what_to_use_instead() -> None:
    assert "audioclf serve" in transforms.refusal(CQT(), SR)
    assert "YAMNet embedding" in transforms.refusal(FEATURES["speech-embedding"](), SR)
    assert "set sr to 16000" in transforms.refusal(FEATURES["yamnet"](), 22050)
    assert not any(transforms.refusal(feature, SR) for feature in CASES)
    with pytest.raises(ParameterError, match="audioclf serve"):
        transforms.feature_map(None, CQT(), SR)


def test_a_long_prime_transform_is_refused() -> None:
    import keras

    y = keras.Input(batch_shape=(1, 20011))
    with pytest.raises(ParameterError, match="power of two"):
        transforms.feature_map(y, Spectrum(), SR)


def test_every_feature_has_a_form_or_a_reason() -> None:
    for kind in FEATURES:
        feature = FEATURES[kind]()
        exported = {case.kind for case in CASES} | {"yamnet", "yamnet-mel"}
        assert transforms.refusal(feature, 16000).endswith(".") or feature.kind in exported


def test_no_constant_is_a_matrix_of_the_whole_transform() -> None:
    import keras

    y = keras.Input(batch_shape=(1, N))
    graph = keras.Model(y, transforms.feature_map(y, STFT(), SR))
    assert sum(int(np.prod(weight.shape)) for weight in graph.weights) < 20_000
