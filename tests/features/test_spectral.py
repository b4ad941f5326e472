"""Windows and decibels against scipy and librosa; the limits of framing."""

from __future__ import annotations

import librosa
import numpy as np
import pytest
import scipy.signal
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import STFT
from audioclf.features.spectral import WINDOWS, decibels, frames, window


@pytest.mark.parametrize("name", WINDOWS)
@settings(deadline=None)
@given(n=st.integers(1, 5000))
def test_windows_are_those_of_scipy(name: str, n: int) -> None:
    np.testing.assert_allclose(window(name, n), scipy.signal.get_window(name, n), atol=1e-12)


@settings(deadline=None)
@given(
    power=st.lists(st.floats(0, 1e8, width=32), min_size=1, max_size=50),
    top_db=st.floats(1, 200),
    ref=st.sampled_from(["max", "one"]),
)
def test_decibels_are_those_of_librosa(power: list[float], top_db: float, ref: str) -> None:
    values = np.array(power, np.float32)
    expected = librosa.power_to_db(values, ref=np.max if ref == "max" else 1.0, top_db=top_db)
    np.testing.assert_allclose(decibels(values, ref, top_db), expected, atol=1e-4)


def test_frames_are_centred_on_their_samples() -> None:
    y = np.arange(100, dtype=np.float32)
    assert frames(y, 16, 10, "constant")[:, 8].tolist() == [*y[::10].tolist(), 0]
    assert frames(y, 16, 10, None)[:, 0].tolist() == y[:90:10].tolist()


def test_a_window_longer_than_the_transform_is_refused() -> None:
    with pytest.raises(ParameterError, match="win_length must be at most n_fft") as caught:
        STFT(n_fft=512, win_length=1024)
    assert caught.value.field == "win_length"


def test_hop_zero_is_refused() -> None:
    with pytest.raises(ParameterError, match="hop_length must be at least 1") as caught:
        STFT(hop_length=0)
    assert caught.value.field == "hop_length"


def test_a_sound_shorter_than_an_uncentred_frame_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"n_fft must be at most .* \(100 samples\)") as caught:
        STFT(center=False).compute(np.zeros(100), 22050)
    assert caught.value.field == "n_fft"


def test_a_map_that_would_fill_the_memory_is_refused_with_a_hop_that_works() -> None:
    y = np.zeros(3_000_000, np.float32)
    with pytest.raises(ParameterError, match="raise hop_length to") as caught:
        STFT(hop_length=1).compute(y, 22050)
    hop = int(str(caught.value).split("hop_length to ")[1].split()[0])
    assert (
        STFT(hop_length=hop).n_frames(y.size) * 1025 <= 100_000_000 < STFT(hop_length=hop // 2).n_frames(y.size) * 1025
    )
