"""What stands for a clip in the address: one thing for one clip, also where the same sound is there twice."""

from __future__ import annotations

import shutil
from pathlib import Path

from audioclf.datasets import load_dataset
from audioclf.ui import clips


def test_two_clips_of_one_content_are_told_apart(class_folders: Path) -> None:
    for other in ("low/a copy.wav", "high/a stray.wav"):
        shutil.copy(class_folders / "low" / "0.wav", class_folders / other)
    dataset = load_dataset(class_folders)
    names, numbers = clips.ids(dataset)
    assert len(set(names)) == len(dataset) == 14
    assert [numbers[clips.id_of(dataset, clip)] for clip in dataset.clips] == list(range(14))
    again = load_dataset(class_folders)
    assert [clips.id_of(dataset, clip) for clip in again.clips] == list(names)
