"""Sound from a feature: what it keeps is heard, and less detail is further away."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum, Waveform
from audioclf.features.inversion import resynthesize, spectral_distance

SR = 22050
T = np.arange(2 * SR // 5) / SR
Y = sum(0.2 / k * np.sin(2 * np.pi * 330 * k * T) for k in (1, 2, 3, 4)).astype(np.float32)


def loudest(y: np.ndarray) -> float:
    return float(np.fft.rfftfreq(len(y), 1 / SR)[np.abs(np.fft.rfft(y)).argmax()])


@pytest.mark.parametrize(
    ("feature", "phase"),
    [
        (STFT(), "griffin-lim"),
        (STFT(scale="power", n_fft=1024, hop_length=256), "original"),
        (Mel(n_fft=1024), "griffin-lim"),
        (Mel(scale="power", power=1.0, htk=True, norm="none", n_fft=1024), "original"),
        (MFCC(n_mfcc=60, n_fft=1024), "original"),
        (CQT(n_bins=36, fmin=130.0, scale="magnitude"), "griffin-lim"),
        (CQT(n_bins=60), "original"),
    ],
)
def test_what_comes_out_is_as_long_and_has_the_pitch(feature: Feature, phase: str) -> None:
    heard = resynthesize(Y, SR, feature, phase=phase, n_iter=4)
    assert heard.y.shape == Y.shape
    assert heard.y.dtype == np.float32
    assert np.isfinite(heard.y).all()
    assert loudest(heard.y) == pytest.approx(330, rel=0.12 if feature.kind in ("mel", "mfcc") else 0.03)
    assert heard.distance == pytest.approx(spectral_distance(Y, heard.y))


def test_all_magnitudes_and_the_phase_give_the_sound_back() -> None:
    heard = resynthesize(Y, SR, STFT(scale="magnitude"), phase="original")
    np.testing.assert_allclose(heard.y, Y, atol=1e-4)
    assert heard.distance < 0.1


def test_the_level_is_kept_though_the_picture_has_its_own_zero() -> None:
    for gain in (1.0, 0.01):
        heard = resynthesize(gain * Y, SR, STFT(ref="max"), phase="original")
        assert np.abs(heard.y).max() == pytest.approx(gain * np.abs(Y).max(), rel=0.05)


def test_less_detail_is_further_away() -> None:
    bands = [resynthesize(Y, SR, Mel(n_mels=n, n_fft=1024), phase="original").distance for n in (128, 32, 8)]
    assert bands == sorted(bands)
    kept = [resynthesize(Y, SR, MFCC(n_mfcc=n, n_fft=1024), phase="original").distance for n in (128, 20, 2)]
    assert kept == sorted(kept)


def test_the_distance_is_in_decibels() -> None:
    assert spectral_distance(Y, Y) == 0
    rng = np.random.default_rng(0)
    noise = rng.standard_normal(SR).astype(np.float32)
    assert spectral_distance(noise, noise / 10) == pytest.approx(20, abs=1e-3)
    assert spectral_distance(np.zeros(SR), np.zeros(SR)) == 0


@pytest.mark.parametrize(
    ("feature", "words"),
    [
        (Waveform(), "cannot be made sound"),
        (Spectrum(), "cannot be made sound"),
        (MFCC(summary="mean"), "summary must be 'none'"),
        (CQT(hop_length=500), "hop_length must be a multiple of 64"),
    ],
)
def test_what_cannot_be_heard_is_refused(feature: Feature, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        resynthesize(Y, SR, feature)


def test_an_unknown_phase_is_refused() -> None:
    with pytest.raises(ParameterError, match="phase must be"):
        resynthesize(Y, SR, Mel(), phase="zero")


@pytest.mark.parametrize("n", [1, 100, 3000])
def test_silence_and_short_sounds_stay_what_they_are(n: int) -> None:
    for feature in (Mel(n_mels=20), CQT(n_bins=24)):
        heard = resynthesize(np.zeros(n), SR, feature, n_iter=2)
        assert heard.y.shape == (n,)
        assert np.abs(heard.y).max() < 1e-3
