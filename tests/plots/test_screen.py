"""What stands on a screen's row is what the axis says stands there."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, MFCC, STFT, FeatureMap, Mel, Spectrum, Waveform
from audioclf.features.base import Axis
from audioclf.plots.screen import (
    SCALES,
    envelope,
    from_scale,
    hertz,
    hertz_ticks,
    note_ticks,
    to_scale,
    to_screen,
    value_limits,
)

SR = 22050


@pytest.mark.parametrize("scale", SCALES)
def test_scales_invert(scale: str) -> None:
    values = np.array([20.0, 440.0, 1000.0, 11025.0])
    np.testing.assert_allclose(from_scale(to_scale(values, scale), scale), values)


@pytest.mark.parametrize(("feature", "scale"), [(Mel(), "mel"), (CQT(), "log"), (STFT(), "linear"), (MFCC(), None)])
def test_rows_that_stand_evenly_stay_as_they_are(
    feature: Mel | CQT | STFT, scale: str | None, beep: np.ndarray
) -> None:
    shown = feature.compute(beep, SR)
    screen = to_screen(shown, scale)
    assert screen.values is shown.values
    np.testing.assert_allclose(screen.centres, shown.axes[0].values, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("feature", [STFT(), STFT(n_fft=256), Mel(), Mel(htk=True), CQT()])
@pytest.mark.parametrize("scale", [None, *SCALES])
def test_a_tone_is_found_at_its_frequency_on_every_scale(
    feature: Mel | CQT | STFT, scale: str | None, beep: np.ndarray
) -> None:
    shown = feature.compute(beep, SR)
    screen = to_screen(shown, scale)
    loudest = screen.centres[screen.values.max(axis=1).argmax()]
    own = shown.axes[0].values[shown.values.max(axis=1).argmax()]
    apart = np.diff(shown.axes[0].values)[np.searchsorted(shown.axes[0].values, 1000) - 1]
    assert abs(loudest - own) <= apart
    assert screen.values.max() == shown.values.max()
    assert (np.diff(screen.centres) > 0).all()


def test_a_logarithmic_axis_begins_where_people_begin_to_hear(beep: np.ndarray) -> None:
    screen = to_screen(STFT().compute(beep, SR), "log")
    assert 2**screen.bottom == pytest.approx(20)
    assert 2**screen.top == pytest.approx(SR / 2)


def test_a_very_long_sound_is_thinned_out_and_keeps_its_peak() -> None:
    values = np.zeros((4, 50000), np.float32)
    values[2, 31415] = 7
    axes = (Axis(np.arange(4.0), "Coefficient", ""), Axis(np.arange(50000) * 0.01, "Time", "s"))
    screen = to_screen(FeatureMap(values, axes, "Value", "", "mfcc"))
    assert screen.values.shape == (4, 2400)
    assert screen.values[2].argmax() == pytest.approx(31415 / 50000 * 2400, abs=1)
    assert screen.values.max() == 7
    assert (screen.left, screen.right) == pytest.approx((-0.005, 499.995))


def test_an_unknown_scale_is_refused(beep: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="did you mean 'linear'"):
        to_screen(STFT().compute(beep, SR), "linaer")


@settings(deadline=None)
@given(n_points=st.integers(2, 5000), n=st.integers(10, 300), logarithmic=st.booleans())
def test_the_envelope_holds_every_peak(n_points: int, n: int, logarithmic: bool) -> None:
    x = np.arange(1, n_points + 1) * 0.5
    values = np.random.default_rng(n_points).standard_normal(n_points).astype(np.float32)
    at, lows, highs = envelope(x, values, n, scale="log" if logarithmic else "linear")
    assert len(at) == len(lows) == len(highs) <= max(3 * n, n_points if n_points <= 3 * n else n)
    assert (lows.min(), highs.max()) == (values.min(), values.max())
    assert (np.diff(at) > 0).all()
    assert x[0] <= at[0] <= at[-1] <= x[-1]


@given(low=st.floats(0, 500), width=st.floats(100, 90000), scale=st.sampled_from(SCALES), most=st.integers(2, 12))
def test_frequency_ticks_are_few_and_within(low: float, width: float, scale: str, most: int) -> None:
    low = max(low, 20.0) if scale == "log" else low
    ticks = hertz_ticks(low, low + width, scale, most)
    assert 2 <= len(ticks) <= max(most + 1, 4)
    assert all(low - 1e-6 <= tick <= low + width + 1e-6 for tick in ticks)
    assert ticks == sorted(ticks)


def test_frequencies_and_notes_read_as_people_write_them() -> None:
    assert [hertz(value) for value in (0, 62.5, 440, 1000, 2500, 16000)] == ["0", "63", "440", "1k", "2.5k", "16k"]
    assert hertz_ticks(30, 11000, "log", 9) == [31.25, 62.5, 125, 250, 500, 1000, 2000, 4000, 8000]
    names = note_ticks(32.7, 3951)
    assert [name for _, name in names] == ["C1", "C2", "C3", "C4", "C5", "C6", "C7"]
    assert {name: place for place, name in names}["C4"] == pytest.approx(261.63, abs=0.01)


def test_limits_suit_what_is_shown(beep: np.ndarray) -> None:
    assert value_limits([Mel().compute(beep, SR)]) == (-80, 0)
    low, high = value_limits([Waveform().compute(beep, SR)])
    assert low == -high == -np.abs(beep).max()
    assert value_limits([Spectrum().compute(beep, SR)])[0] >= 0
    coefficients = MFCC().compute(beep, SR)
    low, high = value_limits([coefficients])
    assert coefficients.values[0].min() < low < high < coefficients.values[1:].max() + 1e-6
    assert value_limits([Mel().compute(beep * 0, SR)]) == (0, 80)
    quiet, loud = Mel(scale="power").compute(beep, SR), Mel(scale="power").compute(2 * beep, SR)
    assert value_limits([quiet, loud])[1] == loud.values.max()
