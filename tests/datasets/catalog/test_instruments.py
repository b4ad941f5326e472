"""The instruments: rendered once, whole, and the same from two processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from audioclf.audio.io import load_audio
from audioclf.core import settings
from audioclf.core.errors import DatasetError, ParameterError, Stopped
from audioclf.datasets import load_dataset
from audioclf.datasets.catalog.instruments import soundfont
from audioclf.datasets.general_midi import PERCUSSION, PROGRAMS

SMALL = {"programs": [0, 40], "notes": [60, 61, 62], "seconds": 0.5, "sr": 16000}


@pytest.fixture
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


def test_names_of_general_midi() -> None:
    assert (len(PROGRAMS), len(PERCUSSION)) == (128, 47)
    assert (PROGRAMS[0], PROGRAMS[40], PROGRAMS[127]) == ("Acoustic Grand Piano", "Violin", "Gunshot")
    assert (PERCUSSION[0], PERCUSSION[81 - 35]) == ("Acoustic Bass Drum", "Open Triangle")
    assert len({*PROGRAMS, *PERCUSSION}) == 128 + 47


def test_the_default_is_ten_programs_of_fifty_notes() -> None:
    dataset = load_dataset("instruments")
    assert len(dataset) == 500
    assert set(dataset.counts.values()) == {50}
    assert dataset.classes[:2] == ("Acoustic Grand Piano", "Music Box")
    assert dataset.source == "instruments"
    assert {clip.group for clip in dataset.clips} == {str(key) for key in range(36, 86)}
    assert {(clip.info.sr, clip.info.channels, clip.info.frames, clip.info.subtype) for clip in dataset.clips} == {
        (44100, 1, 88200, "PCM_16")
    }
    assert len({clip.key for clip in dataset.clips}) == 500
    assert dataset.licence
    assert dataset.citation
    dataset.require_trainable()


def test_options_choose_programs_notes_length_and_rate(own_home: Path) -> None:
    dataset = load_dataset("instruments", **SMALL)
    assert dataset.counts == {"Acoustic Grand Piano": 3, "Violin": 3}
    assert {clip.info.frames for clip in dataset.clips} == {8000}
    assert {clip.info.sr for clip in dataset.clips} == {16000}
    assert all(clip.path.is_relative_to(settings.datasets_folder()) for clip in dataset.clips)


def test_percussion_is_struck_at_as_many_velocities_as_there_are_notes(own_home: Path) -> None:
    dataset = load_dataset("instruments", programs=[], percussion=[38, 42], seconds=0.2)
    assert dataset.counts == {"Acoustic Snare": 50, "Closed Hi-Hat": 50}
    assert len({clip.group for clip in dataset.clips}) == 50
    assert len({clip.key for clip in dataset.clips}) == 100
    peaks = [abs(load_audio(clip.path, sr=None)[0]).max() for clip in dataset.of("Acoustic Snare")]
    assert peaks[-1] > 4 * peaks[0]


def test_only_what_is_missing_is_rendered_and_damage_is_mended(own_home: Path) -> None:
    first = load_dataset("instruments", **SMALL)
    times = {clip.path: clip.path.stat().st_mtime_ns for clip in first.clips}
    gone, damaged = first.clips[0].path, first.clips[4].path
    gone.unlink()
    damaged.write_bytes(damaged.read_bytes()[:100])
    steps: list[tuple[int, int]] = []
    second = load_dataset("instruments", progress=lambda *step: steps.append(step), **SMALL)
    assert second.fingerprint == first.fingerprint
    changed = {path for path, time in times.items() if path.stat().st_mtime_ns != time}
    assert changed == {gone, damaged}
    assert (1, 1) in steps
    assert steps[-1] == (6, 6)


def test_stopping_keeps_what_is_rendered(own_home: Path) -> None:
    with pytest.raises(Stopped):
        load_dataset("instruments", should_stop=lambda: True, **SMALL)
    written = list(settings.datasets_folder().rglob("*.wav"))
    assert written
    assert not list(settings.datasets_folder().rglob("*.part"))
    assert len(load_dataset("instruments", **SMALL)) == 6


def test_two_processes_may_render_at_once(own_home: Path) -> None:
    code = (
        "from audioclf.datasets import load_dataset;"
        f"print(load_dataset('instruments', **{SMALL!r}, percussion=[35]).fingerprint)"
    )
    processes = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [process.communicate()[0].strip() for process in processes]
    assert [process.returncode for process in processes] == [0, 0]
    assert outputs[0] == outputs[1] == load_dataset("instruments", **SMALL, percussion=[35]).fingerprint
    assert not list(settings.datasets_folder().rglob("*.part"))


@pytest.mark.parametrize(
    "options",
    [
        {"programs": [128]},
        {"programs": [-1]},
        {"percussion": [34]},
        {"notes": [128]},
        {"notes": []},
        {"programs": []},
        {"programs": "piano"},
        {"seconds": 0},
        {"seconds": float("nan")},
        {"sr": 1},
        {"program": [1]},
    ],
)
def test_impossible_options_are_refused(options: dict[str, object]) -> None:
    with pytest.raises(ParameterError):
        load_dataset("instruments", **options)


def test_repeated_programs_and_notes_count_once(own_home: Path) -> None:
    dataset = load_dataset("instruments", **{**SMALL, "programs": [40, 40, 0], "notes": [60, 60]})
    assert dataset.counts == {"Violin": 1, "Acoustic Grand Piano": 1}


def test_a_home_that_cannot_be_written_is_said(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_dataset("instruments", **SMALL)
    folder = settings.datasets_folder() / "instruments"
    for file in folder.rglob("*.wav"):
        file.unlink()
    for part in sorted(folder.rglob("*"), reverse=True):
        part.rmdir()
    folder.rmdir()
    folder.write_text("a file where the folder should be")
    with pytest.raises(DatasetError, match="AUDIOCLF_HOME"):
        load_dataset("instruments", **SMALL)


def test_the_soundfont_is_found_without_importing_its_package() -> None:
    code = (
        "import sys; from audioclf.datasets.catalog.instruments import soundfont; assert soundfont().is_file();"
        "assert not {'pretty_midi', 'librosa', 'scipy'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
    assert soundfont().name == "TimGM6mb.sf2"
