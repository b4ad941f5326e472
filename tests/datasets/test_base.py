"""The words of the data."""

from __future__ import annotations

from pathlib import Path

from audioclf.experiment import DatasetChoice, Experiment


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
