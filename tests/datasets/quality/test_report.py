"""The health report: one defect at a time in real files, and the whole on real sets."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile as sf

from audioclf.core.errors import Stopped
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.ingest.file_index import FileIndex
from audioclf.datasets.quality.findings import SEVERITIES, Finding
from audioclf.datasets.quality.report import HealthReport, check

SR = 22050


@pytest.fixture
def index(tmp_path: Path) -> FileIndex:
    return FileIndex(tmp_path / "index.sqlite")


@pytest.fixture
def noises(tmp_path: Path) -> Path:
    """Two classes of 12 noises each, all different and nothing wrong with them."""
    rng = np.random.default_rng(0)
    for number in range(24):
        write(tmp_path / "noises" / f"{'ab'[number % 2]}" / f"{number}.wav", 0.1 * rng.standard_normal(SR))
    return tmp_path / "noises"


def write(path: Path, y: npt.ArrayLike, sr: int = SR, subtype: str | None = None) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    sf.write(path, np.asarray(y), sr, subtype=subtype)
    return path


def report(folder: Path, index: FileIndex) -> HealthReport:
    found = check(load_dataset(folder), index=index)
    json.dumps(found.to_dict(), allow_nan=False)
    severities = [SEVERITIES.index(finding.severity) for finding in found.findings]
    assert severities == sorted(severities)
    for finding in found.findings:
        assert finding.sentence.endswith(".")
        assert finding.remedy.endswith(".")
        assert finding.kind == "left out" or len(finding.files) == len(finding.clips)
    return found


def finding(found: HealthReport, kind: str) -> Finding:
    """The only finding but for those about few clips."""
    kinds = [one.kind for one in found.findings]
    assert kinds.count(kind) == 1, found.findings
    return found.findings[kinds.index(kind)]


def test_nothing_is_wrong(noises: Path, index: FileIndex) -> None:
    found = report(noises, index)
    assert found.findings == ()
    assert found.worst == "good"
    assert found.counts == {"a": 12, "b": 12}
    assert found.seconds == found.n_clips == 24
    assert found.durations is not None
    assert found.durations == found.durations_by_class["a"]
    assert (found.durations.low, found.durations.median, found.durations.high) == (1, 1, 1)
    assert found.levels is not None
    assert found.levels.mean == pytest.approx(-20, abs=0.2)
    assert found.sample_rates == ((SR, 24),)
    assert found.channels == ((1, 24),)
    assert found.formats == (("WAV PCM_16", 24),)
    assert found.shortcut is not None
    assert not found.shortcut.clear


@pytest.mark.parametrize(
    ("kind", "severity", "y"),
    [
        ("silent", "error", np.zeros(SR)),
        ("silent", "error", np.full(SR, 2e-4)),
        ("digital silence", "warning", np.r_[np.random.default_rng(9).standard_normal(SR) * 0.1, np.zeros(SR)]),
        ("clipping", "warning", np.clip(np.random.default_rng(9).standard_normal(SR) * 9, -1, 1)),
        ("dc offset", "warning", 0.1 * np.random.default_rng(9).standard_normal(SR) + 0.05),
    ],
)
def test_a_bad_sound_is_named(noises: Path, index: FileIndex, kind: str, severity: str, y: npt.ArrayLike) -> None:
    write(noises / "a" / "bad.wav", y)
    found = report(noises, index)
    one = finding(found, kind)
    assert (one.severity, one.files) == (severity, ("a/bad.wav",))
    assert load_dataset(noises).clips[one.clips[0]].path.name == "bad.wav"
    assert [other.kind for other in found.findings if other.kind not in (kind, "shortcut")] == []


def test_copies(noises: Path, index: FileIndex) -> None:
    shutil.copy(noises / "a" / "0.wav", noises / "a" / "copy.wav")
    shutil.copy(noises / "a" / "2.wav", noises / "b" / "other.wav")
    found = report(noises, index)
    assert finding(found, "duplicates across classes").files == ("a/2.wav", "b/other.wav")
    assert found.worst == "error"
    within = finding(found, "duplicates")
    assert within.files == ("a/0.wav", "a/copy.wav")
    assert "training" in within.sentence
    assert sorted(map(len, found.duplicates)) == [2, 2]
    assert found.near_duplicates == ()
    dataset = load_dataset(noises)
    grouped = replace(dataset, clips=tuple(replace(clip, group="one") for clip in dataset.clips))
    assert "training" not in finding(check(grouped, index=index), "duplicates").sentence


def test_near_copies(noises: Path, index: FileIndex) -> None:
    y, sr = sf.read(noises / "a" / "0.wav")
    write(noises / "a" / "quiet.flac", y / 2, sr)
    write(noises / "b" / "again.mp3", y, sr)
    write(noises / "a" / "padded.wav", np.pad(y / 3, (sr * 3 // 4, sr)), sr)
    found = report(noises, index)
    across = finding(found, "near duplicates across classes")
    assert "b/again.mp3" in across.files
    assert finding(found, "near duplicates").files == ("a/0.wav", "a/padded.wav", "a/quiet.flac")
    assert all(pair.difference < 0.33 for pair in found.near_duplicates)
    assert "duplicates" not in [one.kind for one in found.findings]


def test_stretches_of_one_file_are_no_copies(noises: Path, index: FileIndex) -> None:
    (clip, *rest) = load_dataset(noises).clips
    parts = (replace(clip, duration=0.6), replace(clip, start=0.3))
    found = check(Dataset("parts", (*parts, *rest)), index=index)
    assert found.near_duplicates == found.duplicates == ()
    assert check(Dataset("parts", (parts[0], parts[0], *rest)), index=index).duplicates == ((0, 1),)


def test_broken_files_come_with_reason_and_remedy(noises: Path, index: FileIndex) -> None:
    (noises / "a" / "page.wav").write_text("<!DOCTYPE html>")
    write(noises / "b" / "nan.wav", np.full(SR, np.nan), subtype="FLOAT")
    found = report(noises, index)
    assert {problem.file for problem in found.problems} == {"a/page.wav", "b/nan.wav"}
    assert all(problem.reason.endswith(".") and problem.remedy.endswith(".") for problem in found.problems)
    assert finding(found, "left out").files == ("a/page.wav",)
    assert finding(found, "broken").files == ("b/nan.wav",)
    assert found.n_clips == 25


def test_formats_that_differ(noises: Path, index: FileIndex) -> None:
    rng = np.random.default_rng(5)
    write(noises / "a" / "x.flac", 0.1 * rng.standard_normal((8000, 2)), 8000)
    found = report(noises, index)
    assert "22,050 Hz (24), 8,000 Hz (1)" in finding(found, "different sample rates").sentence
    assert finding(found, "different numbers of channels").severity == "note"
    assert found.formats == (("WAV PCM_16", 24), ("FLAC PCM_16", 1))


def test_classes(noises: Path, index: FileIndex) -> None:
    shutil.copytree(noises / "b", noises / "A ")
    for path in list((noises / "A ").iterdir())[3:]:
        path.unlink()
    found = report(noises, index)
    assert "'A '" in finding(found, "small class").sentence
    assert finding(found, "uneven classes").severity == "warning"
    assert "'a', 'A '" in finding(found, "class names").sentence
    shutil.rmtree(noises / "A ")
    shutil.rmtree(noises / "b")
    assert finding(report(noises, index), "one class").severity == "error"


@pytest.mark.parametrize("name", ["=HYPERLINK(1)", "{clips}", "<img onerror=alert(1)>", "%s", "\u202eלב", "x" * 200])
def test_names_are_text(noises: Path, index: FileIndex, name: str) -> None:
    (noises / "a").rename(noises / name)
    for path in list((noises / name).iterdir())[1:]:
        path.unlink()
    found = report(noises, index)
    assert name in found.counts
    assert len(finding(found, "small class").sentence) < 200


def test_a_clip_that_is_too_long(noises: Path, index: FileIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_MAX_CLIP_SECONDS", "2")
    write(noises / "a" / "long.wav", 0.1 * np.random.default_rng(3).standard_normal(3 * SR))
    assert finding(report(noises, index), "too long").files == ("a/long.wav",)


def test_a_shortcut(noises: Path, index: FileIndex) -> None:
    for path in (noises / "b").iterdir():
        y, sr = sf.read(path)
        write(path, y / 10, sr)
    found = finding(report(noises, index), "shortcut")
    assert "100% where guessing gives 50%, most of all through the level" in found.sentence


def test_an_empty_set_has_a_report(index: FileIndex) -> None:
    found = check(Dataset("empty", ()), index=index)
    assert (found.n_clips, found.durations, found.levels, found.shortcut) == (0, None, None, None)
    assert found.worst == "error"


def test_remembered_by_content(noises: Path, index: FileIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    first = report(noises, index)
    for place in ("clip_statistics.measure", "report.near_duplicates", "report.shortcuts.check"):
        monkeypatch.setattr(f"audioclf.datasets.quality.{place}", None)
    assert report(noises, index) == first


def test_stop(noises: Path, index: FileIndex) -> None:
    with pytest.raises(Stopped):
        check(load_dataset(noises), index=index, should_stop=lambda: True)


def test_esc10_as_it_is(esc10: Path) -> None:
    found = check(load_dataset(esc10))
    assert [one.kind for one in found.findings] == ["digital silence", "clipping", "near duplicates", "shortcut"]
    twins = [f"010 - Fire crackling/{name}.ogg" for name in ("2-28314-A", "2-30322-A")]
    # The same cry, 0.65 s later (its correlation is 0.49), in two of the five official folds.
    cries = [f"004 - Baby cry/{name}.ogg" for name in ("3-151080-A", "5-151085-A")]
    assert finding(found, "near duplicates").files == (*cries, *twins)
    assert found.problems == ()
