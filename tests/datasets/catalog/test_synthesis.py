"""The SoundFont player: right pitch, right loudness, right envelope, for every program."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from audioclf.core.errors import DatasetError
from audioclf.datasets.catalog import soundfont as sf
from audioclf.datasets.catalog.instruments import soundfont
from audioclf.datasets.catalog.soundfont import SoundFont
from audioclf.datasets.catalog.synthesis import note

SR = 44100


@pytest.fixture(scope="module")
def font() -> SoundFont:
    return SoundFont(soundfont())


def _fundamental(y: npt.NDArray[np.float32], near: float) -> float:
    """Frequency in Hz, within a semitone and a half of ``near``, whose first six harmonics are strongest together."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)), 4 * len(y)))
    candidates = near * 2 ** (np.arange(-150, 151) / 1200)
    bins = np.outer(candidates, np.arange(1, 7)) * 4 * len(y) / SR
    strength = np.log(1e-6 + spectrum[np.rint(bins).astype(int)]).sum(axis=1)
    return float(candidates[strength.argmax()])


@pytest.mark.parametrize("program", [0, 6, 16, 24, 40, 56, 60, 70, 71, 73, 80, 105])
@pytest.mark.parametrize("key", [48, 60, 72])
def test_notes_sound_at_their_pitch(font: SoundFont, program: int, key: int) -> None:
    expected = 440 * 2 ** ((key - 69) / 12)
    y = note(font, program, key, seconds=1.0, held=1.0)[SR // 8 :]
    cents = 1200 * np.log2(_fundamental(y, expected) / expected)
    assert abs(cents) < 25


@pytest.mark.parametrize("program", range(0, 128, 3))
def test_every_program_sounds_over_the_whole_range(font: SoundFont, program: int) -> None:
    for key in (36, 85):
        y = note(font, program, key, seconds=0.5)
        assert y.shape == (SR // 2,)
        assert y.dtype == np.float32
        assert np.isfinite(y).all()
        assert 1e-3 < np.abs(y).max() <= 1.0


@pytest.mark.parametrize("key", range(35, 82))
def test_every_percussion_key_sounds(font: SoundFont, key: int) -> None:
    y = note(font, 0, key, seconds=0.5, percussion=True)
    assert np.isfinite(y).all()
    assert 1e-3 < np.abs(y).max() <= 1.0


def test_harder_is_louder_and_brighter(font: SoundFont) -> None:
    soft, loud = (note(font, 0, 60, velocity=velocity).astype(float) for velocity in (40, 120))
    assert np.abs(loud).max() > 3 * np.abs(soft).max()

    def centroid(y: npt.NDArray[np.float64]) -> float:
        power = np.abs(np.fft.rfft(y)) ** 2
        return float((power * np.fft.rfftfreq(len(y), 1 / SR)).sum() / power.sum())

    assert centroid(loud) > 1.1 * centroid(soft)


def test_a_released_note_dies_away(font: SoundFont) -> None:
    y = np.abs(note(font, 16, 60, seconds=2.0, held=1.0))
    held, after = y[SR // 2 : SR].max(), y[-SR // 4 :].max()
    assert held > 0.05
    assert after < 0.01 * held


def test_a_sample_without_a_loop_ends_in_silence(font: SoundFont) -> None:
    y = np.abs(note(font, 123, 48, seconds=2.0, held=2.0))
    assert 0.05 < y[: SR // 2].max() < 0.9
    assert y[-SR // 4 :].max() == 0


def test_a_slow_attack_of_the_filter_opens_it_early(font: SoundFont) -> None:
    assert np.abs(note(font, 119, 60)).max() > 0.02


def test_the_same_note_is_the_same_samples(font: SoundFont) -> None:
    np.testing.assert_array_equal(note(font, 60, 64), note(SoundFont(soundfont()), 60, 64))


def test_root_key_of_the_zone_wins_over_that_of_the_sample(font: SoundFont) -> None:
    (voice,) = font.voices(0, 60, 100)
    assert voice.sample.root == 60
    assert voice.amount(sf.ROOT_KEY) == 80


def test_defaults_stand_where_nothing_is_set(font: SoundFont) -> None:
    (voice,) = font.voices(10, 60, 100)
    assert voice.amount(sf.FILTER_CUTOFF) == 13500
    assert voice.amount(sf.SCALE_TUNING) == 100


@pytest.mark.parametrize("data", [b"", b"RIFF\4\0\0\0sfbk", b"hello" * 100, b"RIFF\0\0\0\0WAVE" + bytes(40)])
def test_what_is_no_soundfont_is_refused(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "font.sf2"
    path.write_bytes(data)
    with pytest.raises(DatasetError, match="SoundFont"):
        SoundFont(path)
    with pytest.raises(DatasetError):
        SoundFont(tmp_path / "nowhere.sf2")
