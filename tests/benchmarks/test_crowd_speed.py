"""A class of thirty on one server, against a single person on it, in one run."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

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


@pytest.mark.slow
def test_thirty_people_wait_little_longer_than_one(
    browsing: ModuleType,
    esc10: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    measured: Callable[[str], None],
) -> None:
    """All thirty go from page to page, with 400 clips chosen; a page takes at most five times as long as for one.

    How often they press is set by the machine itself: one of thirty presses whenever it could have drawn so many
    plain pages, which is about every four seconds on two cores. When every session dealt the splits for itself, the
    server was busy all the time and a page took 28 times as long.
    """
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
        query = f"data={esc10}"
        visit(server.url, query, 2, 0.1, 22)  # all is imported, read and drawn once
        alone = visit(server.url, query, 1, 0.1, 22)
        period = PLAIN_PAGES * unit
        crowd = visit(server.url, query, 30, period, 3)
    finally:
        browsing.stop_server(server)
    middle, late = statistics.median(crowd), crowd[int(0.95 * len(crowd))]
    measured(
        f"{os.cpu_count()} cores; a plain page {unit:.4f} s; one of ours alone {statistics.median(alone):.3f} s; "
        f"of thirty, each every {period:.1f} s: {middle:.3f} s, 95 % {late:.3f} s"
    )
    assert middle / statistics.median(alone) < 5
