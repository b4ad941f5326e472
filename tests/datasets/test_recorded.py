"""Recorded examples: what is cut out of a recording, and what is kept of it."""

from __future__ import annotations

import numpy as np
import pytest

import audioclf
from audioclf.audio.io import wav_bytes
from audioclf.core import workspaces
from audioclf.core.errors import AudioError
from audioclf.datasets.ingest import recorded

SR = 16000


def recording(*seconds: float, level: float = 0.5, pause: float = 0.8) -> bytes:
    """Tones of some lengths with pauses around them."""
    rest = np.zeros(round(pause * SR), np.float32)
    parts = [rest]
    for n in seconds:
        t = np.arange(round(n * SR)) / SR
        parts += [(level * np.sin(2 * np.pi * 440 * t)).astype(np.float32), rest]
    return wav_bytes(np.concatenate(parts), SR)


def test_pauses_part_examples_and_long_sounds_are_cut() -> None:
    found = recorded.examples(recording(0.4, 0.6), "a")
    assert [round(one.seconds, 1) for one in found] == [0.5, 0.7]  # with a margin before and behind
    assert [one.start for one in found] == pytest.approx([0.75, 1.95], abs=0.06)
    assert {one.recording for one in found} == {"a"}
    assert len(recorded.examples(recording(9.0), "a")) == 4
    assert len(recorded.examples(recording(0.4, 0.6, pause=0.2), "a")) == 1


def test_a_level_that_is_wrong_is_remarked() -> None:
    assert recorded.examples(recording(0.5), "a")[0].remark == ""
    assert recorded.examples(recording(0.5, level=0.003), "a")[0].remark == "very quiet"
    assert recorded.examples(recording(0.5, level=3.0), "a")[0].remark == "too loud"
    with pytest.raises(AudioError, match="silent"):
        recorded.examples(wav_bytes(np.zeros(SR, np.float32), SR), "a")


def test_what_is_kept_is_a_data_set_whose_recordings_are_groups() -> None:
    claps = [(f"r{n}", recording(0.3, 0.4 + 0.1 * n)) for n in range(2)]
    hums = [(f"h{n}", recording(1.0 + 0.1 * n)) for n in range(2)]
    takes = [("=clap", one) for name, sound in claps for one in recorded.examples(sound, name)]
    takes += [("hum", one) for name, sound in hums for one in recorded.examples(sound, name)]
    folder = recorded.keep(takes, workspaces.DEFAULT, "two sounds")
    dataset = audioclf.load_dataset(folder)
    assert dataset.name == "two sounds"
    assert dataset.counts == {"=clap": 4, "hum": 2}
    assert {clip.group for clip in dataset.clips} == {"r0", "r1", "h0", "h1"}
