"""A folder per class: labels, order, names that tell more, and what is left out."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from audioclf.core.errors import DatasetError, ParameterError, Stopped
from audioclf.datasets import Dataset, load_dataset


def test_labels_counts_and_source(class_folders: Path) -> None:
    dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "low": 6}
    assert dataset.problems == ()
    assert dataset.name == "sounds"
    assert dataset.source == str(class_folders.resolve())
    assert {clip.group for clip in dataset.clips} == {None}
    assert load_dataset(dataset.source).fingerprint == dataset.fingerprint
    dataset.require_trainable()


def test_esc10_as_published(esc10: Path) -> None:
    dataset = load_dataset(str(esc10))
    assert len(dataset) == 400
    assert dataset.classes[:3] == ("Dog bark", "Rain", "Sea waves")
    assert set(dataset.counts.values()) == {40}
    assert dataset.problems == ()
    assert {fold: sum(clip.fold == fold for clip in dataset.clips) for fold in range(1, 6)} == dict.fromkeys(
        range(1, 6), 80
    )
    clip = next(clip for clip in dataset.clips if clip.path.name == "2-122104-B.ogg")
    assert (clip.label, clip.fold, clip.group) == ("Dog bark", 2, "122104")
    folds_of_group: dict[str | None, set[int | None]] = {}
    for clip in dataset.clips:
        folds_of_group.setdefault(clip.group, set()).add(clip.fold)
    assert all(len(folds) == 1 for folds in folds_of_group.values())


def test_broken_files_are_listed_and_the_rest_loads(class_folders: Path) -> None:
    low = class_folders / "low"
    (low / "empty.wav").write_bytes(b"")
    (low / "page.wav").write_text("<!DOCTYPE html><title>404</title>")
    whole = (low / "0.wav").read_bytes()
    (low / "cut.wav").write_bytes(whole[: len(whole) // 2])
    dataset = load_dataset(class_folders)
    assert len(dataset) == 12
    assert [problem.file for problem in dataset.problems] == ["low/cut.wav", "low/empty.wav", "low/page.wav"]
    assert all(problem.reason and problem.remedy for problem in dataset.problems)


def test_hidden_and_other_files_are_passed_over(class_folders: Path) -> None:
    for name in ("README.txt", ".DS_Store", "._0.wav", "notes.md", "Thumbs.db", "cover.jpg", "odd.xyz"):
        (class_folders / name).write_bytes(b"no sound")
        (class_folders / "low" / name).write_bytes(b"no sound")
    (class_folders / ".git").mkdir()
    shutil.copy(class_folders / "low" / "0.wav", class_folders / ".git" / "0.wav")
    (class_folders / "empty").mkdir()
    dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "low": 6}
    assert dataset.problems == ()


def test_a_sound_without_a_known_suffix_is_a_clip(class_folders: Path) -> None:
    shutil.move(class_folders / "low" / "0.wav", class_folders / "low" / "sound")
    assert load_dataset(class_folders).counts == {"high": 6, "low": 6}


def test_sounds_below_a_class_belong_to_it_and_loose_ones_are_reported(class_folders: Path) -> None:
    deep = class_folders / "low" / "a" / "b"
    deep.mkdir(parents=True)
    shutil.move(class_folders / "low" / "0.wav", deep / "0.wav")
    shutil.copy(class_folders / "low" / "1.wav", class_folders / "loose.wav")
    dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "low": 6}
    (problem,) = dataset.problems
    assert problem.file == "loose.wav"
    assert "class" in problem.reason


def test_a_wrapping_folder_is_looked_through(class_folders: Path, tmp_path: Path) -> None:
    wrapped = tmp_path / "outer" / "inner"
    wrapped.parent.mkdir()
    shutil.copytree(class_folders, wrapped)
    (wrapped.parent / "README.txt").write_text("hello")
    dataset = load_dataset(tmp_path / "outer")
    assert dataset.classes == ("high", "low")


@pytest.mark.skipif(os.name == "nt", reason="links need a right on Windows")
def test_links_are_followed_and_loops_end(class_folders: Path) -> None:
    (class_folders / "low" / "loop").symlink_to(class_folders / "low", target_is_directory=True)
    (class_folders / "linked").symlink_to(class_folders / "high", target_is_directory=True)
    (class_folders / "low" / "dangling.wav").symlink_to(class_folders / "nowhere.wav")
    dataset = load_dataset(class_folders)
    assert dataset.counts == {"high": 6, "linked": 6, "low": 6}
    assert [problem.file for problem in dataset.problems] == ["low/dangling.wav"]


def test_natural_order(class_folders: Path) -> None:
    shutil.move(class_folders / "low" / "1.wav", class_folders / "low" / "10.wav")
    names = [clip.path.name for clip in load_dataset(class_folders).of("low")]
    assert names == ["0.wav", "2.wav", "3.wav", "4.wav", "5.wav", "10.wav"]


@pytest.mark.parametrize(
    "name", ["=HYPERLINK(1)", "<img onerror=alert(1)>", "שלום", "🐕", "a b", "'; DROP TABLE files; --", "%s{0}"]
)
def test_class_names_are_text(class_folders: Path, name: str) -> None:
    try:
        (class_folders / "low").rename(class_folders / name)
    except OSError:
        pytest.skip("this file system does not take the name")
    assert name in load_dataset(class_folders).classes


def test_one_class_and_single_clips_load_and_explain(class_folders: Path) -> None:
    shutil.rmtree(class_folders / "low")
    dataset = load_dataset(class_folders)
    with pytest.raises(DatasetError, match="one class"):
        dataset.require_trainable()
    (class_folders / "low").mkdir()
    shutil.copy(class_folders / "high" / "0.wav", class_folders / "low" / "0.wav")
    with pytest.raises(DatasetError, match="single clip"):
        load_dataset(class_folders).require_trainable()
    for file in class_folders.rglob("*.wav"):
        file.write_bytes(b"")
    with pytest.raises(DatasetError, match="no usable clip"):
        load_dataset(class_folders).require_trainable()


def test_a_folder_without_sounds_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "README.txt").write_text("x")
    with pytest.raises(DatasetError, match="folder per class"):
        load_dataset(tmp_path)


def test_wrong_names_paths_and_options(class_folders: Path) -> None:
    with pytest.raises(DatasetError, match="instruments"):
        load_dataset("instrument")
    with pytest.raises(DatasetError, match="check the path"):
        load_dataset("/no/such/folder")
    with pytest.raises(ParameterError):
        load_dataset(class_folders, programs=[1])
    with pytest.raises(ParameterError):
        load_dataset(class_folders, kind="floder")
    for name in ("", "a\0b", "x" * 5000):
        with pytest.raises(DatasetError):
            load_dataset(name)


def test_progress_and_stop(class_folders: Path) -> None:
    steps: list[tuple[int, int]] = []
    dataset: Dataset = load_dataset(class_folders, progress=lambda *step: steps.append(step))
    assert steps[-1] == (len(dataset), 12)
    copy = class_folders.parent / "copy"
    shutil.copytree(class_folders, copy)
    with pytest.raises(Stopped):
        load_dataset(copy, should_stop=lambda: True)
