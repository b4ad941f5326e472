"""Saved versions and exports: what comes back is what went out."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audioclf.core import workspaces
from audioclf.core.errors import DatasetError, Stopped, WorkspaceError
from audioclf.datasets import Dataset, curation, load_dataset
from audioclf.datasets.base import SPLIT_FOLDS
from audioclf.datasets.csv_table import guarded, unguarded
from audioclf.datasets.readers import versions


@pytest.fixture
def dataset(class_folders: Path) -> Dataset:
    """A folder per class with everything a clip can have."""
    plain = load_dataset(class_folders)
    clips = [replace(clip, group=f"g{number % 3}", fold=number % 2) for number, clip in enumerate(plain.clips)]
    clips[3] = replace(clips[3], start=0.05, duration=0.1)
    clips.append(replace(clips[3], start=0.15, label="=HYPERLINK(1)", group="-1+1", fold=None))
    return replace(plain, clips=tuple(clips), licence="CC0", parent="abc")


def test_a_version_comes_back_in_another_process(dataset: Dataset, tmp_path: Path) -> None:
    version = versions.save(dataset, tmp_path / "versions", {"programs": (1, 2)})
    again = load_dataset(version.source)
    assert again == version
    assert again.fingerprint == dataset.fingerprint
    assert (again.parent, again.licence, again.name) == ("abc", "CC0", dataset.name)
    code = "import sys; from audioclf.datasets import load_dataset; print(load_dataset(sys.argv[1]).fingerprint)"
    output = subprocess.run([sys.executable, "-c", code, version.source], capture_output=True, text=True, check=True)
    assert output.stdout.strip() == dataset.fingerprint
    assert not list((tmp_path / "versions").glob(".*"))


def test_a_version_needs_room_in_the_workspace_it_goes_into(
    dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("AUDIOCLF_SHARED", "1")
    monkeypatch.setenv("AUDIOCLF_QUOTA_GB", "0.000001")
    folder = workspaces.datasets_folder(workspaces.new_id())
    with pytest.raises(WorkspaceError, match="holds 0 bytes of the 1 kB"):
        versions.save(dataset, folder)
    assert not list(folder.iterdir())
    assert versions.save(dataset, tmp_path / "elsewhere").source


def test_undo_leads_back(class_folders: Path, tmp_path: Path) -> None:
    first = load_dataset(class_folders)
    second = versions.save(curation.exclude(first, [0]), tmp_path / "versions", {"kind": "folder"})
    labels = ["deep" if clip.label == "low" else clip.label for clip in second.clips]
    third = versions.save(curation.edit(second, labels=labels), tmp_path / "versions")
    assert third.parent == second.fingerprint
    back = versions.origin(Path(third.source))
    assert load_dataset(back.source, **back.options) == second
    back = versions.origin(Path(second.source))
    assert (back.options, back.fingerprint) == ({"kind": "folder"}, first.fingerprint)
    assert load_dataset(back.source, **back.options).fingerprint == first.fingerprint


def test_what_is_gone_or_changed_is_a_problem(dataset: Dataset, tmp_path: Path) -> None:
    version = versions.save(dataset, tmp_path / "versions")
    gone, changed = dataset.clips[0].path, dataset.clips[11].path
    gone.unlink()
    shutil.copy(dataset.clips[10].path, changed)
    again = load_dataset(version.source)
    assert len(again) == len(dataset) - 2
    assert [str(gone), str(changed)] == [problem.file for problem in again.problems]
    assert "changed" in again.problems[1].reason


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"format": "audioclf data set"}',
        '{"format": "other", "clips": []}',
        '{"format": "audioclf data set", "clips": [1], "problems": [], "name": "x"}',
        '{"format": "audioclf data set", "clips": [{"path": "a"}], "problems": []}',
        "[" * 100_000,
        '{"format": "audioclf data set", "clips": [{"path":"a\\u0000b","label":"x","content":"y","start":"NaN?"}]}',
    ],
)
def test_damaged_files_are_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / versions.FILE).write_text(text)
    with pytest.raises(DatasetError):
        load_dataset(tmp_path)
    with pytest.raises(DatasetError):
        versions.origin(tmp_path)


def test_a_version_is_no_pickle_and_names_no_code(dataset: Dataset, tmp_path: Path) -> None:
    version = versions.save(dataset, tmp_path)
    record = json.loads((Path(version.source) / versions.FILE).read_text())
    assert record["format"] == versions.FORMAT
    assert [path.name for path in Path(version.source).iterdir()] == [versions.FILE]


def test_a_dataset_json_in_an_archive_points_at_nothing_here(dataset: Dataset, tmp_path: Path) -> None:
    version = versions.save(dataset, tmp_path)
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.write(Path(version.source) / versions.FILE, versions.FILE)
        for number in range(2):
            archive.write(dataset.clips[number].path, f"a/{number}.wav")
    loaded = load_dataset(path)
    assert loaded.counts == {"a": 2}
    assert not {clip.path for clip in loaded.clips} & {clip.path for clip in dataset.clips}


def test_an_official_split_is_saved_and_exported(dataset: Dataset, tmp_path: Path) -> None:
    parts = ("train", "test", "validation", "")
    clips = tuple(replace(clip, split=parts[n % 4]) for n, clip in enumerate(dataset.clips))
    split = replace(dataset, clips=clips)
    assert split.fingerprint != dataset.fingerprint
    version = versions.save(split, tmp_path)
    versions.export(split, tmp_path / "set.zip")
    for again in (load_dataset(version.source), load_dataset(tmp_path / "set.zip")):
        assert [clip.split for clip in again.clips] == [clip.split for clip in clips]
    numbers = tuple(replace(clip, fold=SPLIT_FOLDS.get(clip.split)) for clip in clips)
    plain = tuple(replace(clip, split="") for clip in numbers)
    # what was made when only a fold named the subset is the same data still
    assert replace(dataset, clips=numbers).fingerprint == replace(dataset, clips=plain).fingerprint


def test_a_folder_that_cannot_be_written(dataset: Dataset, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError, match="saved"):
        versions.save(dataset, tmp_path / "file")
    with pytest.raises(DatasetError, match="written"):
        versions.export(dataset, tmp_path / "nowhere" / "set.zip")


def test_a_full_disk_leaves_no_half_export(dataset: Dataset, small_disk: Path) -> None:
    big = dataset.clips[0].path
    big.write_bytes(big.read_bytes() + os.urandom(5_000_000))
    with pytest.raises(DatasetError, match="space"):
        versions.export(dataset, small_disk / "set.zip")
    assert not list(small_disk.glob("*set*"))


def test_an_export_comes_back_the_same(dataset: Dataset, tmp_path: Path) -> None:
    steps: list[tuple[int, int]] = []
    versions.export(dataset, tmp_path / "set.zip", progress=lambda *step: steps.append(step))
    again = load_dataset(tmp_path / "set.zip")
    assert again.fingerprint == dataset.fingerprint
    assert again.classes == dataset.classes
    assert again.problems == ()
    assert steps[-1] == (12, 12)
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        assert archive.testzip() is None
        assert len(archive.namelist()) == 12 + 2, "a file two clips are cut from is in it once"
        assert "CC0" in archive.read("README.txt").decode()


def test_an_export_of_an_unpacked_archive_keeps_its_names(dataset: Dataset, tmp_path: Path) -> None:
    versions.export(dataset, tmp_path / "one.zip")
    buffer = io.BytesIO()
    versions.export(load_dataset(tmp_path / "one.zip"), buffer)
    (tmp_path / "two.zip").write_bytes(buffer.getvalue())
    assert load_dataset(tmp_path / "two.zip").fingerprint == dataset.fingerprint


def test_no_cell_of_an_export_is_a_formula(class_folders: Path, tmp_path: Path) -> None:
    plain = load_dataset(class_folders)
    evil = ["=1+1", "+1+1", "-1+1", "@SUM(1)", "'=1", "''x", "'plain'", "-5", '=HYPERLINK("http://x";"y")', "a,b;c\nd"]
    labels = (evil * 2)[: len(plain)]
    dataset = curation.edit(plain, labels=labels, groups=labels)
    versions.export(dataset, tmp_path / "set.zip")
    with zipfile.ZipFile(tmp_path / "set.zip") as archive:
        rows = list(csv.reader(io.StringIO(archive.read(versions.MANIFEST).decode("utf-8-sig"))))
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@") and not cell.lstrip("-").isdigit()]
    assert load_dataset(tmp_path / "set.zip").fingerprint == dataset.fingerprint


@given(st.text())
def test_guarding_can_be_undone(text: str) -> None:
    assert unguarded(guarded(text)) == text
    assert guarded(text)[:1] not in ("=", "@", "\t", "\r", "\n")


def test_stopping_or_losing_a_sound_leaves_no_half_export(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(Stopped):
        versions.export(dataset, tmp_path / "set.zip", should_stop=lambda: True)
    dataset.clips[5].path.unlink()
    with pytest.raises(DatasetError, match="gone"):
        versions.export(dataset, tmp_path / "set.zip")
    assert not list(tmp_path.glob("*set.zip*"))


def test_old_files_can_be_exported(dataset: Dataset, tmp_path: Path) -> None:
    os.utime(dataset.clips[0].path, (0, 0))
    versions.export(dataset, tmp_path / "set.zip")
    assert load_dataset(tmp_path / "set.zip").fingerprint == dataset.fingerprint
