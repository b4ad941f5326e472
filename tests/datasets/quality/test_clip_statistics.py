"""Measurements of clips: against closed forms, whatever the length, channels and stretch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import AudioError, Stopped
from audioclf.datasets.base import Clip
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.quality.clip_statistics import FLOOR, SignalFacts, measure, measure_all

SR = 8000


def clip_of(path: Path, index: FileIndex, **stretch: Any) -> Clip:
    (info,) = index.lookup([path])
    assert isinstance(info, AudioInfo), info
    return Clip(path, "a", info, **stretch)


@pytest.fixture
def index(tmp_path: Path) -> FileIndex:
    return FileIndex(tmp_path / "index.sqlite")


def facts(tmp_path: Path, index: FileIndex, y: npt.ArrayLike, sr: int = SR, **stretch: Any) -> SignalFacts:
    path = tmp_path / "sound.wav"
    sf.write(path, np.asarray(y), sr, subtype="FLOAT")
    return measure(clip_of(path, index, **stretch))


def sine(seconds: float = 1.0, frequency: float = 503.0, level: float = 0.5, sr: int = SR) -> npt.NDArray[np.float64]:
    return level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr)


def test_level_peak_and_offset_of_a_sine(tmp_path: Path, index: FileIndex) -> None:
    found = facts(tmp_path, index, sine(level=0.5) + 0.1)
    assert found.seconds == 1
    assert found.peak == pytest.approx(0.6, abs=1e-4)
    assert found.dc == pytest.approx(0.1, abs=1e-6)
    assert found.level == pytest.approx(10 * np.log10(0.125 + 0.01), abs=1e-3)
    assert found.clipped == found.silence == 0


@pytest.mark.parametrize("samples", [1, 2, 159, 160, 161, 8000])
def test_digital_silence_of_any_length(tmp_path: Path, index: FileIndex, samples: int) -> None:
    found = facts(tmp_path, index, np.zeros(samples))
    assert (found.level, found.peak, found.dc, found.bandwidth) == (FLOOR, 0, 0, 0)
    assert (found.silence, found.zeros, found.clipped) == (1, 1, 0)
    assert found.fingerprint.bits.shape == (0, 1, 3)


def test_shares_of_silence_and_zeros(tmp_path: Path, index: FileIndex) -> None:
    y = np.concatenate([sine(0.6), np.zeros(SR // 5), np.full(SR // 5, 5e-4)])
    found = facts(tmp_path, index, y)
    assert found.silence == pytest.approx(0.4)
    assert found.zeros == pytest.approx(0.2, abs=0.02)


def test_clipping_is_three_in_a_row_at_full_scale(tmp_path: Path, index: FileIndex) -> None:
    y = sine(level=0.3)
    y[100:102] = 1.0
    assert facts(tmp_path, index, y).clipped == 0
    y[200:203] = -1.0
    y[-10:] = 1.2
    assert facts(tmp_path, index, y).clipped == pytest.approx(13 / SR)
    hot = np.clip(3 * sine(frequency=97, level=1.0), -1, 1)
    assert facts(tmp_path, index, hot).clipped == pytest.approx(1 - 2 / np.pi * np.arcsin(1 / 3), abs=0.02)


def test_one_bad_channel_of_two_is_seen(tmp_path: Path, index: FileIndex) -> None:
    left, right = sine(level=0.4), np.clip(sine(level=5.0), -1, 1) + 0.0
    found = facts(tmp_path, index, np.stack([left, right - 0.05], axis=1).clip(-1, 1))
    assert found.clipped > 0.3
    assert found.dc > 0.02
    opposite = facts(tmp_path, index, np.stack([left, -left], axis=1))
    assert (opposite.level, opposite.silence) == (FLOOR, 1), "channels that cancel are silent once they are mixed"
    assert opposite.peak == pytest.approx(0.4, abs=1e-3)
    many = facts(tmp_path, index, np.stack([left] * 5, axis=1))
    assert many.level == pytest.approx(10 * np.log10(0.08), abs=1e-3)


@pytest.mark.parametrize("sr", [8000, 22050, 44100])
def test_bandwidth_is_where_a_band_limit_lies(tmp_path: Path, index: FileIndex, sr: int) -> None:
    import soxr

    noise = np.random.default_rng(0).standard_normal(sr).astype(np.float32) * 0.1
    assert facts(tmp_path, index, noise, sr).bandwidth == pytest.approx(sr / 2, rel=0.01)
    narrow = soxr.resample(soxr.resample(noise, sr, sr // 2, "VHQ"), sr // 2, sr, "VHQ")
    assert facts(tmp_path, index, narrow, sr).bandwidth == pytest.approx(sr / 4, rel=0.1)


def test_long_clips_in_pieces_are_the_same(tmp_path: Path, index: FileIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    y = np.concatenate([sine(40), 0.1 * rng.standard_normal(31 * SR), np.zeros(2 * SR + 17)])
    whole = facts(tmp_path, index, y)
    assert whole.seconds == len(y) / SR
    monkeypatch.setattr("audioclf.datasets.quality.clip_statistics.PIECE", 1000.0)
    at_once = facts(tmp_path, index, y)
    for name in ("peak", "level", "dc", "zeros", "silence"):
        assert getattr(whole, name) == pytest.approx(getattr(at_once, name), rel=1e-4, abs=1e-6), name
    assert whole.bandwidth == pytest.approx(at_once.bandwidth, rel=0.01)
    monkeypatch.setenv("AUDIOCLF_MAX_CLIP_SECONDS", "45")
    assert facts(tmp_path, index, y).seconds == 45


def test_a_stretch_is_measured_alone(tmp_path: Path, index: FileIndex) -> None:
    y = np.concatenate([np.zeros(SR), sine(1.0), np.zeros(SR)])
    assert facts(tmp_path, index, y, start=1.0, duration=1.0).silence == 0
    assert facts(tmp_path, index, y, start=2.0).silence == 1


@pytest.mark.parametrize("suffix", ["wav", "flac", "ogg", "mp3", "aiff"])
def test_every_format(tmp_path: Path, index: FileIndex, suffix: str) -> None:
    path = tmp_path / f"sound.{suffix}"
    sf.write(path, sine(31.0, level=0.5), 16000)
    found = measure(clip_of(path, index))
    assert found.level == pytest.approx(-9.03, abs=0.3)
    assert found.seconds == pytest.approx(15.5, abs=0.15)


def test_measured_once_by_content_and_refusals_too(
    tmp_path: Path, index: FileIndex, class_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted(class_folders.rglob("*.wav"))
    damaged = tmp_path / "nan.wav"
    sf.write(damaged, np.full(1000, np.nan, np.float32), SR, subtype="FLOAT")
    clips = [clip_of(path, index) for path in (*files, damaged)]
    first = measure_all(clips, index=index)
    assert isinstance(first[-1], str)
    assert "NaN" in first[-1]
    assert all(isinstance(fact, SignalFacts) for fact in first[:-1])

    def never(*_: object, **__: object) -> None:
        raise AssertionError("it was decoded again")

    monkeypatch.setattr("audioclf.datasets.quality.clip_statistics.load_audio", never)
    assert measure_all(clips, index=index) == first
    with pytest.raises(AssertionError):
        measure(clips[0])


def test_stop_and_progress(index: FileIndex, class_folders: Path) -> None:
    clips = [clip_of(path, index) for path in sorted(class_folders.rglob("*.wav"))]
    with pytest.raises(Stopped):
        measure_all(clips, index=index, should_stop=lambda: True)
    reported: list[tuple[int, int]] = []
    measure_all(clips, index=index, progress=lambda *at: reported.append(at))
    assert reported[-1] == (12, 12)


def test_a_file_that_vanished_is_an_audio_error(tmp_path: Path, index: FileIndex, tone_wav: Path) -> None:
    clip = clip_of(tone_wav, index)
    tone_wav.unlink()
    with pytest.raises(AudioError):
        measure(clip)
