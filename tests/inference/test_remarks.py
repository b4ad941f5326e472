"""What is the matter with a sound is remarked on, and nothing is where a sound is as it should be."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audioclf.audio.io import AudioInfo, AudioSettings, load_audio
from audioclf.audio.level import FLOOR, SILENCE, LevelMeter, loudest
from audioclf.datasets import Clip
from audioclf.features import CQT, MFCC, Mel, Waveform
from audioclf.inference.remarks import Trained, band_of, in_band, remarks

SR = 22050
TRAINED = Trained(duration=1.0, shortest=1.0, sr=SR)
WHOLE = (0.0, SR / 2)
RNG = np.random.default_rng(1)


def noise(seconds: float = 1.0, sr: int = SR, level: float = 0.1) -> np.ndarray:
    return np.asarray(level * RNG.standard_normal(round(seconds * sr)), np.float32)


def sine(frequency: float, seconds: float = 1.0, sr: int = SR, level: float = 0.5) -> np.ndarray:
    return np.asarray(level * np.sin(2 * np.pi * frequency * np.arange(round(seconds * sr)) / sr), np.float32)


@pytest.fixture
def found(tmp_path: Path) -> Callable[..., dict[str, str]]:
    def found(
        *channels: np.ndarray,
        sr: int = SR,
        mono: str = "mean",
        pad: str = "end",
        band: tuple[float, float] = WHOLE,
        trained: Trained = TRAINED,
        windows: int = 1,
    ) -> dict[str, str]:
        """Sentence of every remark on a file of these channels, by its kind."""
        path = tmp_path / "sound.wav"
        soundfile.write(path, np.stack(channels, axis=1), sr, subtype="FLOAT")
        meter = LevelMeter()
        y, _ = load_audio(path, sr=SR, mono=mono, meter=meter)
        settings = AudioSettings(mono=mono, pad=pad)
        silent = np.array([loudest(part, SR) < SILENCE for part in np.array_split(y, windows)])
        made = remarks(y, meter, silent, band, settings, trained)
        assert all(remark.sentence.endswith(".") for remark in made)
        return {remark.kind: remark.sentence for remark in made}

    return found


@pytest.mark.parametrize(
    "channels",
    [
        (noise(),),
        (noise(), noise()),  # unrelated channels
        (noise(), 0 * noise()),  # one of two channels is empty
        (sine(440), sine(440, level=0.1)),
        (noise(level=0.01),),
        (np.concatenate([noise(0.05), np.zeros(SR)]),),  # a short event
        (noise() + np.float32(0.2),),  # DC offset
        (noise(0.6), noise(0.6)),
        (sine(440, level=1.0)[1:],),  # full scale, and not clipped for three samples in a row
    ],
)
def test_nothing_is_remarked_on_a_sound_that_is_as_it_should_be(found: Any, channels: tuple[np.ndarray, ...]) -> None:
    assert found(*channels) == {}


def test_silence_is_remarked_on_whatever_its_offset(found: Any) -> None:
    zeros = np.zeros(SR, np.float32)
    assert set(found(zeros)) == set(found(zeros + np.float32(0.3))) == {"silent"}
    assert found(zeros)["silent"].startswith("There is next to nothing to hear: the sound is silent")
    assert "-70 dB" in found(sine(1000, level=10 ** (-70 / 20) * 2**0.5))["silent"]
    assert set(found(noise(level=10 ** (-56 / 20)))) == {"quiet"}


def test_channels_that_cancel_are_remarked_on(found: Any) -> None:
    y = noise()
    assert list(found(y, -y)) == ["silent", "cancelling channels"]
    assert set(found(y, -0.9 * y)) == {"cancelling channels"}  # something is left
    assert found(y, -0.3 * y) == {}
    assert found(y, -y, mono="left") == {}
    assert found(*[noise() for _ in range(8)]) == {}
    assert set(found(0 * y, y, mono="left")) == {"silent", "silent channel"}
    assert found(0 * y, y, mono="right") == {}


def test_what_lies_outside_of_the_band_is_remarked_on(found: Any) -> None:
    high = sine(15000, sr=44100)
    assert "outside the band" in found(high, sr=44100)  # resampling takes it away
    assert found(high + sine(1000, sr=44100), sr=44100) == {}
    assert "100 and 4,000 Hz" in found(sine(6000), band=(100, 4000))["outside the band"]
    assert found(sine(3000), band=(100, 4000)) == {}


def test_a_lower_sample_rate_than_the_trained_one_is_remarked_on(found: Any) -> None:
    y = noise(sr=8000)
    sentence = found(y, sr=8000)["low sample rate"]
    assert "8,000 Hz" in sentence
    assert "11,025 Hz" in sentence
    assert found(y, sr=8000, trained=Trained(1, 1, 8000)) == {}  # as the model was trained
    assert found(y, sr=8000, band=(0, 4000)) == {}  # the features look at nothing above
    assert found(noise(sr=48000), sr=48000) == {}


def test_clipping_is_remarked_on(found: Any) -> None:
    sentence = found(np.clip(sine(300, level=2.0), -1, 1))["clipped"]
    assert "67" in sentence or "66" in sentence  # per cent: two thirds of a sine at twice full scale


def test_a_sound_that_is_too_short_is_remarked_on(found: Any) -> None:
    assert "0.2 s of the 1 s" in found(noise(0.2))["short"]
    assert "silence" in found(noise(0.2))["short"]
    assert "repetition" in found(noise(0.2), pad="repeat")["short"]
    assert found(noise(0.2), trained=Trained(1.0, 0.2, SR)) == {}


def test_silent_windows_of_a_longer_sound_are_counted(found: Any) -> None:
    y = np.concatenate([noise(), np.zeros(2 * SR, np.float32), noise()])
    assert found(y, windows=4)["silent windows"].startswith("2 of 4 windows are silent")


def test_a_file_that_was_mended_is_remarked_on(tmp_path: Path) -> None:
    path = tmp_path / "open.wav"
    soundfile.write(path, noise(), SR)
    content = bytearray(path.read_bytes())
    place = content.index(b"data") + 4
    content[place : place + 4] = bytes(4)  # the length that a recorder which was cut off never wrote
    path.write_bytes(content)
    meter = LevelMeter()
    y, _ = load_audio(path, meter=meter)
    (remark,) = remarks(y, meter, np.array([False]), WHOLE, AudioSettings(), TRAINED)
    assert remark.kind == "mended"


def test_the_meter_measures_every_channel_and_their_mean(tmp_path: Path) -> None:
    y = sine(1000, seconds=70, sr=8000)  # more than one block
    path = tmp_path / "stereo.flac"
    soundfile.write(path, np.stack([y, 0.1 * y], axis=1), 8000)
    meter = LevelMeter()
    load_audio(path, meter=meter)
    assert (meter.sr, meter.n, meter.clipped) == (8000, len(y), 0)
    assert meter.channels == pytest.approx((-9.03, -29.03), abs=0.01)
    assert meter.mixed == pytest.approx(-9.03 - 5.19, abs=0.01)
    assert loudest(y, 8000) == pytest.approx(-9.03, abs=0.01)
    assert loudest(y[:0], 8000) == FLOOR


def test_the_share_of_a_band_is_that_of_its_energy() -> None:
    y = sine(1000) + sine(5000, level=0.25)
    assert in_band(y, SR, (0, 3000)) == pytest.approx(0.8, abs=0.001)
    assert in_band(np.zeros(100, np.float32), SR, WHOLE) == 0


@pytest.mark.parametrize(
    ("features", "band"),
    [
        ((Mel(),), WHOLE),
        ((Mel(fmin=50.0, fmax=4000.0),), (50, 4000)),
        ((MFCC(fmax=8000.0), Mel(fmin=50.0, fmax=4000.0)), (0, 8000)),
        ((CQT(),), (32.703, 32.703 * 2 ** (83 / 12))),
        ((Waveform(),), WHOLE),
    ],
)
def test_the_band_is_what_the_features_look_at(features: tuple[Any, ...], band: tuple[float, float]) -> None:
    maps = {feature: feature.compute(noise(), SR) for feature in features}
    assert band_of(maps, SR) == pytest.approx(band, rel=1e-4)


def test_what_is_known_of_the_training_clips_has_bounds() -> None:
    def clip(seconds: float, sr: int) -> Clip:
        return Clip(Path("a.wav"), "a", AudioInfo(sr, 1, round(seconds * sr), "WAV", "PCM_16"))

    assert Trained.on([], 2.0, SR) == Trained(2.0, 2.0, SR)
    assert Trained.on([clip(3, 44100), clip(5, 48000)], 2.0, SR) == Trained(2.0, 2.0, SR)
    assert Trained.on([clip(0.5, 8000), clip(5, 48000)], 2.0, SR) == Trained(2.0, 0.5, 8000)
