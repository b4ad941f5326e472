"""Long recordings: cut every few seconds, as reference A's grid, by labels, and at silences."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audioclf.audio.io import load_audio, wav_bytes
from audioclf.core.errors import DatasetError, ParameterError, Stopped
from audioclf.datasets import load_dataset, segmentation

WriteTone = Callable[..., Path]
SR = 8000


@pytest.fixture
def bursts(tmp_path: Path) -> Path:
    """Five seconds with a tone of half a second from 0.5, 2.0 and 3.5 s, and a click at 4.5 s."""
    y = np.zeros(5 * SR, dtype=np.float32)
    tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(SR // 2) / SR)
    for start in (0.5, 2.0, 3.5):
        y[int(start * SR) : int(start * SR) + len(tone)] = tone
    y[int(4.5 * SR) : int(4.5 * SR) + 80] = 0.5
    path = tmp_path / "bursts.wav"
    soundfile.write(path, y, SR)
    return path


def test_every_two_seconds(bursts: Path) -> None:
    dataset = load_dataset(bursts)
    assert [(clip.start, clip.duration) for clip in dataset.clips] == [(0.0, 2.0), (2.0, 2.0)]
    assert dataset.classes == ("bursts",)
    assert dataset.source == str(bursts.resolve())
    overlapping = load_dataset(bursts, seconds=1.0, step=0.5, offset=1.0, label="tone")
    assert [clip.start for clip in overlapping.clips] == [1.0 + 0.5 * number for number in range(7)]
    assert overlapping.classes == ("tone",)


@given(total=st.floats(0.05, 1000), seconds=st.floats(0.05, 30), step=st.floats(0, 30), offset=st.floats(0, 100))
def test_cuts_lie_inside_the_recording(total: float, seconds: float, step: float, offset: float) -> None:
    if 0 < step < 0.05:
        return
    found = segmentation.every(total, seconds, step, offset)
    for cut in found:
        assert cut.start >= offset
        assert cut.end <= total + 1e-3
        assert cut.duration > 0
    assert bool(found) == (offset < total)


def test_reference_a_is_a_grid(tmp_path: Path) -> None:
    """One recording rendered from the instruments: three programs of two notes, cut by the author's rule."""
    options = {"programs": [0, 40, 80], "notes": [60, 64], "seconds": 0.5, "sr": 8000}
    notes = load_dataset("instruments", **options)
    y = np.concatenate([load_audio(clip.path, sr=None)[0] for clip in notes.clips])
    path = tmp_path / "long.wav"
    soundfile.write(path, y, 8000)
    names = list(notes.classes)
    dataset = load_dataset(path, rule="grid", per_class=2, seconds=0.5, classes=names)
    assert [clip.label for clip in dataset.clips] == [clip.label for clip in notes.clips]
    assert [clip.group for clip in dataset.clips] == ["0", "1"] * 3
    for cut, note in zip(dataset.clips, notes.clips, strict=True):
        heard, _ = load_audio(cut.path, sr=None, offset=cut.start, duration=cut.duration)
        np.testing.assert_allclose(heard, load_audio(note.path, sr=None)[0], atol=1e-4)
    some = load_dataset(path, rule="grid", per_class=2, seconds=0.5, classes=names, only=[0, 2])
    assert some.classes == (names[0], names[2])
    with pytest.raises(ParameterError):
        load_dataset(path, rule="grid", per_class=2, seconds=0.5, only=[7])


