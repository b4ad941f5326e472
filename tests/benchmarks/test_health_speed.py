"""Indexing and health report of 3,000 files against plain decoding of the same files in the same run."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

PEER = """
import sys, time, hashlib, soundfile
from pathlib import Path
files = sorted(Path(sys.argv[1]).rglob("*.wav"))
start = time.perf_counter()
for _ in range(5):
    for path in files:
        hashlib.file_digest(path.open("rb"), "blake2b")
        soundfile.read(path)
print((time.perf_counter() - start) / 5)
"""

OURS = """
import sys, time
from pathlib import Path
from audioclf.datasets import load_dataset
from audioclf.datasets.quality.report import check
start = time.perf_counter()
report = check(load_dataset("fsdd", path=sys.argv[1]))
seconds = time.perf_counter() - start
assert report.n_clips == 3000
# getrusage would count what the parent held when it forked
status = Path("/proc/self/status").read_text()
print(seconds, int(status.split("VmHWM:")[1].split()[0]) / 1000)
"""


def run(code: str, *arguments: object) -> list[float]:
    command = [sys.executable, "-c", code, *map(str, arguments)]
    output = subprocess.run(command, capture_output=True, text=True, check=False)
    assert output.returncode == 0, output.stderr
    return [float(word) for word in output.stdout.split()]


@pytest.mark.slow
def test_three_thousand_files_indexed_measured_and_judged(
    fsdd: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Callable[[str], None]
) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("peak memory is read from /proc, which this system does not have")
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    (before,) = run(PEER, fsdd)
    first, memory = run(OURS, fsdd)
    again, memory_again = run(OURS, fsdd)
    (after,) = run(PEER, fsdd)
    # the peer takes a fraction of the time, so a neighbour's burst may miss it and hit only what is measured
    decoding = max(before, after)
    measured(
        f"decoding {decoding:.2f} s, first {first:.2f} s ({memory:.0f} MB), again {again:.2f} s ({memory_again:.0f} MB)"
    )
    # With 0.3 s of decoding on two processors at rest these are 15 s and 1 s.
    assert first / decoding < 50
    assert again / decoding < 3.3
    assert memory < 600
    assert memory_again < 200
