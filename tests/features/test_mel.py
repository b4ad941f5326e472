"""The mel spectrogram equals librosa's: bands within 1e-5 of the loudest, levels within 0.05 dB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import Mel
from audioclf.features.mel import hz_to_mel, mel_edges, mel_filters, mel_to_hz


@settings(deadline=None)
@given(frequencies=st.lists(st.floats(0, 96000), min_size=1), htk=st.booleans())
def test_the_scale_is_librosas_and_inverts(frequencies: list[float], htk: bool) -> None:
    expected = librosa.hz_to_mel(np.array(frequencies), htk=htk)
    np.testing.assert_allclose(hz_to_mel(frequencies, htk), expected, atol=1e-9)
    np.testing.assert_allclose(mel_to_hz(expected, htk), frequencies, rtol=1e-9, atol=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    sr=st.sampled_from([8000.0, 22050.0, 44100.0]),
    n_fft=st.integers(16, 4096),
    n_mels=st.integers(2, 256),
    fmin=st.floats(0, 1000),
    width=st.floats(0.01, 1),
    htk=st.booleans(),
    norm=st.sampled_from(["slaney", "none"]),
)
def test_filters_equal_librosa(
    quietly: Callable[..., Any],
    sr: float,
    n_fft: int,
    n_mels: int,
    fmin: float,
    width: float,
    htk: bool,
    norm: str,
) -> None:
    fmax = fmin + width * (sr / 2 - fmin)
    expected = quietly(
        librosa.filters.mel,
        sr=sr,
        n_fft=n_fft,
        n_mels=n_mels,
        fmin=fmin,
        fmax=fmax,
        htk=htk,
        norm=None if norm == "none" else norm,
    )
    found = mel_filters(sr, n_fft, n_mels, fmin, fmax, htk, norm)
    np.testing.assert_allclose(found, expected, atol=1e-6 * max(expected.max(), 1e-6))


def test_defaults_equal_librosa_on_a_real_recording(rooster: tuple[np.ndarray, int]) -> None:
    y, sr = rooster
    bands = librosa.feature.melspectrogram(y=y, sr=sr)
    np.testing.assert_allclose(Mel(scale="power").compute(y, sr).values, bands, atol=1e-5 * bands.max())
    level = Mel().compute(y, sr)
    np.testing.assert_allclose(level.values, librosa.power_to_db(bands, ref=np.max), atol=0.05)
    np.testing.assert_allclose(level.axes[0].values, librosa.mel_frequencies(130, fmax=sr / 2)[1:-1])
    assert (level.axes[0].scale, level.axes[0].unit) == ("mel", "Hz")


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(1, 20000),
    n_fft=st.integers(256, 3000),
    hop=st.integers(50, 1500),
    n_mels=st.integers(2, 200),
    fmin=st.floats(0, 3000),
    fmax=st.none() | st.floats(3500, 11025),
    htk=st.booleans(),
    norm=st.sampled_from(["slaney", "none"]),
    power=st.sampled_from([1.0, 2.0]),
)
def test_parameters_equal_librosa(
    sound: Callable[..., np.ndarray], quietly: Callable[..., Any], n: int, hop: int, norm: str, **given_: Any
) -> None:
    y = sound(n)
    expected = quietly(
        librosa.feature.melspectrogram,
        y=y,
        sr=22050,
        hop_length=hop,
        norm=None if norm == "none" else norm,
        **given_,
    )
    found = Mel(hop_length=hop, norm=norm, scale="power", **given_).compute(y, 22050)
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * max(expected.max(), 1e-6))
    level = Mel(hop_length=hop, norm=norm, **given_).compute(y, 22050)
    to_db = librosa.power_to_db if given_["power"] == 2 else librosa.amplitude_to_db
    # At the quiet end float32 leaves less to compare: 60 dB below the peak are compared.
    reference = to_db(expected, ref=np.max)
    near = reference > -60
    np.testing.assert_allclose(level.values[near], reference[near], atol=0.05)


def test_band_edges_run_from_fmin_to_fmax() -> None:
    edges = mel_edges(10, 50, 4000)
    assert (edges[0], edges[-1]) == pytest.approx((50, 4000))


@pytest.mark.parametrize(
    ("values", "sr", "field", "reported"),
    [
        ({"fmax": 12000}, 22050, "fmax", r"half the sample rate \(11025 Hz"),
        ({"fmin": 11025}, 22050, "fmin", "1 Hz below half the sample rate"),
        ({"fmin": 6000}, 8000, "fmin", r"\(4000 Hz\)"),
    ],
)
def test_a_band_outside_the_sample_rate_is_refused(
    values: dict[str, float], sr: float, field: str, reported: str
) -> None:
    feature = Mel(**values)
    with pytest.raises(ParameterError, match=reported) as caught:
        feature.compute(np.zeros(8000), sr)
    assert caught.value.field == field
    with pytest.raises(ParameterError, match=reported):
        feature.advice(sr, 8000)


def test_fmin_above_fmax_is_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"fmin must be at least 1 Hz below fmax \(500 Hz\), got 500 Hz"):
        Mel(fmin=500, fmax=500)


def test_empty_bands_are_allowed_and_counted_in_a_sentence() -> None:
    narrow = Mel(n_fft=441, hop_length=441)
    assert narrow.compute(np.ones(44100), 44100).values.shape == (128, 100)
    (sentence,) = narrow.advice(44100, 44100)
    empty = int((mel_filters(44100, 441, 128, 0, 22050, False, "none").max(axis=1) == 0).sum())
    assert empty > 0
    assert sentence.startswith(f"{empty} of the 128 mel bands")
    assert Mel().advice(22050, 44100) == ()
