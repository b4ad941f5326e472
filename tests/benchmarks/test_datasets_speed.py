"""Opening data sets that were seen before, against libsndfile reading the headers of 3,000 files in the same run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import soundfile as sf

from audioclf.datasets import load_dataset
from audioclf.datasets.quality.report import check


@pytest.fixture(scope="module")
def headers(fsdd: Path) -> Callable[[], object]:
    files = sorted(fsdd.glob("recordings/*.wav"))
    return lambda: [sf.info(file) for file in files]


Ratio = Callable[[Callable[[], object], Callable[[], object]], float]


@pytest.fixture
def ratio(measured: Callable[[str], None]) -> Ratio:
    """``ratio(ours, peer)``: how many times as long as the peer ours takes."""
    return lambda ours, peer: _ratio(ours, peer, measured)


def _ratio(ours: Callable[[], object], peer: Callable[[], object], measured: Callable[[str], None]) -> float:
    """Best of several rounds of each, taken in turns, so that a busy machine slows both."""
    best = [float("inf"), float("inf")]
    for _ in range(5):
        for which, call in enumerate((ours, peer)):
            start = time.perf_counter()
            call()
            best[which] = min(best[which], time.perf_counter() - start)
    measured(f"{best[0]:.3f} s, libsndfile {best[1]:.3f} s")
    return best[0] / best[1]


def test_three_thousand_files_in_a_folder(fsdd: Path, headers: Callable[[], object], ratio: Ratio) -> None:
    assert ratio(lambda: load_dataset(fsdd), headers) < 2


@pytest.fixture(scope="module")
def thirty_thousand(fsdd: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A table of 30,000 clips, ten links to each recording."""
    folder = tmp_path_factory.mktemp("links")
    files = sorted((fsdd / "recordings").iterdir())
    lines = ["file_name,label"]
    for number in range(30_000):
        file = files[number % len(files)]
        os.symlink(file, folder / f"{number}.wav")
        lines.append(f"{number}.wav,{file.name[0]}")
    (folder / "labels.csv").write_text("\n".join(lines))
    assert len(load_dataset(folder / "labels.csv")) == 30_000
    return folder / "labels.csv"


def test_thirty_thousand_clips_of_a_manifest(
    thirty_thousand: Path, headers: Callable[[], object], ratio: Ratio
) -> None:
    assert ratio(lambda: load_dataset(thirty_thousand), headers) < 16


TABS = """
import json, sys, time
from pathlib import Path
import soundfile as sf
from streamlit.testing.v1 import AppTest
from audioclf.inference.assets import app_folder
from audioclf.ui.shell import tasks, warmup

table, recordings = sys.argv[1], sorted(Path(sys.argv[2]).glob("*.wav"))
assert warmup.wait(120)
found = {}
for tab in ("Listen", "All clips", "Edit", "Split"):
    page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=120)
    page.switch_page("pages/data.py")
    page.query_params["data"] = table
    page.session_state["data.tabs"] = tab
    page.run()
    for task in tasks.all_tasks():
        assert task.wait(120)
    page.run()
    assert any(metric.value == "30,000" for metric in page.metric)
    assert not page.exception
    times = found[tab] = [float("inf")] * 2
    for _ in range(3):
        for which, call in enumerate((page.run, lambda: [sf.info(file) for file in recordings])):
            start = time.perf_counter()
            call()
            times[which] = min(times[which], time.perf_counter() - start)
print(json.dumps(found))
"""


@pytest.mark.slow
def test_the_tabs_of_the_data_page_with_thirty_thousand_clips(
    thirty_thousand: Path, fsdd: Path, measured: Callable[[str], None]
) -> None:
    """In a process of its own, without keras, as the web server is."""
    command = [sys.executable, "-W", "ignore", "-c", TABS, str(thirty_thousand), str(fsdd / "recordings")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    found: dict[str, list[float]] = json.loads(done.stdout.splitlines()[-1])
    for tab, times in found.items():
        measured(f"{tab} (ms) {[round(1e3 * seconds) for seconds in times]}")
    assert len(found) == 4
    for tab, (ours, peer) in found.items():
        assert ours / peer < 8, tab


@pytest.mark.slow
def test_health_of_three_thousand_files_the_second_time(
    fsdd: Path, headers: Callable[[], object], ratio: Ratio
) -> None:
    dataset = load_dataset(fsdd)
    check(dataset)
    assert ratio(lambda: check(dataset), headers) < 3
