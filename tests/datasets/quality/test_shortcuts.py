"""The shortcut check finds what was hidden, names it, and stays silent where there is nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from audioclf.audio.io import AudioInfo
from audioclf.datasets import load_dataset
from audioclf.datasets.base import Clip
from audioclf.datasets.quality.clip_statistics import SignalFacts, measure_all
from audioclf.datasets.quality.shortcuts import FEWEST, ShortcutCheck, bit_depth, check


def table(n_clips: int = 120, n_classes: int = 3, seed: int = 0) -> tuple[list[Clip], list[SignalFacts]]:
    """Clips whose facts are noise."""
    rng = np.random.default_rng(seed)
    clips, facts = [], []
    for number in range(n_clips):
        info = AudioInfo(16000, 1, int(rng.integers(8000, 32000)), "WAV", "PCM_16", f"{seed}-{number}")
        clips.append(Clip(Path(f"{number}.wav"), f"class {number % n_classes}", info))
        level, silence, bandwidth = rng.normal(-20, 5), rng.random(), rng.uniform(2000, 8000)
        facts.append(SignalFacts(1.0, 0.5, level, 0.0, 0.0, silence, 0.0, bandwidth, ""))
    return clips, facts


def checked(clips: list[Clip], facts: list[SignalFacts]) -> ShortcutCheck:
    found = check(clips, facts)
    assert found is not None
    return found


@pytest.mark.parametrize("n_classes", [2, 10])
def test_noise_tells_nothing(n_classes: int) -> None:
    for seed in range(8):
        found = checked(*table(n_classes=n_classes, seed=seed))
        assert not found.clear, (seed, found)
        assert found.chance == pytest.approx(1 / n_classes)
        assert "do not give the classes away" in found.sentence


@pytest.mark.parametrize(
    ("column", "clip", "fact"),
    [
        ("duration", {"frames": 32000}, {}),
        ("sample rate", {"sr": 8000}, {}),
        ("bit depth", {"subtype": "PCM_24"}, {}),
        ("level", {}, {"level": -3.0}),
        ("silence", {}, {"silence": 0.0}),
        ("bandwidth", {}, {"bandwidth": 4000.0}),
    ],
)
def test_a_hidden_shortcut_is_named(column: str, clip: dict[str, Any], fact: dict[str, Any]) -> None:
    clips, facts = table(n_classes=2)
    odd = [number for number, one in enumerate(clips) if one.label == "class 1"]
    for number in odd[: round(0.8 * len(odd))]:
        clips[number] = replace(clips[number], info=replace(clips[number].info, **clip))
        facts[number] = replace(facts[number], **fact)
    found = checked(clips, facts)
    assert found.clear
    # Another sample rate changes the duration with it.
    assert column in [one.column for one in found.columns[:2] if one.clear]
    assert found.columns[0].accuracy == pytest.approx(0.9, abs=0.06)
    assert 0.5 < found.columns[0].low < found.columns[0].accuracy
    assert found.columns[0].column in found.sentence
    assert "guessing gives 50%" in found.sentence


def test_facts_of_a_speaker_are_no_shortcut_to_the_word() -> None:
    clips, facts = table(n_clips=200, n_classes=2)
    rng = np.random.default_rng(1)
    for number, clip in enumerate(clips):
        # Each speaker says nearly one word only, at a level of their own: in the open this looks like a shortcut.
        speaker = int(rng.integers(8)) * 2 + (number % 2 if rng.random() < 0.9 else 0)
        clips[number] = replace(clip, group=f"speaker {speaker}")
        facts[number] = replace(facts[number], level=-40 + 37 * speaker % 31 + rng.normal(0, 0.1))
    alone = checked([replace(clip, group=None) for clip in clips], facts)
    grouped = checked(clips, facts)
    assert alone.clear
    assert alone.columns[0].column == "level"
    assert not grouped.clear
    assert (alone.grouped, grouped.grouped) == (False, True)


def test_copies_of_one_file_are_not_learnt_by_heart() -> None:
    clips, facts = table(n_clips=20, n_classes=2)
    assert not checked(clips * 6, facts * 6).clear


def test_too_little_to_tell() -> None:
    clips, facts = table(n_clips=2 * (FEWEST - 1), n_classes=2)
    assert check(clips, facts) is None
    assert check([], []) is None
    clips, facts = table(n_clips=40, n_classes=1)
    assert check(clips, facts) is None
    clips, facts = table(n_clips=40, n_classes=2)
    assert check([replace(clip, group="one") for clip in clips], facts) is None
    few = [replace(clip, label="rare") if number < 3 else clip for number, clip in enumerate(clips)]
    assert checked(few, facts).n_clips == 37


def test_all_facts_the_same() -> None:
    clips, facts = table(n_clips=40, n_classes=2)
    clips = [replace(clip, info=replace(clips[0].info, content=clip.key)) for clip in clips]
    found = checked(clips, [facts[0]] * 40)
    assert found.columns == ()
    assert not found.clear
    assert found.all.accuracy == found.chance


def test_esc10_tells_its_classes_without_listening(esc10: Path) -> None:
    clips = load_dataset(esc10).clips
    facts = [fact for fact in measure_all(clips) if isinstance(fact, SignalFacts)]
    found = checked(list(clips), facts)
    assert found.clear
    assert found.grouped
    assert found.all.accuracy > 0.3
    assert {"silence", "level", "bandwidth"} <= {column.column for column in found.columns if column.clear}
    assert not next(column for column in found.columns if column.column == "duration").clear


@pytest.mark.parametrize(
    ("subtype", "bits"),
    [("PCM_16", 16), ("PCM_S8", 8), ("PCM_U8", 8), ("PCM_24", 24), ("FLOAT", 32), ("DOUBLE", 64), ("VORBIS", 0),
     ("MPEG_LAYER_III", 0), ("", 0), ("PCM_", 0), ("AAC", 0), ("ULAW", 8), ("24", 0)],
)  # fmt: skip
def test_bit_depths(subtype: str, bits: int) -> None:
    assert bit_depth(subtype) == bits
