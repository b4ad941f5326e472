"""Augmentations of samples: what each one promises, against closed forms and librosa."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audioclf.augment import AUGMENTATIONS, SampleAugmentation
from audioclf.augment.pitch import pitch_shifted, stretched
from audioclf.core.errors import ParameterError

KINDS = [kind for kind, augmentation in AUGMENTATIONS.items() if augmentation.stage == "samples"]
RANGES = [
    ("gaussian-noise", "min_snr", "max_snr"),
    ("gain", "min_gain", "max_gain"),
    ("pitch-shift", "min_semitones", "max_semitones"),
    ("time-stretch", "min_rate", "max_rate"),
]
SR = 8000

Array = npt.NDArray[np.float32]


def make(kind: str, **params: Any) -> SampleAugmentation:
    return AUGMENTATIONS[kind].from_dict(params)  # type: ignore[return-value]


def tone(frequency: float, seconds: float = 1.0, sr: int = SR) -> Array:
    return np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr).astype(np.float32)


def apply(kind: str, y: Array, seed: int = 0, n_samples: int | None = None, **params: Any) -> Array:
    return make(kind, **params).apply_samples(y, SR, np.random.default_rng(seed), n_samples)


def peak(y: Array, sr: int = SR) -> float:
    spectrum = np.abs(np.fft.rfft(y * np.hanning(y.size)))
    return float(spectrum.argmax() * sr / y.size)


def test_the_promised_ones_are_there() -> None:
    assert set(KINDS) >= {"gaussian-noise", "pitch-shift", "time-stretch", "shift", "gain", "random-pad"}


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("n", [1, 2, 17, 3000])
def test_finite_samples_and_the_given_ones_stay(kind: str, n: int) -> None:
    y = np.random.default_rng(0).normal(size=n).astype(np.float32)
    before = y.copy()
    changed = apply(kind, y, n_samples=4000)
    assert changed.dtype == np.float32
    assert changed.ndim == 1
    assert changed.size >= 1
    assert np.isfinite(changed).all()
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize("kind", KINDS)
def test_silence_stays_silence(kind: str) -> None:
    assert not apply(kind, np.zeros(3000, np.float32), n_samples=4000).any()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("y", [np.array([0.1, np.nan]), np.array([np.inf]), np.zeros(0), np.zeros((2, 3))])
def test_what_is_no_sound_is_a_sentence(kind: str, y: Any) -> None:
    with pytest.raises(ParameterError, match=AUGMENTATIONS[kind].title):
        apply(kind, y)


@pytest.mark.parametrize("kind", KINDS)
def test_the_generator_alone_decides(kind: str) -> None:
    y = tone(300)
    first, again, other = (apply(kind, y, seed, n_samples=9000) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize("kind", KINDS)
def test_probability_is_the_share_of_changed_clips(kind: str) -> None:
    y = tone(300, 0.1)
    changed = [not np.array_equal(apply(kind, y, seed, n_samples=900, probability=0.5), y) for seed in range(60)]
    assert 15 < sum(changed) < 45
    np.testing.assert_array_equal(apply(kind, y, n_samples=900, probability=0.0), y)


@pytest.mark.parametrize("kind", KINDS)
def test_a_sentence_for_learners(kind: str) -> None:
    assert AUGMENTATIONS[kind].title
    assert len(AUGMENTATIONS[kind].explanation) > 40


@pytest.mark.parametrize(("kind", "low", "high"), RANGES)
def test_a_range_has_its_ends_in_order(kind: str, low: str, high: str) -> None:
    with pytest.raises(ParameterError, match=f"{high} must be at least 2") as caught:
        make(kind, **{low: 2.0, high: 1.0})
    assert caught.value.field == high
    assert {low, high} < {item.name for item in fields(AUGMENTATIONS[kind])}


@given(snr=st.floats(-20, 60), level=st.floats(1e-3, 10))
@settings(max_examples=25, deadline=None)
def test_noise_stands_at_its_ratio(snr: float, level: float) -> None:
    y = np.float32(level) * tone(440)
    noise = apply("gaussian-noise", y, min_snr=snr, max_snr=snr).astype(float) - y
    assert 10 * np.log10(np.mean(y.astype(float) ** 2) / np.mean(noise**2)) == pytest.approx(snr, abs=0.4)


def test_the_ratio_is_drawn_from_the_range() -> None:
    y = tone(440)
    power = np.mean(y.astype(float) ** 2)
    found = [
        10 * np.log10(power / np.mean((apply("gaussian-noise", y, seed, min_snr=5, max_snr=25) - y) ** 2))
        for seed in range(40)
    ]
    assert min(found) > 4.5
    assert max(found) < 25.5
    assert np.ptp(found) > 12


@given(gain=st.floats(-60, 40))
@settings(max_examples=25, deadline=None)
def test_gain_is_exact(gain: float) -> None:
    y = tone(440, 0.1)
    np.testing.assert_allclose(apply("gain", y, min_gain=gain, max_gain=gain), y * 10 ** (gain / 20), rtol=1e-5)


@given(n=st.integers(1, 400), share=st.floats(0.01, 1), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_shift_moves_and_lets_silence_in(n: int, share: float, seed: int) -> None:
    y = np.arange(1, n + 1, dtype=np.float32)
    moved = apply("shift", y, seed, max_shift=share)
    assert moved.size == n
    heard = np.flatnonzero(moved)
    if heard.size:
        shift = int(heard[0]) + 1 - int(moved[heard[0]])
        assert abs(shift) <= share * n + 0.5
        expected = np.zeros(n, np.float32)
        expected[max(shift, 0) : n + min(shift, 0)] = y[max(-shift, 0) : n - max(shift, 0)]
        np.testing.assert_array_equal(moved, expected)


@given(n=st.integers(1, 60), n_samples=st.integers(1, 60), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_random_pad_keeps_the_clip_whole_somewhere(n: int, n_samples: int, seed: int) -> None:
    y = np.arange(1, n + 1, dtype=np.float32)
    padded = apply("random-pad", y, seed, n_samples=n_samples)
    assert padded.size == n_samples
    if n <= n_samples:
        np.testing.assert_array_equal(padded[padded > 0], y)
    else:
        np.testing.assert_array_equal(padded, np.arange(padded[0], padded[0] + n_samples))


def test_random_pad_uses_every_place() -> None:
    places = {int(np.flatnonzero(apply("random-pad", np.ones(3), seed, n_samples=8))[0]) for seed in range(80)}
    assert places == set(range(6))


@pytest.mark.parametrize(("semitones", "frequency"), [(12, 880), (-12, 220), (7, 440 * 2 ** (7 / 12)), (0, 440)])
@pytest.mark.parametrize("sr", [8000, 22050])
def test_pitch_shift_moves_a_tone_and_keeps_its_length(semitones: float, frequency: float, sr: int) -> None:
    y = tone(440, 1.0, sr)
    moved = make("pitch-shift", min_semitones=semitones, max_semitones=semitones).apply_samples(
        y, sr, np.random.default_rng(0)
    )
    assert moved.size == y.size
    assert peak(moved, sr) == pytest.approx(frequency, abs=1.5)
    assert moved[sr // 4 : sr // 2].std() == pytest.approx(y.std(), rel=0.15)


@given(rate=st.floats(0.25, 4), n=st.integers(1, 6000))
@settings(max_examples=25, deadline=None)
def test_stretch_changes_the_length_by_its_rate(rate: float, n: int) -> None:
    assert stretched(tone(440)[:n], rate, SR).size == max(round(n / rate), 1)


@pytest.mark.parametrize("rate", [0.5, 0.8, 1.25, 2.0])
def test_stretch_keeps_the_pitch(rate: float) -> None:
    slow = apply("time-stretch", tone(440), min_rate=rate, max_rate=rate)
    assert slow.size == round(SR / rate)
    assert peak(slow) == pytest.approx(440, abs=1.5)


@pytest.mark.parametrize("rate", [0.5, 0.77, 1.3])
def test_stretch_agrees_with_librosa(rate: float) -> None:
    import librosa

    times = np.arange(22050) / 22050
    y = (np.sin(2 * np.pi * 300 * times * (1 + times)) * np.exp(-2 * times)).astype(np.float32)
    expected = librosa.effects.time_stretch(y, rate=rate)
    np.testing.assert_allclose(stretched(y, rate, 22050), expected, atol=0.02 * np.abs(expected).max())


def test_no_shift_and_no_stretch_leave_the_samples() -> None:
    y = tone(440)
    assert pitch_shifted(y, 0.0, SR) is y
    assert stretched(y, 1.0, SR) is y
