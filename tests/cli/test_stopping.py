"""Ctrl-C and SIGTERM, sent to real processes: one sentence, the usual exit code, nothing left running, all to go on."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from audioclf.core.limits import cores
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.folder import JobFolder
from audioclf.tuning import SearchRun

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups to send a signal to")

HANG = 600.0
"""Seconds after which a broken program ends a test."""

SLOW = ("--set", "audio.duration=200", "--set", "features=[{kind='cqt', hop_length=64}]")
"""Seconds of work for every clip."""


def start(*arguments: object) -> subprocess.Popen[str]:
    """A command in a process group of its own, as a terminal starts it."""
    return subprocess.Popen(
        [sys.executable, "-m", "audioclf", *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # whoever runs the tests in the background has Ctrl-C ignored, and children inherit that
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )


def wait(condition: Callable[[], object], process: subprocess.Popen[str]) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + HANG
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end
        time.sleep(0.1)


def begun(cls: type[JobFolder], folder: Path) -> object:
    """Whether its making has begun."""
    return (folder / cls.recipe).is_file() and cls(folder).status.stage


def stopped(process: subprocess.Popen[str], number: signal.Signals, then: Callable[[], object] = lambda: None) -> str:
    """Send the signal as a terminal does, to all, then do what has to follow; returns the command's last sentence."""
    children = psutil.Process(process.pid).children(recursive=True)
    os.killpg(process.pid, number)
    then()
    out, err = process.communicate(timeout=HANG)
    assert process.returncode == 128 + number, err
    assert out == ""
    (sentence,) = [line for line in err.splitlines() if "Stopped" in line]
    assert "Traceback" not in err
    _, alive = psutil.wait_procs(children, timeout=HANG)
    assert not alive
    return sentence


def test_a_run_stopped_while_processes_compute_its_features(class_folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "a run"
    process = start("run", "instruments-mfcc-tree", "--dataset", class_folders, *SLOW, "--out", folder)
    family = psutil.Process(process.pid)

    def computing() -> bool:
        if cores() < 2:  # no others are started
            return begun(Run, folder) == "features"
        return any("popen_loky" in " ".join(child.cmdline()) for child in family.children())

    # these are still being started, and would report the interrupt one by one
    wait(computing, process)
    sentence = stopped(process, signal.SIGINT)
    words = shlex.split(sentence.removeprefix("Stopped; go on with: "))
    assert words == ["audioclf", "run", "instruments-mfcc-tree", "--out", str(folder), "--resume"]
    assert Run(folder).status.state == "stopped"
    assert "resume" in Run(folder).status.message


def test_a_search_is_stopped_and_goes_on(class_folders: Path, tmp_path: Path) -> None:
    folder = tmp_path / "search"
    shared = ("--dataset", class_folders, *SLOW, "--set", "split.validation_size=0.25")
    process = start("search", "instruments-mfcc-tree", *shared, "--grid", "model.max_depth=2,3", "--out", folder)
    wait(lambda: begun(SearchRun, folder), process)
    assert stopped(process, signal.SIGTERM) == f"Stopped; go on with: audioclf search --resume {folder}"
    assert SearchRun(folder).status.state == "stopped"


def test_a_reproduction_is_stopped_with_the_process_it_waits_for(
    write_tone: Callable[..., Path], tmp_path: Path
) -> None:
    for number in range(80):  # its batches are of 40 clips
        path = tmp_path / "tones" / ("low", "high")[number % 2] / f"{number}.wav"
        write_tone(path, frequency=220 * (1 + 7 * (number % 2)) + number, seconds=0.3, sr=8000)
    process = start("reproduce", "scenes-mfcc-mlp", "--dataset", tmp_path / "tones", "--out", tmp_path / "out")
    folder = tmp_path / "out" / "runs" / "scenes-mfcc-mlp"
    wait(lambda: begun(Run, folder) and Run(folder).history, process)
    # the run pauses in its training until it has been asked to stop, so it cannot come to its end before
    child = psutil.Process(Run(folder).status.pid)
    child.suspend()
    assert Run(folder).status.state == "running"

    def go_on() -> None:
        wait((folder / "stop").exists, process)
        child.resume()

    assert stopped(process, signal.SIGINT, go_on) == "Stopped; the same command goes on from there."
    assert Run(folder).status.state == "stopped"
    assert not Run(folder).has_metrics
