"""The spectrogram equals librosa's: magnitudes within 1e-5 of the loudest value, levels within 0.05 dB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import STFT
from audioclf.features.spectral import WINDOWS


def test_defaults_equal_librosa_on_a_real_recording(rooster: tuple[np.ndarray, int]) -> None:
    y, sr = rooster
    magnitude = np.abs(librosa.stft(y))
    np.testing.assert_allclose(STFT(scale="magnitude").compute(y, sr).values, magnitude, atol=1e-5 * magnitude.max())
    power = STFT(scale="power").compute(y, sr)
    np.testing.assert_allclose(power.values, magnitude**2, atol=1e-5 * magnitude.max() ** 2)
    level = STFT().compute(y, sr)
    np.testing.assert_allclose(level.values, librosa.amplitude_to_db(magnitude, ref=np.max), atol=0.05)
    np.testing.assert_allclose(level.axes[0].values, librosa.fft_frequencies(sr=sr, n_fft=2048))
    np.testing.assert_allclose(level.axes[1].values, librosa.times_like(level.values, sr=sr))


@settings(max_examples=80, deadline=None)
@given(
    n=st.integers(1, 20000),
    n_fft=st.integers(16, 3000),
    hop=st.integers(1, 1500),
    shorter=st.none() | st.integers(0, 1000),
    name=st.sampled_from(WINDOWS),
    center=st.booleans(),
    pad_mode=st.sampled_from(["constant", "edge"]),
)
def test_parameters_equal_librosa(
    sound: Callable[..., np.ndarray],
    quietly: Callable[..., Any],
    n: int,
    n_fft: int,
    hop: int,
    shorter: int | None,
    name: str,
    center: bool,
    pad_mode: str,
) -> None:
    y = sound(n)
    given_ = {
        "n_fft": n_fft,
        "hop_length": hop,
        "win_length": None if shorter is None else max(2, n_fft - shorter),
        "window": name,
        "center": center,
        "pad_mode": pad_mode,
    }
    feature = STFT(scale="magnitude", **given_)
    if not center and n < n_fft:
        with pytest.raises(ParameterError):
            feature.compute(y, 22050)
        return
    expected = np.abs(quietly(librosa.stft, y, **given_))
    found = feature.compute(y, 22050)
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * max(expected.max(), 1e-3))
    np.testing.assert_allclose(
        found.axes[1].values,
        librosa.frames_to_time(range(expected.shape[1]), sr=22050, hop_length=hop, n_fft=None if center else n_fft),
    )


@pytest.mark.parametrize("n_fft", [64, 1023, 2048])
def test_mirror_padding_equals_librosa(sound: Callable[..., np.ndarray], n_fft: int) -> None:
    # librosa pads the end from its last frame alone, which is the mirror image while hops are below half a frame.
    y = sound(5000)
    expected = np.abs(librosa.stft(y, n_fft=n_fft, pad_mode="reflect", hop_length=30))
    found = STFT(n_fft=n_fft, pad_mode="reflect", hop_length=30, scale="magnitude").compute(y, 22050)
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * expected.max())
