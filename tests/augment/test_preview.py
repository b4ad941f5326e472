"""Previews: what is seen is what the network gets, what is heard belongs to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import AudioSettings, fix_length
from audioclf.augment import AUGMENTATIONS
from audioclf.augment.preview import preview
from audioclf.core.errors import ParameterError
from audioclf.features import MFCC, Mel, Waveform

SR = 16000
AUDIO = AudioSettings(sr=SR, duration=0.5)
MEL = Mel(n_mels=40)


def tone(frequency: float, seconds: float = 0.4) -> Any:
    return (0.3 * np.sin(2 * np.pi * frequency * np.arange(round(seconds * SR)) / SR)).astype(np.float32)


def show(kind: str, y: Any, feature: Any = MEL, seed: int = 0, **params: Any) -> Any:
    other = params.pop("other", None)
    return preview(
        AUGMENTATIONS[kind].from_dict(params), y, SR, feature, AUDIO, np.random.default_rng(seed), other=other
    )


def level(y: Any) -> float:
    return float(20 * np.log10(np.sqrt(np.mean(np.square(y)))))


@pytest.mark.parametrize("kind", sorted(AUGMENTATIONS))
@pytest.mark.parametrize("feature", [MEL, MFCC(n_mfcc=13)], ids=lambda feature: feature.kind)
def test_every_augmentation_can_be_previewed(kind: str, feature: Any) -> None:
    y = tone(440)
    before = y.copy()
    heard, seen = show(kind, y, feature, other=tone(900))
    assert seen.values.shape == feature.shape(SR // 2, SR)
    assert np.isfinite(seen.values).all()
    if heard is not None:
        assert heard.shape == (SR // 2,)
        assert heard.dtype == np.float32
        assert np.isfinite(heard).all()
    np.testing.assert_array_equal(y, before)
    again = show(kind, y, feature, other=tone(900))
    np.testing.assert_array_equal(seen.values, again[1].values)


@pytest.mark.parametrize("kind", [kind for kind, item in AUGMENTATIONS.items() if item.stage == "samples"])
def test_of_changed_samples_the_map_is_that_of_the_sound(kind: str) -> None:
    heard, seen = show(kind, tone(440))
    np.testing.assert_array_equal(seen.values, MEL.compute(heard, SR).values)


def test_level_is_heard_as_a_gain() -> None:
    y = np.random.default_rng(0).normal(0, 0.1, SR // 2).astype(np.float32)
    heard, seen = show("level", y, scale=0.5)
    expected = float((seen.values - MEL.compute(y, SR).values).mean())
    assert abs(expected) > 0.1
    assert level(heard) - level(y) == pytest.approx(expected, abs=0.3)


def test_masked_bands_are_silent() -> None:
    y = np.random.default_rng(0).normal(0, 0.1, SR // 2).astype(np.float32)
    settings = {"n_freq_masks": 0, "n_time_masks": 1, "time_share": 0.9}
    heard, seen = show("mask", y, seed=1, **settings)
    changed = (seen.values != MEL.compute(y, SR).values).all(axis=0)
    assert 0.2 < changed.mean() < 0.9
    times = seen.axes[1].values[changed]
    inside = heard[round((times[0] + 0.05) * SR) : round((times[-1] - 0.05) * SR)]
    assert np.sqrt(np.mean(inside**2)) < 0.01 * y.std()


def test_roll_rolls_the_samples_as_it_rolls_the_map() -> None:
    y = np.zeros(SR // 2, np.float32)
    y[1000:1200] = 0.5
    heard, _ = show("roll", y, seed=2)
    start = int(np.flatnonzero(heard)[0])
    assert start != 1000
    np.testing.assert_array_equal(heard, np.roll(y, start - 1000))
    shift = np.random.default_rng(2).uniform(-0.5, 0.5) * y.size
    assert (start - 1000 - shift) % y.size == pytest.approx(0, abs=0.6) or (start - 1000 - shift) % y.size > y.size - 1


def test_mixup_mixes_two_sounds_in_the_shares_of_the_maps() -> None:
    low, high = (fix_length(tone(frequency), SR // 2) for frequency in (300, 3000))
    heard, seen = show("mixup", low, seed=3, alpha=1.0, other=high)
    share = float(np.dot(heard, low) / np.dot(low, low))
    assert 0.5 <= share < 0.999
    np.testing.assert_allclose(heard, share * low + (1 - share) * high, atol=1e-3)
    maps = [MEL.compute(y, SR).values for y in (low, high)]
    np.testing.assert_allclose(seen.values, share * maps[0] + (1 - share) * maps[1], atol=0.1)


def test_without_a_second_clip_mixup_leaves_the_first() -> None:
    y = fix_length(tone(440), SR // 2)
    heard, seen = show("mixup", y)
    np.testing.assert_allclose(heard, y, atol=1e-6)
    np.testing.assert_allclose(seen.values, MEL.compute(y, SR).values, atol=1e-3)


def test_a_moved_picture_has_no_sound() -> None:
    assert show("height-shift", tone(440))[0] is None
    assert show("mask", tone(440), MFCC())[0] is None


def test_what_needs_a_picture_says_so() -> None:
    with pytest.raises(ParameterError, match="pictures"):
        show("mask", tone(440), Waveform())
