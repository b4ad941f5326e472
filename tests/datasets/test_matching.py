"""The clip of another class that is alike in all else."""

from __future__ import annotations

from pathlib import Path

import pytest

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import DatasetError
from audioclf.datasets import Clip, Dataset, load_dataset
from audioclf.datasets.matching import counterpart


def named(*files: tuple[str, str, str | None]) -> Dataset:
    """Clips by name, class and group; what is compared is only what is known of them."""
    return Dataset(
        "names", tuple(Clip(Path(name), label, AudioInfo(8000, 1, 800, "WAV", "PCM_16", name), group=group)
                       for name, label, group in files)
    )  # fmt: skip


def test_instruments_are_compared_at_the_same_pitch() -> None:
    dataset = load_dataset("instruments", programs=[0, 40], notes=[60, 64, 67], seconds=0.1, sr=8000)
    clip = dataset.clips[1]
    other, common = counterpart(dataset, clip, dataset.classes[1])
    assert (clip.group, other.group) == ("64", "64")
    assert other.label != clip.label
    assert common == "note 064"


def test_speech_is_compared_in_the_same_words_of_the_same_speaker() -> None:
    dataset = named(
        ("03-01-05-01-02-01-12.wav", "angry", "12"),
        ("03-01-03-01-02-01-11.wav", "happy", "11"),
        ("03-01-03-01-01-01-12.wav", "happy", "12"),
        ("03-01-03-01-02-01-12.wav", "happy", "12"),
    )
    assert counterpart(dataset, dataset.clips[0], "happy")[0] is dataset.clips[3]


def test_where_nothing_is_in_common_it_is_the_first() -> None:
    dataset = named(("a.wav", "one", None), ("b.wav", "two", None), ("c.wav", "two", None))
    assert counterpart(dataset, dataset.clips[0], "two") == (dataset.clips[1], "")
    with pytest.raises(DatasetError, match="has no clips"):
        counterpart(dataset, dataset.clips[0], "three")
