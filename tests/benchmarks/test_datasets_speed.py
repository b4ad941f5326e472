"""Opening data sets that were seen before, against libsndfile reading the headers of 3,000 files in the same run."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile as sf

from audioclf.datasets import load_dataset
from audioclf.datasets.health import check


@pytest.fixture(scope="module")
def headers(fsdd: Path) -> Callable[[], object]:
    files = sorted(fsdd.glob("recordings/*.wav"))
    return lambda: [sf.info(file) for file in files]


def ratio(ours: Callable[[], object], peer: Callable[[], object]) -> float:
    """Best of several rounds of each, taken in turns, so that a busy machine slows both."""
    best = [float("inf"), float("inf")]
    for _ in range(5):
        for which, call in enumerate((ours, peer)):
            start = time.perf_counter()
            call()
            best[which] = min(best[which], time.perf_counter() - start)
    return best[0] / best[1]


def test_three_thousand_files_in_a_folder(fsdd: Path, headers: Callable[[], object]) -> None:
    assert ratio(lambda: load_dataset(fsdd), headers) < 2


def test_thirty_thousand_clips_of_a_manifest(fsdd: Path, headers: Callable[[], object], tmp_path: Path) -> None:
    files = sorted((fsdd / "recordings").iterdir())
    lines = ["file_name,label"]
    for number in range(30_000):
        file = files[number % len(files)]
        os.symlink(file, tmp_path / f"{number}.wav")
        lines.append(f"{number}.wav,{file.name[0]}")
    (tmp_path / "labels.csv").write_text("\n".join(lines))
    assert len(load_dataset(tmp_path / "labels.csv")) == 30_000
    assert ratio(lambda: load_dataset(tmp_path / "labels.csv"), headers) < 16


@pytest.mark.slow
def test_health_of_three_thousand_files_the_second_time(fsdd: Path, headers: Callable[[], object]) -> None:
    dataset = load_dataset(fsdd)
    check(dataset)
    assert ratio(lambda: check(dataset), headers) < 3
