"""Extraction gives one array for real files, whether here, in processes, or from the store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import librosa
import numpy as np
import pytest

from audioclf.audio.io import AudioSettings, read_info
from audioclf.core.errors import AudioError, DatasetError, ParameterError, Stopped
from audioclf.datasets.base import Clip
from audioclf.features import MFCC, STFT, Mel, Waveform
from audioclf.features import extraction as module
from audioclf.features.cache import FeatureStore
from audioclf.features.extraction import common_duration, extract, load_clip

AUDIO = AudioSettings(sr=16000)


def clips_of(folder: Path, **stretch: float) -> list[Clip]:
    return [
        Clip(path, path.parent.name, read_info(path, content=True), **stretch) for path in sorted(folder.rglob("*.wav"))
    ]


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store", max_bytes=10**9)


def test_a_clip_is_loaded_as_librosa_loads_it(esc10: Path, quietly: Callable[..., Any]) -> None:
    path = sorted((esc10 / "009 - Rooster").glob("*.ogg"))[0]
    clip = Clip(path, "Rooster", read_info(path), start=1.0, duration=0.5)
    expected, _ = quietly(librosa.load, path, sr=16000, offset=1.0, duration=0.5)
    np.testing.assert_allclose(load_clip(clip, AUDIO), expected, atol=1e-5)
    longer = load_clip(clip, AUDIO, 12000)
    np.testing.assert_allclose(longer[:8000], expected, atol=1e-5)
    assert not longer[8000:].any()
    assert load_clip(clip, AUDIO.replace(duration=0.25)).shape == (4000,)
    np.testing.assert_array_equal(load_clip(clip, AUDIO.replace(pad="repeat"), 12000)[8000:], longer[:4000])


def test_values_are_those_of_each_clip_in_order(class_folders: Path) -> None:
    clips = clips_of(class_folders)
    found = extract(clips, Mel(n_mels=40), AUDIO)
    assert found.dtype == np.float32
    assert found.shape == (12, 40, 10)
    for clip, values in zip(clips, found, strict=True):
        expected = Mel(n_mels=40).compute(load_clip(clip, AUDIO, 4800), 16000).values
        np.testing.assert_array_equal(values, expected)


def test_clips_of_different_length_are_brought_to_the_longest_or_to_what_is_set(
    class_folders: Path, write_tone: Callable[..., Path]
) -> None:
    write_tone(class_folders / "low" / "long.wav", seconds=0.7)
    clips = clips_of(class_folders)
    assert common_duration(clips, AUDIO) == pytest.approx(0.7)
    assert extract(clips, Waveform(), AUDIO).shape == (13, 11200)
    assert extract(clips, Waveform(), AUDIO.replace(duration=0.1)).shape == (13, 1600)


def test_the_second_time_comes_from_the_store(class_folders: Path, store: FeatureStore) -> None:
    clips = clips_of(class_folders)
    first = extract(clips, MFCC(), AUDIO, store=store)
    shutil.rmtree(class_folders)  # nothing can be decoded any more
    np.testing.assert_array_equal(extract(clips, MFCC(), AUDIO, store=store), first)
    with pytest.raises(AudioError):
        extract(clips, MFCC(n_mfcc=13), AUDIO, store=store)


def test_clips_without_a_content_hash_are_never_mixed_up(class_folders: Path, store: FeatureStore) -> None:
    clips = [Clip(clip.path, clip.label, read_info(clip.path)) for clip in clips_of(class_folders)]
    for _ in range(2):
        found = extract(clips, MFCC(summary="mean"), AUDIO, store=store)
        assert len(np.unique(found, axis=0)) == 12


def test_processes_give_the_same(class_folders: Path, store: FeatureStore, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = clips_of(class_folders)
    alone = extract(clips, STFT(), AUDIO, n_jobs=1)
    monkeypatch.setattr(module, "START_UP", -1.0)
    seen: list[tuple[int, int]] = []
    together = extract(clips, STFT(), AUDIO, n_jobs=2, store=store, progress=lambda *done: seen.append(done))
    np.testing.assert_array_equal(together, alone)
    assert seen == [(number, 12) for number in range(13)]
    assert len(list(store.folder.rglob("*.npy"))) == 12


def test_processes_stop_and_tell_of_a_bad_clip(class_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = clips_of(class_folders)
    monkeypatch.setattr(module, "START_UP", -1.0)
    done: list[int] = []
    with pytest.raises(Stopped, match="as asked"):
        extract(clips, Mel(), AUDIO, n_jobs=2, progress=lambda n, _: done.append(n), should_stop=lambda: done[-1] >= 6)
    assert done == list(range(7))
    clips[8].path.write_bytes(b"RIFF" + bytes(100))
    with pytest.raises(AudioError, match=clips[8].path.name):
        extract(clips, Mel(), AUDIO, n_jobs=2)


def test_progress_is_told_and_a_stop_is_kept(class_folders: Path, store: FeatureStore) -> None:
    clips = clips_of(class_folders)
    done: list[int] = []
    with pytest.raises(Stopped):
        extract(
            clips,
            Mel(),
            AUDIO,
            store=store,
            progress=lambda n, _: done.append(n),
            should_stop=lambda: done[-1] == 5,
        )
    assert done == [0, 1, 2, 3, 4, 5]
    done.clear()
    extract(clips, Mel(), AUDIO, store=store, progress=lambda n, _: done.append(n))
    assert done == [5, 6, 7, 8, 9, 10, 11, 12]


def test_what_cannot_work_is_refused_in_one_sentence(class_folders: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clips = clips_of(class_folders)
    with pytest.raises(DatasetError, match="at least one clip"):
        extract([], Mel(), AUDIO)
    with pytest.raises(ParameterError, match="fmax"):
        extract(clips, Mel(fmax=9000), AUDIO)
    monkeypatch.setenv("AUDIOCLF_JOB_MEMORY_GB", "0.0001")
    with pytest.raises(ParameterError, match=r"would take 0\.0 GB") as caught:
        extract(clips, STFT(), AUDIO)
    assert caught.value.field == "duration"
