"""The spectrum against numpy's transform and a closed form."""

from __future__ import annotations

from collections.abc import Callable

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.features import Spectrum


def test_whole_sound_equals_the_left_half_of_numpys_fft(sound: Callable[..., np.ndarray]) -> None:
    y = sound(30001)
    found = Spectrum().compute(y, 22050)
    expected = np.abs(np.fft.fft(y.astype(np.float64))[: 30001 // 2 + 1])
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * expected.max())
    np.testing.assert_allclose(found.axes[0].values, np.arange(15001) * 22050 / 30001)


def test_a_tone_peaks_at_its_frequency_with_half_the_samples_as_height() -> None:
    y = np.sin(2 * np.pi * 440 * np.arange(22050) / 22050)
    found = Spectrum().compute(y, 22050)
    assert found.axes[0].values[found.values.argmax()] == 440
    assert found.values.max() == pytest.approx(22050 / 2, rel=1e-4)


@settings(max_examples=40, deadline=None)
@given(n_fft=st.integers(16, 70000), name=st.sampled_from(["hann", "boxcar", "blackman"]))
def test_n_fft_cuts_or_pads_and_decibels_are_librosas(sound: Callable[..., np.ndarray], n_fft: int, name: str) -> None:
    y = sound(30000)
    part = y[:n_fft].astype(np.float64)
    magnitude = np.abs(np.fft.rfft(part * librosa.filters.get_window(name, part.size), n=n_fft)).astype(np.float32)
    plain = Spectrum(n_fft=n_fft, window=name).compute(y, 22050)
    level = Spectrum(n_fft=n_fft, window=name, scale="db", top_db=60).compute(y, 22050)
    np.testing.assert_allclose(plain.values, magnitude, atol=1e-5 * magnitude.max())
    expected = librosa.amplitude_to_db(magnitude, ref=np.max, top_db=60)
    np.testing.assert_allclose(level.values, expected, atol=0.05)
    assert (level.label, level.unit) == ("Level", "dB")
