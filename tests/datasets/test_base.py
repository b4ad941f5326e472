"""The words of the data."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from audioclf.experiments.config import DatasetChoice, Experiment


def test_at_most_so_many_clips_of_each_class(class_folders: Path) -> None:
    choice = DatasetChoice(str(class_folders), clips_per_class=4)
    dataset = choice.load()
    assert dataset.counts == dict.fromkeys(dataset.classes, 4)
    assert dataset.fingerprint == choice.load().fingerprint != DatasetChoice(str(class_folders)).load().fingerprint
    order = list(DatasetChoice(str(class_folders)).load().clips)
    assert [order.index(clip) for clip in dataset.clips] == sorted(order.index(clip) for clip in dataset.clips)
    assert Experiment.from_toml(Experiment(dataset=choice).to_toml()).dataset == choice
    assert "clips_per_class" not in Experiment().to_toml()
    assert len(DatasetChoice(str(class_folders), clips_per_class=100).load()) == 12


def test_a_share_of_each_class_and_fold(class_folders: Path, esc10: Path) -> None:
    half = DatasetChoice(str(class_folders), share=0.5)
    assert half.load().counts == dict.fromkeys(half.load().classes, 3)
    assert half.load().fingerprint == half.load().fingerprint
    assert DatasetChoice(str(class_folders), share=0.01).load().counts == dict.fromkeys(half.load().classes, 2)
    assert Experiment.from_toml(Experiment(dataset=half).to_toml()).dataset == half
    assert "share" not in Experiment().to_toml()
    folds = Counter(
        (clip.label, clip.fold) for clip in DatasetChoice("esc10", {"path": str(esc10)}, share=0.5).load().clips
    )
    assert set(folds.values()) == {4}
    assert len(folds) == 50
