"""Several parts at a time: real helpers, whose run is killed, stopped and resumed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from audioclf.core import limits
from audioclf.datasets.splits import KFold, Split
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.fit import Part
from audioclf.experiments.parallel import Board
from audioclf.experiments.runs import Run, create_run
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.training import Epoch, Training

SCRIPT = """
import sys
from audioclf import cli
from audioclf.experiments import parallel
from audioclf.jobs import worker
parallel.PAYS = float(sys.argv.pop(1))
sys.exit(worker.main(sys.argv[1:]) if len(sys.argv) == 2 else cli.main())
"""


def start(run: Run, pays: float, *command: str) -> subprocess.Popen[bytes]:
    """Make a run as the app does, or by a command of the command line."""
    with (run.folder / "log.txt").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-c", SCRIPT, str(pays), *(command or (str(run.folder),))],
            stdout=log,
            stderr=log,
            env=os.environ | {"AUDIOCLF_PART_PROCESSES": "2"},
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )


HANG = 600.0
"""Seconds after which a broken program ends a test."""


def wait(condition: Callable[[], bool], run: Run, seconds: float = HANG) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"{run.status}\n{(run.folder / 'log.txt').read_text()[-3000:]}"
        time.sleep(0.05)


def lines(run: Run) -> dict[tuple[str, int], tuple[Any, Any]]:
    rows = run.history
    found = {(row["part"], row["epoch"]): (row["loss"], row["val_loss"]) for row in rows}
    assert len(found) == len(rows)
    for part in {part for part, _ in found}:
        epochs = [row["epoch"] for row in rows if row["part"] == part]
        assert epochs == list(range(1, len(epochs) + 1))
    return found


def test_killed_and_resumed_alone_every_epoch_is_the_same(class_folders: Path, tmp_path: Path) -> None:
    experiment = Experiment(
        dataset=DatasetChoice(str(class_folders)),
        features=(Mel(n_mels=32),),
        split=KFold(n_splits=2, validation_size=0.3),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=5000, batch_size=4),
    )
    run = create_run(experiment, tmp_path / "run")
    process = start(run, pays=0.2)
    wait(lambda: sum(part == "s01-m0" for part, _ in lines(run)) >= 3, run)  # a helper's, beside the first
    assert run.status.state == "running"
    wait(lambda: "2 models at a time" in run.status.message, run)
    assert 0 < run.status.fraction < 0.9
    (helper,) = psutil.Process(process.pid).children()
    process.kill()
    process.wait()
    helper.wait(HANG)  # it ends with the one it helped
    assert run.status.state == "interrupted"
    before = lines(run)

    process = start(run, pays=1e9)
    wait(lambda: len(lines(run)) > len(before) + 2, run)
    assert not psutil.Process(process.pid).children()
    (run.folder / "stop").touch()
    assert process.wait(HANG) == 0
    assert run.status.state == "stopped"
    after = lines(run)
    same = [after[key] == before[key] for key in before if key in after]
    assert sum(same) >= len(before) - 2  # the epochs that no checkpoint had yet are made again
    assert all(same)

    # Ctrl-C in a terminal is sent to all processes of the command
    process = start(run, 0.2, "run", "any", "--out", str(run.folder), "--resume")
    wait(lambda: len(psutil.Process(process.pid).children()) == 1, run)
    (helper,) = psutil.Process(process.pid).children()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(HANG) == 130
    helper.wait(HANG)
    assert run.status.state == "stopped"
    log = (run.folder / "log.txt").read_text()
    assert f"Stopped; go on with: audioclf run any --out {run.folder} --resume" in log
    assert "Traceback" not in log
    assert len(lines(run)) >= len(after)


PARTS = [Part(f"s{n:02d}-m0", Split("fold", (0,), (), (1,)), 0) for n in range(4)]
EPOCH = Epoch(5, 1.0, 0.5, 1.0, 0.5, 0.001, 2.0, 100.0)


def test_the_board_counts_over_all_parts() -> None:
    board = Board(PARTS, {"s00-m0": 10, "s01-m0": 5, "s02-m0": 0, "s03-m0": 0}, {"s00-m0"}, 10)
    assert board.fraction == pytest.approx((1 + 0.5) / 4)
    assert board.seconds_left is None
    assert board.waiting_seconds == 0
    first = board.take()
    assert first is PARTS[1]
    board.epoch(first, EPOCH)
    assert board.waiting_seconds == 0  # the first epoch holds the compilation
    board.epoch(first, EPOCH)
    assert board.waiting_seconds == pytest.approx(2 * 20)
    assert board.seconds_left == pytest.approx(2 * 25)
    second = board.take()
    assert second is PARTS[2]
    assert board.seconds_left == pytest.approx(2 * 25 / 2)
    board.end(first)
    assert board.fraction == pytest.approx(0.5)
    board.give_back(second)
    assert board.take() is second
    assert board.take() is PARTS[3]
    assert board.take() is None


def test_every_part_is_taken_once_whoever_asks() -> None:
    parts = [Part(f"s{n:03d}-m0", PARTS[0].split, 0) for n in range(500)]
    board = Board(parts, dict.fromkeys((part.id for part in parts), 0), set(), 1)
    taken: list[Part] = []

    def work() -> None:
        while (part := board.take()) is not None:
            taken.append(part)
            board.end(part)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(part.id for part in taken) == [part.id for part in parts]
    assert board.fraction == pytest.approx(1)


@pytest.mark.parametrize(("jobs", "asked", "expected"), [("1", "0", 4), ("2", "0", 2), ("9", "0", 1), ("2", "3", 3)])
def test_jobs_share_the_processors(jobs: str, asked: str, expected: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "cores", lambda: 4)
    monkeypatch.setenv("AUDIOCLF_MAX_JOBS", jobs)
    monkeypatch.setenv("AUDIOCLF_PART_PROCESSES", asked)
    assert limits.part_processes() == expected
