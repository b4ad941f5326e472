"""The constant-Q transform equals librosa's: magnitudes within 1e-5 of the loudest, levels within 0.05 dB."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import librosa
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import CQT
from audioclf.features.spectral import WINDOWS


@pytest.mark.parametrize("values", [{}, {"hop_length": 1024, "n_bins": 168, "bins_per_octave": 24}])
def test_equals_librosa_on_a_real_recording(rooster: tuple[np.ndarray, int], values: dict[str, int]) -> None:
    y, sr = rooster
    expected = np.abs(librosa.cqt(y, sr=sr, **values))
    found = CQT(scale="magnitude", **values).compute(y, sr)
    np.testing.assert_allclose(found.values, expected, atol=1e-5 * expected.max())
    level = CQT(**values).compute(y, sr)
    np.testing.assert_allclose(level.values, librosa.amplitude_to_db(expected, ref=np.max), atol=0.05)
    notes = librosa.cqt_frequencies(
        expected.shape[0], fmin=librosa.note_to_hz("C1"), bins_per_octave=values.get("bins_per_octave", 12)
    )
    np.testing.assert_allclose(level.axes[0].values, notes)
    times = librosa.times_like(expected, sr=sr, hop_length=values.get("hop_length", 512))
    np.testing.assert_allclose(level.axes[1].values, times)


def test_reference_a_has_its_shape() -> None:
    assert CQT(hop_length=1024, n_bins=24 * 7, bins_per_octave=24).shape(88200, 44100) == (168, 87)


@settings(max_examples=50, deadline=None)
@given(
    n=st.integers(5000, 30000),
    hop_length=st.integers(100, 2000) | st.sampled_from([128, 256, 512, 1024, 4096]),
    fmin=st.none() | st.floats(20, 400),
    n_bins=st.integers(1, 90),
    bins_per_octave=st.sampled_from([5, 12, 24, 36]),
    tuning=st.floats(-0.5, 0.5),
    filter_scale=st.floats(0.3, 1.5),
    sparsity=st.sampled_from([0.0, 0.01, 0.1]),
    window=st.sampled_from(WINDOWS),
    pad_mode=st.sampled_from(["constant", "edge"]),
)
def test_parameters_equal_librosa(
    sound: Callable[..., np.ndarray], quietly: Callable[..., Any], n: int, **given_: Any
) -> None:
    y = sound(n)
    assume(given_["n_bins"] <= 14 * given_["bins_per_octave"])
    feature = CQT(scale="magnitude", **given_)
    try:
        found = feature.compute(y, 22050).values
    except ParameterError as error:
        assume(error.field != "hop_length")  # too large for us, not for librosa
        with pytest.raises(librosa.ParameterError):
            quietly(librosa.cqt, y, sr=22050, **given_)
        return
    expected = np.abs(quietly(librosa.cqt, y, sr=22050, **given_))
    np.testing.assert_allclose(found, expected, atol=1e-5 * expected.max())


@pytest.mark.parametrize(
    ("values", "sr", "n", "field"),
    [
        ({}, 8000, 8000, "n_bins"),
        ({"n_bins": 120}, 22050, 22050, "n_bins"),
        ({"fmin": 11000, "n_bins": 12}, 22050, 22050, "fmin"),
        ({}, 22050, 40, "n_bins"),
        ({"bins_per_octave": 192, "n_bins": 192, "hop_length": 441}, 44100, 44100, "hop_length"),
    ],
)
def test_what_cannot_work_is_refused(values: dict[str, int], sr: int, n: int, field: str) -> None:
    with pytest.raises(ParameterError) as caught:
        CQT(**values).compute(np.zeros(n), sr)
    assert caught.value.field == field


def test_the_number_of_bins_that_is_named_works() -> None:
    with pytest.raises(ParameterError, match="n_bins must be at most") as caught:
        CQT().compute(np.zeros(8000), 8000)
    fitting = int(str(caught.value).split("at most ")[1].split()[0])
    assert CQT(n_bins=fitting).shape(8000, 8000)[0] == fitting
    with pytest.raises(librosa.ParameterError):
        librosa.cqt(np.zeros(8000), sr=8000, n_bins=fitting + 1)


def test_more_octaves_than_there_are_are_refused_at_once() -> None:
    with pytest.raises(ParameterError, match=r"n_bins must be at most 14 \(14 octaves of 1 rows\), got 84") as caught:
        CQT(bins_per_octave=1)
    assert caught.value.field == "n_bins"


def test_a_sound_shorter_than_the_lowest_window_gets_a_word() -> None:
    (sentence,) = CQT().advice(22050, 4000)
    assert "0.53 s long and the sound 0.18 s" in sentence
    assert CQT().advice(22050, 22050) == ()
