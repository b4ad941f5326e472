"""Every step from samples to MFCC, against the features themselves and librosa."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft

from audioclf.core.errors import ParameterError
from audioclf.features import MFCC
from audioclf.features.mfcc_steps import mfcc_steps

SR = 22050

Y = np.concatenate([
    0.5 * np.sin(2 * np.pi * 440 * np.arange(SR // 2) / SR),
    0.05 * np.random.default_rng(0).standard_normal(SR // 2),
]).astype(np.float32)  # fmt: skip


@pytest.mark.parametrize(
    "feature",
    [
        MFCC(),
        MFCC(n_mfcc=13, n_mels=40, n_fft=1024, hop_length=256, window="hamming", lifter=22),
        MFCC(center=False, dct_type=3, norm="none", power=1.0, htk=True, fmin=100, fmax=8000),
        MFCC(pad_mode="reflect", win_length=512, mel_norm="none"),
    ],
)
def test_each_step_leads_to_the_next_and_the_last_is_the_mfcc(feature: MFCC) -> None:
    steps = mfcc_steps(Y, SR, feature)
    column = feature.compute(Y, SR).values
    assert steps.n_frames == column.shape[1]
    for frame in (0, steps.n_frames // 2, steps.n_frames - 1):
        begin = frame * feature.hop_length
        stretch = steps.samples[begin : begin + feature.n_fft]
        assert len(stretch) == feature.n_fft
        spectrum = np.abs(scipy.fft.rfft(stretch * steps.window)) ** feature.power
        np.testing.assert_allclose(steps.spectra[frame], spectrum, rtol=1e-3, atol=1e-5 * spectrum.max())
        level = 10 * np.log10(np.maximum(steps.bands[frame], 1e-10))
        np.testing.assert_allclose(steps.levels[frame], np.maximum(level, steps.levels.max() - 80), atol=1e-3)
        np.testing.assert_allclose(steps.cosines @ steps.levels[frame], steps.coefficients[frame], atol=0.02)
        np.testing.assert_array_equal(steps.coefficients[frame], column[:, frame])


def test_the_steps_are_librosas() -> None:
    import librosa

    steps = mfcc_steps(Y, SR, MFCC())
    power = np.abs(librosa.stft(Y)) ** 2
    np.testing.assert_allclose(steps.spectra.T, power, atol=1e-4 * power.max())
    mel = librosa.feature.melspectrogram(y=Y, sr=SR)
    np.testing.assert_allclose(steps.bands.T, mel, atol=1e-4 * mel.max())
    np.testing.assert_allclose(steps.levels.T, librosa.power_to_db(mel), atol=0.01)
    np.testing.assert_allclose(steps.coefficients.T, librosa.feature.mfcc(y=Y, sr=SR), atol=0.1)


def test_a_mean_over_time_has_no_frames() -> None:
    with pytest.raises(ParameterError, match="summary must be 'none'"):
        mfcc_steps(Y, SR, MFCC(summary="mean"))
