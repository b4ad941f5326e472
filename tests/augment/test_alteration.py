"""What if: each change does what it says, and none of them anything else."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.audio.noise import COLOURS, coloured
from audioclf.augment.alteration import Alteration
from audioclf.augment.pitch import pitch_shifted, stretched
from audioclf.core.errors import ParameterError

SR = 16000


def tones(*frequencies: float, seconds: float = 1.0) -> np.ndarray:
    t = np.arange(round(seconds * SR)) / SR
    return np.sum([0.2 * np.sin(2 * np.pi * f * t) for f in frequencies], axis=0).astype(np.float32)


def level(y: np.ndarray, frequency: float) -> float:
    """Of one frequency, in dB of the strongest possible."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return float(20 * np.log10(spectrum[round(frequency * len(y) / SR)] + 1e-9))


def test_at_its_defaults_nothing_changes() -> None:
    y = tones(440, 880)
    np.testing.assert_array_equal(Alteration()(y, SR), y)


def test_pitch_and_speed_are_those_of_the_augmentations() -> None:
    y = tones(440)
    np.testing.assert_array_equal(Alteration(semitones=3.0)(y, SR), pitch_shifted(y, 3.0, SR))
    np.testing.assert_array_equal(Alteration(rate=2.0)(y, SR), stretched(y, 2.0, SR))


def test_filters_take_away_what_they_say_and_leave_the_rest() -> None:
    y = tones(200, 1000, 4000)
    cases = {200: Alteration(low_stop=500.0), 4000: Alteration(high_stop=2000.0)}
    cases[1000] = Alteration(band_from=700.0, band_to=1500.0)
    for gone, alteration in cases.items():
        changed = alteration(y, SR)
        for frequency in (200, 1000, 4000):
            fall = level(y, frequency) - level(changed, frequency)
            assert fall > 60 if frequency == gone else abs(fall) < 0.1, (alteration, frequency)


@pytest.mark.parametrize("colour", list(COLOURS))
def test_noise_has_its_ratio_and_colour(colour: str) -> None:
    y = tones(440, seconds=2.0)
    noise = Alteration(snr=10.0, noise=colour)(y, SR) - y
    assert 10 * np.log10(np.square(y).mean() / np.square(noise).mean()) == pytest.approx(10, abs=0.1)
    power = np.square(np.abs(np.fft.rfft(coloured(1 << 18, np.random.default_rng(1), colour))))
    low, high = (power[round(f * 2**18 / SR) : round(2 * f * 2**18 / SR)].mean() for f in (500, 2000))
    assert 10 * np.log10(low / high) == pytest.approx(2 * 3.01 * COLOURS[colour], abs=0.5)


def test_noise_lies_under_the_changed_sound() -> None:
    y = tones(440)
    changed = Alteration(snr=0.0, gain=-20.0)(y, SR)
    assert np.square(changed).mean() == pytest.approx(2 * np.square(y).mean() / 100, rel=0.05)


def test_reverberation_keeps_level_and_length_and_fills_the_silence() -> None:
    y = np.concatenate([tones(440, seconds=0.3), np.zeros(SR // 2, np.float32)])
    changed = Alteration(reverb=1.0)(y, SR)
    assert len(changed) == len(y)
    assert np.square(changed).mean() == pytest.approx(np.square(y).mean(), rel=1e-3)
    tail = [np.square(changed[round(at * SR) : round((at + 0.1) * SR)]).mean() for at in (0.35, 0.65)]
    assert 10 * np.log10(tail[0] / tail[1]) == pytest.approx(18, abs=4), "60 dB in a second"


def test_a_part_is_cut_out_and_silence_stays_silence() -> None:
    y = tones(440)
    np.testing.assert_array_equal(Alteration(start=0.25, end=0.5)(y, SR), y[SR // 4 : SR // 2])
    silent = Alteration(snr=0.0, reverb=1.0, semitones=2.0, low_stop=100.0)(np.zeros(SR, np.float32), SR)
    assert not silent.any()


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"start": 1.0, "end": 0.5}, "end"),
        ({"low_stop": 500.0, "high_stop": 400.0}, "high_stop"),
        ({"band_from": 500.0, "band_to": 400.0}, "band_to"),
        ({"noise": "purple"}, "noise"),
        ({"rate": 0.0}, "rate"),
    ],
)
def test_what_leaves_nothing_is_refused(values: dict[str, object], field: str) -> None:
    with pytest.raises(ParameterError) as refused:
        Alteration.from_dict(values)
    assert refused.value.field == field


def test_a_part_behind_the_end_is_refused() -> None:
    with pytest.raises(ParameterError, match="begin"):
        Alteration(start=2.0)(tones(440), SR)
