"""Sound from a mask, on two tones that differ to the ear and in the FFT."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.core.errors import ParameterError
from audioclf.explain import masked_sound

SR = 16000
LOW, HIGH = 440.0, 3000.0


def tone(frequency: float, seconds: float = 1.0) -> Any:
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * SR)) / SR)).astype(np.float32)


def level(y: Any, frequency: float) -> float:
    """Amplitude of a tone in the middle of the samples."""
    middle = y[len(y) // 8 : -len(y) // 8]
    t = np.arange(len(middle)) / SR
    return float(2 * abs(np.mean(middle * np.hanning(len(middle)) * 2 * np.exp(-2j * np.pi * frequency * t))))


def axes(rows: int = 64, frames: int = 40, seconds: float = 1.0) -> tuple[Any, Any]:
    return np.linspace(0, SR / 2, rows), np.linspace(0, seconds, frames)


@pytest.mark.parametrize("n", [1, 100, 2048, 5000, 16000])
def test_a_map_of_ones_gives_the_samples_back(n: int) -> None:
    y = np.random.default_rng(0).normal(size=n).astype(np.float32)
    frequencies, times = axes()
    heard = masked_sound(y, SR, np.ones((64, 40)), times=times, frequencies=frequencies)
    assert heard.dtype == np.float32
    np.testing.assert_allclose(heard, y, atol=1e-5)


def test_a_band_keeps_its_tone_and_silences_the_other() -> None:
    y = tone(LOW) + tone(HIGH)
    frequencies, times = axes()
    heat = np.repeat((frequencies < 1500)[:, None], len(times), axis=1)
    heard = masked_sound(y, SR, heat, times=times, frequencies=frequencies)
    assert level(heard, LOW) == pytest.approx(0.3, rel=0.02)
    assert level(heard, HIGH) < 0.003
    rest = masked_sound(y, SR, heat, times=times, frequencies=frequencies, invert=True)
    assert level(rest, HIGH) == pytest.approx(0.3, rel=0.02)
    assert level(rest, LOW) < 0.003
    np.testing.assert_allclose(heard + rest, y, atol=1e-4)


def test_a_stretch_of_time_keeps_its_tone_and_silences_the_other() -> None:
    y = np.concatenate([tone(LOW), tone(HIGH)])
    frequencies, times = axes(seconds=2.0)
    heat = np.repeat((times > 1.0)[None], len(frequencies), axis=0)
    for rows in (frequencies, None):
        heard = masked_sound(y, SR, heat, times=times, frequencies=rows)
        assert np.abs(heard[: round(0.8 * SR)]).max() < 0.003
        assert level(heard[round(1.2 * SR) :], HIGH) == pytest.approx(0.3, rel=0.02)


def test_rows_that_are_notes_are_laid_on_their_frequencies() -> None:
    notes = 32.7 * 2 ** (np.arange(84) / 12)
    heat = np.zeros((84, 20))
    heat[np.abs(notes / LOW - 1) < 0.15] = 1
    heard = masked_sound(tone(LOW) + tone(HIGH), SR, heat, times=np.linspace(0, 1, 20), frequencies=notes)
    assert level(heard, LOW) > 0.2
    assert level(heard, HIGH) < 0.003


def test_the_floor_remains() -> None:
    heard = masked_sound(tone(LOW), SR, np.zeros((8, 4)), times=np.linspace(0, 1, 4), floor=0.1)
    assert level(heard, LOW) == pytest.approx(0.03, rel=0.02)


@pytest.mark.parametrize(
    ("heat", "times", "frequencies"),
    [
        (np.ones(4), np.arange(4), None),
        (np.ones((3, 4)), np.arange(5), None),
        (np.ones((3, 4)), np.arange(4), np.arange(4)),
    ],
)
def test_axes_that_do_not_fit_are_refused(heat: Any, times: Any, frequencies: Any) -> None:
    with pytest.raises(ParameterError, match="one time for each frame"):
        masked_sound(tone(LOW), SR, heat, times=times, frequencies=frequencies)
