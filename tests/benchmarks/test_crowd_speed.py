"""A class of thirty on one server, against a single person on it, in one run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType

import pytest

from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import create_run
from audioclf.training import Training

CROWD = Path(__file__).with_name("crowd.py")
PLAIN_PAGES = 50
"""Pages of a hundred lines of text that the machine could have drawn between two clicks of one person."""


def visit(url: str, query: str, sessions: int, period: float, rounds: int) -> list[float]:
    """Times of all page runs, sorted."""
    command = [sys.executable, str(CROWD), url, query, str(sessions), str(period), str(rounds)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    times: list[float] = sorted(json.loads(done.stdout.splitlines()[-1]))
    assert len(times) == sessions * rounds
    return times


@contextmanager
def trainings(folder: Path, dataset: str, number: int) -> Iterator[None]:
    """So many networks are trained meanwhile, in processes as the app starts them."""
    experiment = Experiment(dataset=DatasetChoice(dataset), training=Training(epochs=10_000))
    runs = [create_run(experiment, folder / f"run {one}") for one in range(number)]
    with ExitStack() as stack:
        for run in runs:
            process = subprocess.Popen([sys.executable, "-m", "audioclf.jobs.worker", str(run.folder)])
            stack.callback(process.wait)
            stack.callback(process.kill)
        while not all(run.history for run in runs):
            time.sleep(0.1)
        yield


@pytest.mark.slow
@pytest.mark.parametrize("name", ["instruments", "esc10"])
def test_thirty_people_wait_little_longer_than_one(
    name: str,
    browsing: ModuleType,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    measured: Callable[[str], None],
) -> None:
    """All thirty go from page to page every three seconds, with a data set chosen, then with two trainings beside.

    A page takes at most five times as long as for one. How often they press then is set by the machine itself: one of
    thirty presses whenever it could have drawn so many plain pages, which is about every four seconds on two cores.
    When every session dealt the splits for itself, the server was busy all the time and a page took 28 times as long.
    """
    dataset = str(request.getfixturevalue(name)) if name == "esc10" else name
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    plain = tmp_path / "plain" / "app.py"
    plain.parent.mkdir()
    plain.write_text("import streamlit as st\nfor line in range(100):\n    st.text(line)\n")
    server = browsing.start_server(plain.parent, plain)
    try:
        unit = statistics.median(visit(server.url, "", 1, 0.02, 11))
    finally:
        browsing.stop_server(server)
    server = browsing.start_server(tmp_path)
    try:
        query = f"data={dataset}"
        visit(server.url, query, 2, 0.1, 22)  # all is imported, read and drawn once
        alone = visit(server.url, query, 1, 0.1, 22)
        period = PLAIN_PAGES * unit
        found = {f"of thirty, each every {period:.1f} s": visit(server.url, query, 30, period, 3)}
        for number in (0, 2):
            with trainings(tmp_path, dataset, number):
                found[f"every 3 s, {number} trainings beside"] = visit(server.url, query, 30, 3, 6)
    finally:
        browsing.stop_server(server)
    parts = [f"{how}: {statistics.median(t):.3f} s, 95 % {t[int(0.95 * len(t))]:.3f} s" for how, t in found.items()]
    one = f"a plain page {unit:.4f} s; one of ours alone {statistics.median(alone):.3f} s"
    measured("; ".join((f"{os.cpu_count()} cores, {name}; {one}", *parts)))
    assert statistics.median(next(iter(found.values()))) / statistics.median(alone) < 5
