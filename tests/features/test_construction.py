"""What features are made with, against librosa and scipy."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from audioclf.features import CQT, MFCC, STFT, Mel, Waveform, views
from audioclf.features.construction import constant_q_windows, is_made, pictures

SR = 22050


def test_the_mel_filter_bank_is_librosas() -> None:
    shown = pictures(Mel(n_mels=40), SR)["Mel filter bank"]
    expected = librosa.filters.mel(sr=SR, n_fft=2048, n_mels=40, norm=None)
    np.testing.assert_allclose(shown.values, expected, atol=1e-6)
    assert shown.axes[1].values[-1] == SR / 2


def test_the_cosines_turn_a_mel_spectrogram_into_mfcc() -> None:
    y = np.random.default_rng(0).standard_normal(SR).astype(np.float32)
    basis = pictures(MFCC(), SR)["Cosines of the DCT"].values
    level = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=SR))
    np.testing.assert_allclose(basis @ level, MFCC().compute(y, SR).values, atol=1e-2)


def test_constant_q_windows_are_as_long_as_librosas() -> None:
    feature = CQT()
    shown = constant_q_windows(feature)
    step = np.diff(shown.axes[1].values[:2])[0] / 1000
    lengths, _ = librosa.filters.wavelet_lengths(freqs=feature.frequencies(), sr=SR)
    drawn = (shown.values > 0).sum(axis=1) * step
    np.testing.assert_allclose(drawn, lengths / SR, atol=3 * step)


@pytest.mark.parametrize("kind", list(views()))
def test_only_features_that_are_made_of_something_show_it(kind: str) -> None:
    feature = views()[kind]()
    assert is_made(feature) == bool(pictures(feature, SR))
    assert not pictures(Waveform(), SR)
    assert list(pictures(STFT(), SR)) == ["Window (hann)"]
