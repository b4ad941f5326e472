"""Searches that are made: features once, validation chooses, stop, kill -9, resume."""

from __future__ import annotations

import itertools
import json
import math
import re
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

import audioclf
from audioclf.core import memory, workspaces
from audioclf.core.errors import AudioclfError, RunError, Stopped
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import create_run, open_run
from audioclf.features.cache import FeatureStore
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.tuning import Search, SearchRun, create_search, execute_search, list_searches, open_search, run_search
from audioclf.tuning.fairness import others_wait
from audioclf.tuning.shared_cache import SharedStore

GRID = {"feature.n_fft": [256, 512], "feature.hop_length": [64, 128], "feature.n_mels": [8, 12]}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A feature store of its own, so that what is in it can be counted."""
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))


def written() -> dict[str, int]:
    """Features in the store by name, with their inode: a feature that is put again has another."""
    return {path.name: path.stat().st_ino for path in FeatureStore().folder.glob("??/*.npy")}


def test_eight_points_compute_every_feature_once_and_the_lowest_loss_is_chosen(
    experiment: Experiment, tmp_path: Path
) -> None:
    seen: list[dict[str, int]] = []
    made = run_search(Search(experiment, GRID), tmp_path / "search", watch=lambda status: seen.append(written()))
    assert len(written()) == 8 * 12
    for before, after in itertools.pairwise(seen):
        assert before.items() <= after.items()
    status = made.status
    assert (status.state, status.fit, status.n_fits, status.fraction) == ("done", 8, 8, 1.0)
    board = made.board
    assert [standing.state for standing in board] == ["done"] * 8
    losses = [standing.val_loss for standing in board if standing.val_loss is not None]
    assert losses == sorted(losses)
    assert made.best == board[0]
    best = made.best
    assert best is not None
    assert best.val_loss == min(run.history[-1]["val_loss"] for run in made.runs)
    for point, run in zip(made.search.preview, made.runs, strict=True):
        assert run.experiment == point.experiment
        assert run.id == f"search.{point.number:02d}"
        assert open_run(run.folder).metrics["n_test"] == 4
    result = made.result()
    json.dumps(result, allow_nan=False)
    assert (result["n_points"], result["n_done"]) == (8, 8)
    assert result["best"]["settings"] == best.settings

    reads = written()
    again = run_search(Search(experiment, {**GRID, "model.C": [0.1, 10.0]}), tmp_path / "models")
    assert len(again.board) == 16
    assert written() == reads  # points that differ in the model only compute nothing


def test_points_with_equal_features_share_them_in_memory(
    experiment: Experiment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    get = FeatureStore.get

    def counted(self: FeatureStore, key: str) -> object:
        read.append(key)
        return get(self, key)

    monkeypatch.setattr(FeatureStore, "get", counted)
    run_search(Search(experiment, {"model.C": [0.1, 1.0, 10.0], "feature.n_mels": [8, 12]}), tmp_path / "search")
    assert len(read) == len(set(read)) == 2 * 12


def test_memory_is_bounded_and_another_process_gets_the_store_on_disk() -> None:
    import pickle

    import numpy as np

    store = SharedStore(share=400e-9 / 6)  # of 6 GB: room for one array of 100 values
    first, second = np.zeros(100, np.float32), np.ones(100, np.float32)
    store.put("aa", first)
    store.put("bb", second)
    assert store.get("bb") is second
    from_disk = store.get("aa")
    assert from_disk is not first
    np.testing.assert_array_equal(from_disk, first)
    assert store.get("aa") is from_disk
    assert store.get("bb") is not second
    assert type(pickle.loads(pickle.dumps(store))) is FeatureStore


def test_accuracy_chooses_where_it_is_asked_to(experiment: Experiment, tmp_path: Path) -> None:
    search = Search(experiment, {"model.kind": ["logreg", "tree"]}, metric="val_accuracy", share=0.75)
    made = run_search(search, tmp_path / "search", name="kinds")
    accuracies = [standing.val_accuracy for standing in made.board]
    assert accuracies == sorted(accuracies, key=lambda value: -(value or 0))
    assert made.name == "kinds"
    assert {len(run.clips) for run in made.runs} == {8}


def test_a_share_of_the_experiments_own_is_taken_once(experiment: Experiment, tmp_path: Path) -> None:
    less = experiment.with_settings({"dataset.share": 0.75, "model.kind": "knn", "model.n_neighbors": 2})
    made = run_search(Search(less, {"model.weights": ["uniform", "distance"]}), tmp_path / "search")
    assert {len(run.clips) for run in made.runs} == {8}


def test_a_stop_keeps_what_is_done_and_resuming_goes_on(experiment: Experiment, tmp_path: Path) -> None:
    folder = tmp_path / "search"
    with pytest.raises(Stopped):
        run_search(
            Search(experiment, {"model.C": [0.1, 1.0, 10.0]}),
            folder,
            should_stop=lambda: (folder / "points" / "search.01" / "metrics.json").exists(),
        )
    made = open_search(folder)
    assert made.status.state == "stopped"
    assert [standing.state for standing in made.board] == ["done", "waiting", "waiting"]
    first = (made.runs[0].folder / "metrics.json").stat().st_mtime_ns
    execute_search(made)
    assert made.status.state == "done"
    assert (made.runs[0].folder / "metrics.json").stat().st_mtime_ns == first
    assert len(made.runs) == 3


def test_a_point_whose_folder_was_not_finished_is_begun_anew(experiment: Experiment, tmp_path: Path) -> None:
    made = create_search(Search(experiment, {"model.C": [0.1, 1.0]}), tmp_path / "search")
    made.point_folder(1).mkdir(parents=True)
    (made.point_folder(1) / "run.json").write_text("{}")
    execute_search(made)
    assert [run.has_metrics for run in made.runs] == [True, True]


def test_what_cannot_work_is_a_sentence_in_the_folder(experiment: Experiment, tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no search"):
        open_search(tmp_path)
    run_search(Search(experiment, {"model.C": [1.0]}), tmp_path / "search")
    with pytest.raises(RunError, match="not empty; name a new one for the search"):
        run_search(Search(experiment, {"model.C": [1.0]}), tmp_path / "search")
    nowhere = experiment.with_settings({"dataset.name": str(tmp_path / "nowhere")})
    with pytest.raises(AudioclfError):
        run_search(Search(nowhere, {"model.C": [1.0]}), tmp_path / "gone")
    assert "nowhere" in open_search(tmp_path / "gone").status.message
    assert {made.id for made in list_searches(tmp_path)} == {"search", "gone"}
    open_search(tmp_path / "gone").delete()
    assert [made.id for made in list_searches(tmp_path)] == ["search"]


def wait(condition: Callable[[], bool], made: SearchRun, seconds: float = 600) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        log = made.folder / "log.txt"
        assert time.monotonic() < end, f"{made.status}\n{log.read_text()[-3000:] if log.exists() else ''}"
        time.sleep(0.05)


def test_killed_with_9_then_resumed_done_points_stay_and_the_one_under_way_goes_on(
    experiment: Experiment, tmp_path: Path
) -> None:
    network = experiment.replace(model=MODELS["mlp"](units=(4,))).with_settings({"training.epochs": 25})
    supervisor = queue.Supervisor(max_jobs=1, interval=0.1)
    try:
        made = queue.submit_search(Search(network, {"training.learning_rate": [0.001, 0.01]}), name="mine")
        supervisor.start()
        wait(lambda: len(made.runs) > 1 and len(made.runs[1].history) >= 3, made)
        psutil.Process(made.status.pid).kill()
        wait(lambda: "killed" in made.status.message, made)
        first, second = made.runs
        assert (made.status.state, second.status.state) == ("interrupted", "interrupted")
        assert [standing.state for standing in made.board] == ["done", "interrupted"]
        kept, before = first.metrics, {row["epoch"]: row["loss"] for row in second.history}
        queue.resume(made)
        wait(lambda: made.status.ended, made)
        assert made.status.state == "done", made.status
        assert first.metrics == kept
        assert [row["epoch"] for row in second.history] == list(range(1, 26))
        after = {row["epoch"]: row["loss"] for row in second.history}
        for epoch in list(before)[:-1]:
            assert after[epoch] == before[epoch]
        assert all(math.isfinite(standing.val_loss or math.nan) for standing in made.board)
        with pytest.raises(RunError, match="Search 'mine' is done"):
            queue.resume(made)
    finally:
        supervisor.close()
        for child in supervisor._children.values():
            queue.kill_tree(child.pid)
            child.wait()


def test_the_public_names(experiment: Experiment, tmp_path: Path) -> None:
    made = audioclf.run_search(audioclf.Search(experiment, {"model.C": [1.0]}), tmp_path / "search")
    assert audioclf.open_search(made.folder).best == made.best


def test_a_point_whose_process_ended_twice_in_one_epoch_is_passed_over(experiment: Experiment, tmp_path: Path) -> None:
    made = create_search(Search(experiment, {"model.C": [0.1, 1.0]}), tmp_path / "search")
    run = create_run(made.search.preview[0].experiment, made.point_folder(1))
    (run.folder / "attempt").write_text("0 2")
    execute_search(made)
    assert {standing.number: standing.state for standing in made.board} == {1: "failed", 2: "done"}
    assert "memory" in made.board[-1].message
    execute_search(made)  # asked again, it is tried again
    assert {standing.state for standing in made.board} == {"done"}


def test_between_points_a_search_gives_way_to_other_workspaces(experiment: Experiment) -> None:
    mine, other = workspaces.new_id(), workspaces.new_id()
    made = queue.submit_search(Search(experiment, {"model.C": [0.1, 1.0]}), workspace=mine)
    queue.submit(experiment, workspace=mine)
    assert not others_wait(made.folder)
    assert others_wait(made.folder, own=True)
    waiting = queue.submit(experiment, workspace=other)
    assert others_wait(made.folder)
    execute_search(made, give_way=lambda: others_wait(made.folder))
    assert made.status.state == "queued"
    assert [standing.state for standing in made.board] == ["done", "waiting"]
    queue.stop(waiting)
    execute_search(made, give_way=lambda: others_wait(made.folder))
    assert made.status.state == "done"


@pytest.mark.parametrize(
    ("code", "printed", "begun", "sentence"),
    [
        (-9, "", (0, 0), "SIGKILL"),
        (-11, "", (0, 0), "SIGSEGV"),
        (3, "", (0, 0), "exit code 3"),
        (-6, "std::bad_alloc", (0, 99), "SIGABRT"),
        (-6, "std::bad_alloc", None, "SIGABRT"),
        (-6, "std::bad_alloc", (0, 0), "memory ran out"),
        (-9, "std::bad_alloc", (-1, 0), "memory ran out"),
    ],
)
def test_memory_is_named_where_the_system_reported_it(
    experiment: Experiment, tmp_path: Path, code: int, printed: str, begun: tuple[int, int] | None, sentence: str
) -> None:
    made = create_search(Search(experiment, {"model.C": [0.1, 1.0]}), tmp_path / "search")
    (made.folder / "log.txt").write_text(printed)
    kills = 0 if begun is None else memory.oom_kills() + begun[0]
    message = queue._ending(code, False, made, None if begun is None else (kills, begun[1]))["message"]
    assert re.search(f"The search's process.*{sentence}", message)
    assert ("memory" in message) == (sentence == "memory ran out")
