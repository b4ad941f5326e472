"""Jobs are real processes: they are started in turn, stopped, killed, resumed and adopted."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from audioclf.core import workspaces
from audioclf.core.errors import RunError
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import execute
from audioclf.experiments.runs import Run, RunWriter, create_run, open_run, process_created
from audioclf.features import Mel
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.training import Training


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def supervisor(home: Path) -> Iterator[queue.Supervisor]:
    supervisor = queue.Supervisor(max_jobs=1, interval=0.1)
    yield supervisor
    end(supervisor)


def end(supervisor: queue.Supervisor) -> None:
    """Close it, and leave none of its processes behind."""
    supervisor.close()
    for child in supervisor._children.values():
        queue.kill_tree(child.pid)
        child.wait()


def experiment(folder: Path, **training: object) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(folder)),
        features=(Mel(n_mels=32),),
        split=Holdout(test_size=0.34, validation_size=0.25),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(**{"epochs": 3, "batch_size": 4, **training}),  # type: ignore[arg-type]
    )


def wait(condition: Callable[[], bool], run: Run, seconds: float = 600) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        log = run.folder / "log.txt"
        text = log.read_text()[-3000:] if log.exists() else ""
        assert time.monotonic() < end, f"{run.status}\n{text}"
        time.sleep(0.05)


def test_a_job_is_made_to_its_end(supervisor: queue.Supervisor, class_folders: Path) -> None:
    run = queue.submit(experiment(class_folders), name="mine")
    assert run.status.state == "queued"
    supervisor.start()
    wait(lambda: run.status.ended, run)
    assert run.status.state == "done", run.status
    assert [item["epoch"] for item in run.history] == [1, 2, 3]
    assert run.metrics["n_test"] == len(run.predictions) == 4
    assert run.name == "mine"


def test_a_run_that_someone_makes_already_is_taken_up_by_nobody_else(
    supervisor: queue.Supervisor, class_folders: Path
) -> None:
    folder = workspaces.runs_folder() / "mine"
    run = create_run(experiment(class_folders), folder, begun=True)
    supervisor.step()
    assert not supervisor._children
    assert run.status.pid == os.getpid()
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as other:
        RunWriter(run).status(state="running", pid=other.pid, pid_created=process_created(other.pid))
        with pytest.raises(RunError, match="is being made by another process"):
            execute(run)
        assert run.status.pid == other.pid
        other.communicate(b"\n")
    assert run.status.state == "interrupted"
    assert not (folder / "models").exists()


def test_killed_with_9_then_resumed_every_epoch_stands_once(supervisor: queue.Supervisor, class_folders: Path) -> None:
    run = queue.submit(experiment(class_folders, epochs=40))
    supervisor.start()
    wait(lambda: len(run.history) >= 3, run)
    psutil.Process(run.status.pid).kill()
    wait(lambda: "killed" in run.status.message, run)  # known at once, and why as soon as the supervisor looks
    assert run.status.state == "interrupted"
    worked = run.status.worked
    assert worked > 0
    before = {item["epoch"]: item["loss"] for item in run.history}
    queue.resume(run)
    wait(lambda: run.status.ended, run)
    assert run.status.state == "done", run.status
    history = run.history
    assert [item["epoch"] for item in history] == list(range(1, 41))
    after = {item["epoch"]: item["loss"] for item in history}
    for epoch in list(before)[:-1]:
        assert after[epoch] == before[epoch]
    assert run.status.spent == pytest.approx(worked, abs=0.1)  # the time before counts, the time it lay still does not
    assert run.metrics["seconds"] > run.metrics["seconds_training"] > worked


def test_stop_is_heeded_and_resume_goes_on(supervisor: queue.Supervisor, class_folders: Path) -> None:
    run = queue.submit(experiment(class_folders, epochs=5000))
    supervisor.start()
    wait(lambda: len(run.history) >= 2, run)
    with pytest.raises(RunError, match="only a stopped"):
        queue.resume(run)
    queue.stop(run)
    wait(lambda: run.status.ended, run)
    assert run.status.state == "stopped"
    done = len(run.history)
    queue.resume(run)
    wait(lambda: len(run.history) > done, run)
    queue.stop(run)
    wait(lambda: run.status.ended and not supervisor._children, run)
    assert run.status.state == "stopped"  # also after the supervisor has seen the process end
    epochs = [item["epoch"] for item in run.history]
    assert epochs == list(range(1, len(epochs) + 1))


def test_a_job_that_does_not_listen_is_killed(
    supervisor: queue.Supervisor, class_folders: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "GRACE", 0.3)
    run = queue.submit(experiment(class_folders, epochs=5000))
    supervisor.start()
    wait(lambda: len(run.history) >= 1, run)
    process = psutil.Process(run.status.pid)
    process.suspend()
    queue.stop(run)
    wait(lambda: run.status.ended, run)
    assert run.status.state == "stopped"
    assert not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


def test_one_that_stops_before_it_was_seen_to_be_asked_was_stopped(
    supervisor: queue.Supervisor, class_folders: Path
) -> None:
    run = queue.submit(experiment(class_folders, epochs=5000))
    supervisor.step()
    (child,) = supervisor._children.values()
    wait(lambda: len(run.history) >= 1, run)
    queue.stop(run)
    child.wait()
    supervisor.step()
    assert run.status.state == "stopped"
    assert "by itself" not in run.status.message


def test_a_supervisor_keeps_to_the_data_home_it_began_with(
    home: Path, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.mkdir()
    first = queue.ensure_supervisor()
    while not (home / "supervisor").exists():
        time.sleep(0.05)
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "another home"))
    run = queue.submit(experiment(class_folders).replace(model=MODELS["logreg"]()))
    second = queue.ensure_supervisor()
    assert second is not first
    assert not (home / "supervisor").exists(), "another process may serve it from now on"
    assert queue.ensure_supervisor() is second
    try:
        wait(lambda: run.status.ended, run)
        assert run.status.state == "done", run.status
        assert not first._children
    finally:
        end(second)


def test_a_living_job_is_adopted_by_the_next_supervisor(home: Path, class_folders: Path) -> None:
    first = queue.Supervisor(max_jobs=1, interval=0.1)
    first.start()
    run = queue.submit(experiment(class_folders, epochs=5000))
    wait(lambda: len(run.history) >= 1, run)
    first.close()
    later = queue.submit(experiment(class_folders).replace(model=MODELS["logreg"]()))
    second = queue.Supervisor(max_jobs=1, interval=0.1)
    try:
        second.step()
        assert run.status.state == "running"
        assert later.status.state == "queued"  # the adopted job counts
        second.start()
        queue.stop(run)
        wait(lambda: run.status.ended, run)
        wait(lambda: later.status.ended, later)
        assert later.status.state == "done", later.status
    finally:
        end(second)
        end(first)


def test_a_failed_job_says_why_and_leaves_the_queue(supervisor: queue.Supervisor, tmp_path: Path) -> None:
    run = queue.submit(experiment(tmp_path / "nowhere"))
    supervisor.start()
    wait(lambda: run.status.ended, run)
    assert run.status.state == "failed"
    assert run.status.message.endswith(".")
    assert "Traceback" not in (run.folder / "log.txt").read_text()


def test_a_queued_job_can_be_stopped_before_it_begins(home: Path, class_folders: Path) -> None:
    first, second = (queue.submit(experiment(class_folders)) for _ in range(2))
    assert queue.queue_position(first) == 0
    assert queue.queue_position(second) == 1
    queue.stop(first)
    assert first.status.state == "stopped"
    assert queue.queue_position(second) == 0


def test_turns_are_fair_between_workspaces(home: Path, class_folders: Path) -> None:
    first, second = workspaces.new_id(), workspaces.new_id()
    busy = [queue.submit(experiment(class_folders), workspace=first) for _ in range(3)]
    late = queue.submit(experiment(class_folders), workspace=second)
    supervisor = queue.Supervisor(max_jobs=1)
    order = []
    queued = [*busy, late]
    while queued:
        chosen = supervisor._next(queued, [])
        supervisor._served[queue._workspace(chosen)] = time.monotonic()
        queued.remove(chosen)
        order.append(chosen.folder)
    assert order == [busy[0].folder, late.folder, busy[1].folder, busy[2].folder]
    assert supervisor._next([busy[1], late], [busy[0]]).folder == late.folder


def test_one_supervisor_is_in_charge_and_a_dead_one_is_replaced(home: Path) -> None:
    supervisor = queue.Supervisor()
    assert supervisor._in_charge()
    assert supervisor._in_charge()
    parent = os.getppid()
    (home / "supervisor").write_text(f"{parent} {psutil.Process(parent).create_time():.2f}")
    assert not supervisor._in_charge()
    (home / "supervisor").write_text("999999999 1.00")
    assert not supervisor._in_charge()
    assert supervisor._in_charge()


def test_runs_survive_being_opened_by_path(home: Path, class_folders: Path) -> None:
    run = queue.submit(experiment(class_folders))
    assert open_run(str(run.folder)).id == run.id
