"""Several fits at a time: real processes, whose run is killed, stopped and resumed."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from audioclf.core import limits
from audioclf.datasets.splits import KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.progress import Progress, ProgressWriter, Watched, revoke
from audioclf.experiments.runs import FitKey, Run, RunWriter, create_run
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.training import Epoch, Training

SCRIPT = """
import sys, time
from audioclf import cli
from audioclf.experiments import parallel
from audioclf.jobs import worker
from audioclf.training.step import Step
parallel.PAYS = float(sys.argv.pop(1))
step = Step.__call__  # a run that waits for another process to begin shall not take the processor from it
Step.__call__ = lambda self, *batch: (time.sleep(0.02), step(self, *batch))[1]
sys.exit(worker.main(sys.argv[1:]) if len(sys.argv) == 2 else cli.main())
"""


def start(run: Run, pays: float, *command: str) -> subprocess.Popen[bytes]:
    """Make a run as the app does, or by a command of the command line."""
    with (run.folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(pays), *(command or (str(run.folder),))],
            stdout=log,
            stderr=log,
            env=os.environ | {"AUDIOCLF_FIT_PROCESSES": "2"},
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


HANG = 600.0
"""Seconds after which a broken program ends a test."""


def quick(folder: Path, n_splits: int, epochs: int) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(folder)),
        features=(Mel(n_mels=32),),
        split=KFold(n_splits=n_splits, validation_size=0.3),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=epochs, batch_size=4),
    )


def workers(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Processes that train beside a run's own."""
    found = []
    for child in psutil.Process(process.pid).children():
        with contextlib.suppress(psutil.Error):
            if "popen_loky" in " ".join(child.cmdline()) and child.status() != psutil.STATUS_ZOMBIE:
                found.append(child)
    return found


def kill_at_work(worker: psutil.Process, run: Run) -> None:
    wait(lambda: worker.cpu_times().user > 2, run)
    worker.kill()
    wait(lambda: not worker.is_running() or worker.status() == psutil.STATUS_ZOMBIE, run)


def wait(condition: Callable[[], bool], run: Run, seconds: float = HANG) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{run.status}\n{(run.folder / 'log.txt').read_text()[-3000:]}"
        time.sleep(0.05)


def lines(run: Run) -> dict[tuple[str, int], tuple[Any, Any]]:
    rows = run.history
    found = {(row["fit"], row["epoch"]): (row["loss"], row["val_loss"]) for row in rows}
    assert len(found) == len(rows)
    for fit in {fit for fit, _ in found}:
        epochs = [row["epoch"] for row in rows if row["fit"] == fit]
        assert epochs == list(range(1, len(epochs) + 1))
    return found


def test_killed_and_resumed_alone_every_epoch_is_the_same(class_folders: Path, tmp_path: Path) -> None:
    experiment = quick(class_folders, n_splits=2, epochs=5000)
    run = create_run(experiment, tmp_path / "run")
    process = start(run, pays=0.2)
    wait(lambda: sum(fit == "s01-m0" for fit, _ in lines(run)) >= 3, run)  # a worker's, beside the first
    assert run.status.state == "running"
    wait(lambda: "2 models at a time" in run.status.message, run)
    assert 0 < run.status.fraction < 0.9
    (worker,) = workers(process)
    process.kill()
    process.wait()
    worker.wait(HANG)  # it ends with the one it works for
    assert run.status.state == "interrupted"
    before = lines(run)

    process = start(run, pays=1e9)
    wait(lambda: len(lines(run)) > len(before) + 2, run)
    assert not workers(process)
    (run.folder / "stop").touch()
    assert process.wait(HANG) == 0
    assert run.status.state == "stopped"
    after = lines(run)
    same = [after[key] == before[key] for key in before if key in after]
    assert sum(same) >= len(before) - 2  # the epochs that no checkpoint had yet are made again
    assert all(same)

    # Ctrl-C in a terminal is sent to all processes of the command
    process = start(run, 0.2, "run", "any", "--out", str(run.folder), "--resume")
    wait(lambda: len(workers(process)) == 1, run)
    (worker,) = workers(process)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(HANG) == 130
    worker.wait(HANG)
    assert run.status.state == "stopped"
    log = (run.folder / "log.txt").read_text()
    assert f"Stopped; go on with: audioclf run any --out {run.folder} --resume" in log
    assert "Traceback" not in log
    assert len(lines(run)) >= len(after)


FITS = [FitKey(number, 0) for number in range(4)]


def epoch(number: int, seconds: float = 2.0) -> Epoch:
    return Epoch(number, 1.0, 0.5, 1.0, 0.5, 0.001, seconds, 100.0, 0.0)


