"""Maps in words."""

from __future__ import annotations

import numpy as np
import pytest

from audioclf.explain import describe
from audioclf.features import MFCC, Mel, Spectrum, Waveform

SR = 22050


@pytest.fixture(scope="module")
def noise() -> np.ndarray:
    return 0.1 * np.random.default_rng(0).standard_normal(SR).astype(np.float32)


def marked(shown, low: float, high: float, start: float, end: float) -> np.ndarray:
    rows, times = (axis.values for axis in shown.axes)
    return np.outer((rows >= low) & (rows <= high), (times >= start) & (times <= end)).astype(np.float32)


@pytest.mark.parametrize(
    ("place", "sentence"),
    [
        ((1000, 2000, 0.5, 2), "Mostly 1 to 2 kHz, after 0.5 s."),
        ((0, 520, 0.3, 0.6), "Mostly below 520 Hz, between 0.3 s and 0.6 s."),
        ((4000, 20000, 0, 0.26), "Mostly above 4 kHz, before 0.26 s."),
        ((0, 20000, 0.4, 0.6), "Mostly between 0.4 s and 0.6 s."),
        ((1000, 2000, 0, 2), "Mostly 1 to 2 kHz."),
        ((0, 20000, 0, 2), "Everywhere: the evidence has no place of its own in this sound."),
    ],
)
def test_a_place_is_named_by_frequency_and_time(noise: np.ndarray, place: tuple, sentence: str) -> None:
    """To the width of a row and a frame: words are the same, numbers within 4 %."""
    shown = Mel(n_mels=160, n_fft=4096, hop_length=256).compute(noise, SR)
    found = describe(marked(shown, *place), shown, noise, SR)
    assert found.kind == ("everywhere" if sentence.startswith("Everywhere") else "place")
    words, expected = (text.replace("990 Hz to", "0.99 to").rstrip(".").split() for text in (found.sentence, sentence))
    assert len(words) == len(expected), found.sentence
    for word, other in zip(words, expected, strict=True):
        if other[0].isdigit():
            assert float(word) == pytest.approx(float(other), rel=0.04, abs=0.02), found.sentence
        else:
            assert word == other, found.sentence


@pytest.mark.parametrize(
    ("sounding", "evidence", "sentence"),
    [
        ((0.6, 1.0), (0.0, 0.5), "the silence before the sound"),
        ((0.0, 0.4), (0.5, 1.0), "the silence after the sound"),
        ((0.4, 0.6), (0.0, 1.0), "the silence around the sound"),
    ],
)
def test_silence_is_a_warning(noise: np.ndarray, sounding: tuple, evidence: tuple, sentence: str) -> None:
    y = noise.copy()
    t = np.arange(SR) / SR
    y[(t < sounding[0]) | (t >= sounding[1])] = 0
    shown = Mel(n_mels=64).compute(y, SR)
    found = describe(marked(shown, 0, 20000, *evidence), shown, y, SR)
    assert sentence in found.sentence
    assert found.warns
    sound = describe(marked(shown, 0, 20000, *sounding), shown, y, SR)
    assert not sound.warns


def test_silence_alone_an_empty_map_and_maps_without_an_axis(noise: np.ndarray) -> None:
    nothing = np.zeros_like(noise)
    shown = Mel(n_mels=64).compute(nothing, SR)
    assert "no sound" in describe(np.ones_like(shown.values), shown, nothing, SR).sentence
    assert describe(np.zeros_like(shown.values), shown, noise, SR).kind == "nothing"
    coefficients = MFCC().compute(noise, SR)
    heat = np.zeros_like(coefficients.values)
    heat[3] = 1
    assert describe(heat, coefficients, noise, SR).kind == "everywhere"
    heat[:] = 0
    heat[:, -8:] = 1
    assert describe(heat, coefficients, noise, SR).sentence.startswith("Mostly after 0.")
    wave = Waveform().compute(noise, SR)
    curve = np.zeros_like(wave.values)
    curve[: len(curve) // 4] = 1
    assert describe(curve, wave, noise, SR).sentence == "Mostly before 0.25 s."
    spectrum = Spectrum().compute(noise, SR)
    peak = np.zeros_like(spectrum.values)
    peak[np.abs(spectrum.axes[0].values - 4400).argmin()] = 1
    assert describe(peak, spectrum, noise, SR).sentence == "Mostly around 4.4 kHz."