def test_the_grid_of_the_author_has_his_offsets() -> None:
    found = segmentation.grid(128 * 50 * 2.0, [], 50, 2.0, only=range(0, 100, 10))
    assert len(found) == 500
    for place, cut in enumerate(found):
        instrument, note = 10 * (place // 50), place % 50
        assert cut.start == instrument * 50 * 2 + note * 2
        assert cut.group == str(note)


def test_a_grid_of_128_classes_is_named_by_general_midi(tmp_path: Path) -> None:
    path = tmp_path / "all.wav"
    soundfile.write(path, np.full(128 * 800, 0.1, dtype=np.float32), SR)
    dataset = load_dataset(path, rule="grid", per_class=1, seconds=0.1)
    assert len(dataset) == 128
    assert (dataset.classes[0], dataset.classes[127]) == ("Acoustic Grand Piano", "Gunshot")


def test_silence(bursts: Path) -> None:
    dataset = load_dataset(bursts, rule="silence")
    assert [round(clip.start, 2) for clip in dataset.clips] == [0.45, 1.95, 3.45]
    assert all(abs(clip.seconds - 0.6) < 0.03 for clip in dataset.clips)
    assert len(load_dataset(bursts, rule="silence", shortest=0.01)) == 4
    assert len(load_dataset(bursts, rule="silence", silence=1.5)) == 1


def test_nothing_but_silence_gives_nothing(tmp_path: Path) -> None:
    path = tmp_path / "quiet.wav"
    soundfile.write(path, np.zeros(SR, dtype=np.float32), SR)
    with pytest.raises(DatasetError, match="no usable clip"):
        load_dataset(path, rule="silence")
    assert segmentation.between_silences(np.zeros(0)) == []


def test_levels_do_not_depend_on_how_the_recording_is_read(bursts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = segmentation.levels(bursts, 5.0)
    monkeypatch.setattr(segmentation, "_WINDOW", 1.0)
    np.testing.assert_allclose(segmentation.levels(bursts, 5.0), whole, atol=1e-6)
    with pytest.raises(Stopped):
        segmentation.levels(bursts, 5.0, should_stop=lambda: True)


def test_an_audacity_label_track(bursts: Path) -> None:
    bursts.with_suffix(".txt").write_text(
        "0.5\t1.0\tlow\n\\\t200.0\t900.0\n2,0\t2,5\thigh\n3.5\t3.5\tlow\n4.4\t4.4\thigh\n"
        "\n9.0\t9.5\tlate\nx\ty\tz\n1.0\t0.5\tbackwards\n1.0\t1.2\t\nnan\t1\tn\n"
    )
    dataset = load_dataset(bursts)
    assert [(clip.label, clip.start, round(clip.seconds, 3)) for clip in dataset.clips] == [
        ("low", 0.5, 0.5),
        ("high", 2.0, 0.5),
        ("low", 3.5, 0.9),
        ("high", 4.4, 0.6),
    ]
    assert [problem.file.split("line ")[1] for problem in dataset.problems] == ["7", "8", "9", "10", "11"]
    assert len(load_dataset(bursts, rule="every")) == 2


def _zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


@pytest.mark.parametrize("top", ["", "session 1/"])
def test_a_label_track_in_an_archive(bursts: Path, tmp_path: Path, top: str) -> None:
    track = b"0.5\t1.0\tlow\n2\t2.5\thigh\nx\ty\tz\n"
    sounds = {f"{top}one.wav": bursts.read_bytes(), f"{top}two.wav": wav_bytes(np.full(4 * SR, 0.1, np.float32), SR)}
    tracks = {f"{top}one.txt": track, f"{top}two.txt": track}
    dataset = load_dataset(_zipped(tmp_path / "long.zip", {**sounds, **tracks, f"{top}README.txt": b"Of a day out."}))
    assert dataset.counts == {"low": 2, "high": 2}
    assert [problem.file.removeprefix(top) for problem in dataset.problems] == ["one.txt, line 3", "two.txt, line 3"]
    assert len({clip.group for clip in dataset.clips}) == 2


def test_a_label_track_that_is_not_looked_at_is_said(bursts: Path, tmp_path: Path) -> None:
    folders = {f"{label}/{n}.wav": wav_bytes(np.full(800, n / 9, np.float32), SR) for label in "ab" for n in (1, 2)}
    beside = {"long.wav": bursts.read_bytes(), "long.txt": b"0.5\t1.0\tlow\n2\t2.5\thigh\n"}
    dataset = load_dataset(_zipped(tmp_path / "mixed.zip", {**folders, **beside}))
    assert dataset.counts == {"a": 2, "b": 2}
    (problem,) = dataset.problems
    assert problem.file == "long.wav"
    assert "label track" in problem.reason
    assert "kind=recording" in problem.remedy


def test_words_beside_sounds_are_no_label_tracks(tmp_path: Path, write_tone: WriteTone) -> None:
    for label in ("cat", "dog"):
        for take in ("1", "2"):
            sound = write_tone(
                tmp_path / "labels" / label / f"{take}.wav", seconds=0.2, frequency=200.0 + ord(label[0])
            )
            sound.with_suffix(".txt").write_text(f"the {label} is here")
    assert load_dataset(tmp_path / "labels").counts == {"cat": 2, "dog": 2}


@given(st.text())
def test_any_text_is_a_label_track_or_refused(text: str) -> None:
    found, refused = segmentation.audacity(text, 10.0, 2.0)
    assert all(0 <= cut.start < 10 and 0 <= cut.duration <= 10 and cut.label for cut in found)
    assert all(reason for _, reason in refused)


def test_labels_by_another_name_and_missing_ones(bursts: Path) -> None:
    (bursts.parent / "mine.txt").write_text("0\t1\ta\n1\t2\tb\n")
    assert load_dataset(bursts, labels_file="mine.txt").classes == ("a", "b")
    with pytest.raises(ParameterError, match="label track"):
        load_dataset(bursts, rule="labels")
    with pytest.raises(ParameterError, match="label track"):
        load_dataset(bursts, rule="labels", labels_file="../../etc/passwd")


def test_a_recording_per_class_and_several(tmp_path: Path, write_tone: WriteTone) -> None:
    for name in ("one", "two"):
        write_tone(tmp_path / "set" / f"{name}.wav", seconds=3.0, sr=SR, frequency=300.0 * len(name) + ord(name[0]))
    dataset = load_dataset(tmp_path / "set", kind="recording", seconds=1.0)
    assert dataset.counts == {"one": 3, "two": 3}
    assert {clip.group for clip in dataset.clips} == {None}
    for label in ("a", "b"):
        for take in (1, 2):
            write_tone(
                tmp_path / "more" / label / f"{take}.wav", seconds=2.0, sr=SR, frequency=200.0 * take + ord(label)
            )
    dataset = load_dataset(tmp_path / "more", kind="recording", seconds=1.0)
    assert dataset.counts == {"a": 4, "b": 4}
    assert len({clip.group for clip in dataset.clips}) == 4


def test_short_and_broken_recordings(tmp_path: Path, write_tone: WriteTone) -> None:
    short = write_tone(tmp_path / "short.wav", seconds=0.5)
    (clip,) = load_dataset(short, seconds=2.0).clips
    assert clip.seconds == 0.5
    (tmp_path / "page.mp3").write_text("#EXTM3U\nhttp://example.org/a.ts\n")
    with pytest.raises(DatasetError, match=r"page\.mp3"):
        load_dataset(tmp_path / "page.mp3")
    with pytest.raises(ParameterError):
        load_dataset(short, seconds=0)
    with pytest.raises(ParameterError, match="longer clips"):
        segmentation.every(1e6, 0.05)
