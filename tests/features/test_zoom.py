"""A stretch is the same feature, only closer."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.features import CQT, MFCC, STFT, Feature, Mel, Spectrum, Waveform
from audioclf.features.zoom import MOST_FRAMES, closer, loudest, outline, overview, zoomed
from audioclf.plots.screen import envelope

SR = 22050


@pytest.fixture(scope="module")
def y() -> np.ndarray:
    """Four seconds of noise that swells, with a tone."""
    t = np.arange(4 * SR) / SR
    noise = np.random.default_rng(0).standard_normal(t.size)
    return (0.02 * t * noise + 0.2 * np.sin(2 * np.pi * 440 * t)).astype(np.float32)


@pytest.mark.parametrize(
    "feature",
    [STFT(), Mel(), Mel(scale="power"), Mel(ref="one", top_db=40), MFCC(), CQT(), STFT(center=False)],
    ids=lambda f: f.kind,
)
def test_a_stretch_has_the_values_of_the_whole(feature: Feature, y: np.ndarray) -> None:
    """Also where it is so quiet that what is cut off of it alone would be another."""
    feature, y = feature.replace(hop_length=32), y.copy()
    y[: 2 * SR] *= 1e-4
    whole = feature.compute(y, SR)
    part = zoomed(feature, y, SR, 0.5, 1.5)
    chosen = np.isin(whole.axes[-1].values.round(6), part.axes[-1].values.round(6))
    assert chosen.sum() == len(part.axes[-1].values) > 600
    full_scale = whole.values.max() - whole.values.min()
    assert np.abs(part.values - whole.values[:, chosen]).max() < 1e-3 * full_scale


@pytest.mark.parametrize("feature", [STFT(), Mel(), MFCC(), CQT()], ids=lambda f: f.kind)
def test_closer_has_a_column_for_every_pixel_and_the_same_time_axis(feature: Feature, y: np.ndarray) -> None:
    part = zoomed(feature, y, SR, 1.5, 2.0)
    times = part.axes[-1].values
    assert len(times) >= 600
    assert closer(feature, 0.5, SR).hop_length == round((times[1] - times[0]) * SR)
    whole = zoomed(feature, y, SR, 1.5, 2.0, peak=loudest(feature, y, SR))
    np.testing.assert_array_equal(part.values, whole.values)
    assert times[0] == pytest.approx(1.5, abs=0.01)
    assert times[-1] == pytest.approx(2.0, abs=0.01)


def test_the_stretch_of_a_waveform_is_its_samples(y: np.ndarray) -> None:
    part = zoomed(Waveform(), y, SR, 1.0, 1.5)
    np.testing.assert_array_equal(part.values, y[SR : SR + SR // 2 + len(part.values) - SR // 2])
    assert part.axes[-1].values[0] == pytest.approx(1.0)


@pytest.mark.parametrize("feature", [Spectrum(scale="db"), MFCC(summary="mean")], ids=lambda f: f.kind)
def test_a_feature_without_a_time_axis_is_that_of_the_stretch_alone(feature: Feature, y: np.ndarray) -> None:
    part, alone = zoomed(feature, y, SR, 1.0, 1.5), feature.compute(y[SR : SR + SR // 2], SR)
    np.testing.assert_array_equal(part.values, alone.values)
    np.testing.assert_array_equal(part.axes[0].values, alone.axes[0].values)


def test_a_stretch_outside_is_refused(y: np.ndarray) -> None:
    with pytest.raises(ParameterError, match="within the sound"):
        zoomed(STFT(), y, SR, 5.0, 6.0)


def test_a_long_sound_is_drawn_with_some_of_its_frames() -> None:
    feature = Mel()
    assert overview(feature, 60 * SR) is feature
    sparse = overview(feature, 1800 * SR)
    assert sparse.hop_length % feature.hop_length == 0
    assert 1200 <= 1800 * SR // sparse.hop_length <= 2400
    assert 1800 * SR // feature.hop_length > MOST_FRAMES


def test_the_outline_covers_the_pixels_of_the_waveform() -> None:
    y = np.random.default_rng(0).standard_normal(1_000_003).astype(np.float32)
    y[777_777] = 9.0
    shown = outline(y, SR)
    assert len(shown.values) <= 200_000
    assert shown.values.max() == 9.0
    _, lows, highs = envelope(shown.axes[0].values, shown.values, 800)
    _, true_lows, true_highs = envelope(np.arange(y.size) / SR, y, 800)
    assert np.median(np.abs(lows - true_lows)) < 0.05
    assert np.median(np.abs(highs - true_highs)) < 0.05