@pytest.fixture
def progress(tmp_path: Path) -> tuple[Run, Progress]:
    run = create_run(Experiment(), tmp_path / "run")
    (run.fit_folder("s00-m0")).mkdir(parents=True)
    (run.fit_folder("s00-m0") / "test.npz").touch()
    return run, Progress(run, RunWriter(run), FITS, 10)


def test_progress_is_counted_over_all_fits(progress: tuple[Run, Progress]) -> None:
    run, found = progress
    assert found.done == {"s00-m0"}
    assert (found.fraction, found.seconds_left(1), found.seconds_of(FITS)) == (0.25, None, 0.0)
    writer = ProgressWriter(run.fit_folder("s01-m0"))
    writer.epoch(epoch(1, 5.0))
    found.read(FITS[1])
    assert found.seconds_of(FITS[2:]) == 0  # the first epoch holds the compilation
    writer.epoch(epoch(2))
    found.read(FITS[1])
    found.read(FITS[1])
    assert found.fraction == pytest.approx((1 + 0.2) / 4)
    assert found.seconds_of(FITS[2:]) == pytest.approx(2 * 10 * 2)
    assert found.seconds_left(1) == pytest.approx((8 + 10 + 10) * 3.5)
    assert found.seconds_left(2) == pytest.approx(14 * 3.5)
    assert [(row["fit"], row["split_index"], row["epoch"]) for row in run.history] == [
        ("s01-m0", 1, 1),
        ("s01-m0", 1, 2),
    ]
    found.end(FITS[1])
    assert found.fraction == pytest.approx(0.5)


def test_an_epoch_stands_in_the_history_once_whoever_made_it(progress: tuple[Run, Progress]) -> None:
    run, found = progress
    folder = run.fit_folder("s02-m0")
    first = ProgressWriter(folder)
    first.epoch(epoch(1))
    first.epoch(epoch(2))
    found.read(FITS[2])
    second = ProgressWriter(folder)  # without a checkpoint it begins anew
    assert first.lost(now=True)
    assert not second.lost(now=True)
    first.epoch(epoch(3))  # of an attempt that does not know yet
    for number in (1, 2, 3, 4):
        second.epoch(epoch(number, 9.0))
    with (folder / "progress.jsonl").open("a") as file:
        file.write('{"epoch": [5, 1.0')  # being written
    found.read(FITS[2])
    assert [(row["epoch"], row["seconds"]) for row in run.history] == [(1, 2.0), (2, 2.0), (3, 9.0), (4, 9.0)]
    revoke(folder)
    assert second.lost(now=True)
    found.read(FITS[2])
    assert len(run.history) == 4


def test_epochs_of_a_fit_that_outlived_its_run_are_not_lost(progress: tuple[Run, Progress]) -> None:
    run, _ = progress
    writer = ProgressWriter(run.fit_folder("s00-m0"))
    for number in (1, 2, 3):
        writer.epoch(epoch(number))
    RunWriter(run).epoch(FITS[0], epoch(1))
    found = Progress(run, RunWriter(run), FITS, 10)
    assert [(row["fit"], row["epoch"]) for row in run.history] == [("s00-m0", 1), ("s00-m0", 2), ("s00-m0", 3)]
    assert found.fraction == 0.25


def test_a_run_that_nobody_makes_any_more_is_noticed(tmp_path: Path) -> None:
    run = create_run(Experiment(), tmp_path / "run")
    assert not Watched(run, seconds=60)()
    gone = Watched(run, seconds=0.0)
    time.sleep(0.01)
    assert gone()


@pytest.mark.long
def test_a_fit_whose_process_dies_twice_is_reported_and_the_others_finish(class_folders: Path, tmp_path: Path) -> None:
    experiment = quick(class_folders, n_splits=3, epochs=300)
    run = create_run(experiment, tmp_path / "run")
    process = start(run, 0.01)
    for _ in range(2):
        wait(lambda: len(workers(process)) == 1, run)
        kill_at_work(workers(process)[0], run)
    assert process.wait(600) == 0, "refused in words"
    assert run.status.state == "failed"
    assert re.search(r"1 of 3 models could not be trained \(s0[12]-m0\): Its process died 2 times", run.status.message)
    done = [fit for fit in ("s00-m0", "s01-m0", "s02-m0") if (run.fit_folder(fit) / "test.npz").is_file()]
    assert len(done) == 2

    process = start(run, 1e9)  # resumed, it is made after all
    assert process.wait(600) == 0
    assert run.status.state == "done"


@pytest.mark.parametrize(("jobs", "asked", "expected"), [("1", "0", 4), ("2", "0", 2), ("9", "0", 1), ("2", "3", 3)])
def test_jobs_share_the_processors(jobs: str, asked: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "cores", lambda: 4)
    monkeypatch.setenv("AUDIOCLF_MAX_JOBS", jobs)
    monkeypatch.setenv("AUDIOCLF_FIT_PROCESSES", asked)
    assert limits.fit_processes() == expected
