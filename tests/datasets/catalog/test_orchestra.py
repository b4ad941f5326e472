"""The orchestra: close instruments, no two takes alike, and the same from any process."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import load_audio
from audioclf.core.errors import ParameterError
from audioclf.datasets import load_dataset
from audioclf.datasets.catalog.orchestra import Orchestra

SMALL = {"programs": [40, 41], "notes": [60, 61], "takes": 2, "seconds": 0.4, "sr": 16000}


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_the_default_is_nine_close_instruments_on_the_same_pitches() -> None:
    notes = list(Orchestra().listed())
    assert len(notes) == 9 * 30 * 4
    of_class = {label: {note.group for note in notes if note.label == label} for label in {n.label for n in notes}}
    assert {"Violin", "Viola", "Fiddle", "Oboe", "English Horn"} <= set(of_class)
    assert len({frozenset(groups) for groups in of_class.values()}) == 1, "pitch tells nothing of the class"
    assert len({note.path for note in notes}) == len(notes)


def test_takes_of_one_note_differ_and_share_their_group(own_home: Path) -> None:
    dataset = load_dataset("orchestra", **SMALL)
    assert dataset.counts == {"Violin": 4, "Viola": 4}
    assert dataset.source == "orchestra"
    assert len({clip.key for clip in dataset.clips}) == 8
    assert [clip.group for clip in dataset.of("Violin")] == ["60", "60", "61", "61"]
    assert {(clip.info.sr, clip.info.frames) for clip in dataset.clips} == {(16000, 6400)}


def test_noise_is_as_strong_as_it_is_set(own_home: Path) -> None:
    quiet = load_dataset("orchestra", **SMALL, min_snr=80.0, max_snr=80.0)
    noisy = load_dataset("orchestra", **SMALL, min_snr=6.0, max_snr=6.0)
    for clean, loud in zip(quiet.clips, noisy.clips, strict=True):
        y, both = (load_audio(clip.path, sr=None)[0].astype(float) for clip in (clean, loud))
        gain = np.dot(y, both) / np.dot(y, y)  # a clip over full scale is brought down to it
        snr = 10 * np.log10(np.square(gain * y).mean() / np.square(both - gain * y).mean())
        assert snr == pytest.approx(6, abs=0.6)


def test_another_process_renders_the_same(own_home: Path, tmp_path: Path) -> None:
    code = f"from audioclf.datasets import load_dataset; print(load_dataset('orchestra', **{SMALL!r}).fingerprint)"
    here = load_dataset("orchestra", **SMALL).fingerprint
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AUDIOCLF_HOME", str(tmp_path / "other"))
        there = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=600)
    assert there.stdout.strip() == here


@pytest.mark.parametrize(
    ("options", "field"),
    [({"programs": []}, "programs"), ({"notes": []}, "notes"), ({"min_snr": 20.0, "max_snr": 10.0}, "max_snr")],
)
def test_what_cannot_be_rendered_is_refused(options: dict[str, object], field: str) -> None:
    with pytest.raises(ParameterError) as refused:
        load_dataset("orchestra", **options)
    assert refused.value.field == field
