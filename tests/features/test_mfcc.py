"""MFCC equal librosa's within 1e-5 of the largest coefficient (2e-3 at the least)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import MFCC


def assert_close(found: np.ndarray, expected: np.ndarray) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=max(2e-3, 1e-5 * np.abs(expected).max()))


def test_defaults_equal_librosa_on_a_real_recording(rooster: tuple[np.ndarray, int]) -> None:
    y, sr = rooster
    found = MFCC().compute(y, sr)
    assert_close(found.values, librosa.feature.mfcc(y=y, sr=sr))
    assert found.axes[0].values.tolist() == list(range(20))
    assert (found.axes[0].label, found.axes[0].unit, found.axes[1].unit) == ("Coefficient", "", "s")


def test_reference_e_gives_13_by_501(rooster: tuple[np.ndarray, int], quietly: Callable[..., Any]) -> None:
    y, sr = rooster
    y = librosa.util.fix_length(y, size=5 * sr)
    found = MFCC(n_mfcc=13, n_fft=882, hop_length=441).compute(y, sr)
    assert found.values.shape == (13, 501)
    expected = quietly(librosa.feature.mfcc, y=y, sr=sr, n_mfcc=13, n_fft=882, hop_length=441)
    assert_close(found.values, expected)


def test_the_mean_over_time_is_one_vector(sound: Callable[..., np.ndarray]) -> None:
    found = MFCC(n_mfcc=40, summary="mean").compute(sound(), 22050)
    assert_close(found.values, librosa.feature.mfcc(y=sound(), sr=22050, n_mfcc=40).mean(axis=1))
    assert not found.is_picture
    assert len(found.axes) == 1


@settings(max_examples=60, deadline=None)
@given(
    n=st.integers(1, 20000),
    n_mels=st.integers(20, 150),
    n_mfcc=st.integers(1, 20),
    dct_type=st.sampled_from([1, 2, 3]),
    norm=st.sampled_from(["ortho", "none"]),
    lifter=st.just(0.0) | st.floats(1, 60),
    mel_norm=st.sampled_from(["slaney", "none"]),
    n_fft=st.sampled_from([512, 1000, 2048]),
    htk=st.booleans(),
    power=st.sampled_from([1.0, 2.0]),
)
def test_parameters_equal_librosa(
    sound: Callable[..., np.ndarray], quietly: Callable[..., Any], n: int, norm: str, mel_norm: str, **given_: Any
) -> None:
    y = sound(n)
    expected = quietly(
        librosa.feature.mfcc,
        y=y,
        sr=22050,
        norm=None if norm == "none" else norm,
        mel_norm=None if mel_norm == "none" else mel_norm,
        **given_,
    )
    found = MFCC(norm=norm, mel_norm=mel_norm, **given_).compute(y, 22050)
    assert_close(found.values, expected)


def test_more_coefficients_than_bands_are_refused() -> None:
    with pytest.raises(ParameterError, match=r"n_mfcc must be at most n_mels \(20\), got 40") as caught:
        MFCC(n_mfcc=40, n_mels=20)
    assert caught.value.field == "n_mfcc"


def test_a_lifter_below_one_is_refused() -> None:
    with pytest.raises(ParameterError, match=r"lifter must be 0 or at least 1, got 0\.5"):
        MFCC(lifter=0.5)
