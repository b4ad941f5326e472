"""Calls in other processes of this machine: their order, their errors, their deaths."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import psutil
import pytest

from audioclf.core import limits
from audioclf.core.errors import ParameterError, RunError, Stopped
from audioclf.core.pool import Pool, run_calls


def pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def fate(what: str, folder: str) -> Any:
    """End as asked, with a note that it began."""
    with (Path(folder) / what).open("a") as file:
        file.write("x")
    if what == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "dies once" and (Path(folder) / what).stat().st_size == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    if what == "refuses":
        raise ParameterError("Not so.", "way")
    if what == "fails":
        raise ValueError("a fault")
    return what


def facts() -> tuple[bool, int, str | None, float]:
    size, _ = resource.getrlimit(resource.RLIMIT_DATA)
    print("not for the answers")
    return limits.in_worker(), limits.fit_processes(), os.environ.get("OMP_NUM_THREADS"), size / 2**30


def test_each_call_ends_for_itself(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    names = ["dies", "fine", "refuses", "dies once", "fails", "also fine"]
    outcomes = run_calls(fate, [(name, str(tmp_path)) for name in names], workers=2)
    assert [outcome.name for outcome in outcomes] == list(range(6))
    assert [outcome.value for outcome in outcomes] == [None, "fine", None, "dies once", None, "also fine"]
    dead, _, refused, _, failed, _ = (outcome.error for outcome in outcomes)
    assert isinstance(dead, RunError)
    assert str(dead).startswith("Its process died 2 times")
    assert (tmp_path / "dies").read_text() == (tmp_path / "dies once").read_text() == "xx"
    assert isinstance(refused, ParameterError)
    assert refused.field == "way"
    assert isinstance(failed, ValueError)


def test_processes_are_quiet_bounded_and_start_none_themselves(capfd: pytest.CaptureFixture[str]) -> None:
    outcomes = run_calls(facts, [(), ()], workers=2, memory_gb=3.0)
    assert [outcome.value for outcome in outcomes] == [(True, 1, "1", 3.0)] * 2
    assert "not for the answers" not in capfd.readouterr().out


def works(child: psutil.Process) -> bool:
    """Whether a child is a worker that has not ended."""
    try:
        return "popen_loky" in " ".join(child.cmdline())
    except psutil.Error:  # ended meanwhile, or a zombie
        return False


def test_what_polling_raises_ends_all_calls() -> None:
    def poll() -> None:
        if psutil.Process().children():
            raise Stopped("Enough.")

    with pytest.raises(Stopped):
        run_calls(pid_after, [(600.0,)] * 2, workers=2, poll=poll)
    assert not [child for child in psutil.Process().children() if works(child)]


@pytest.mark.parametrize(("calls", "workers"), [(1, 4), (3, 1), (0, 2)])
def test_no_process_is_started_where_none_pays(calls: int, workers: int) -> None:
    outcomes = run_calls(pid_after, [(0.0,)] * calls, workers=workers)
    assert [outcome.value for outcome in outcomes] == [os.getpid()] * calls


def test_processes_are_used_again(tmp_path: Path) -> None:
    with Pool(1) as pool:
        found = []
        for number in range(3):
            pool.start(number, pid_after, 0.0)
            assert not pool.free
            found += pool.finished(60)
        assert len({outcome.value for outcome in found}) == 1
        assert pool.free == 1
    assert not psutil.pid_exists(found[0].value)


def test_a_process_does_not_outlive_its_parent() -> None:
    script = "import sys, time; from audioclf.core.pool import Pool; pool = Pool(1); pool.start(1, time.sleep, 600);"
    script += "time.sleep(3); import psutil; print([c.pid for c in psutil.Process().children()], flush=True);"
    script += "time.sleep(600)"
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    children = [psutil.Process(int(pid)) for pid in process.stdout.readline().strip("[]\n").split(",")]
    process.kill()
    process.wait()
    process.stdout.close()
    assert children
    psutil.wait_procs(children, timeout=60)
    assert not [child for child in children if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]
