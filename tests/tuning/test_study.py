"""Searches with each sampler and pruner: the same seed gives the same points, also after kill -9 and for several."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from audioclf.core.errors import RunError
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import open_run
from audioclf.jobs.queue import start_process
from audioclf.models import MODELS
from audioclf.tuning import Range, Search, SearchRun, create_search, execute_search, open_search, run_search
from audioclf.tuning.study import JOURNAL, SharedStudy, in_order

DRAWN: dict[str, Any] = {"model.C": Range(0.001, 100, True), "feature.n_mels": [8, 12, 16]}
GRID: dict[str, Any] = {"model.C": [0.01, 1.0, 100.0], "feature.n_mels": [8, 12]}


def search_of(experiment: Experiment, sampler: str, **changes: Any) -> Search:
    if sampler == "grid":
        return Search(experiment, GRID, **changes)
    return Search(experiment, DRAWN, sampler=sampler, n_points=8, **changes)


def results(made: SearchRun) -> list[tuple[int, dict[str, Any], float | None]]:
    """Number, settings and validation loss of every point."""
    return sorted((line.number, dict(line.settings), line.val_loss) for line in made.board)


@pytest.mark.parametrize("sampler", ["grid", "random", "tpe"])
def test_kill_9_and_resume_give_the_points_of_an_uninterrupted_search(
    experiment: Experiment, tmp_path: Path, sampler: str
) -> None:
    search = search_of(experiment, sampler).replace(n_points=6)
    whole = run_search(search, tmp_path / "whole")
    assert [line.state for line in whole.board] == ["done"] * search.count
    expected = results(whole)
    assert len({json.dumps(settings) for _, settings, _ in expected}) == search.count
    for number, settings, _ in expected:
        assert open_run(whole.point_folder(number)).experiment == search.point(number, settings).experiment
    assert set(whole.importance) == set(search.grid)
    assert sum(whole.importance.values()) == pytest.approx(1)

    folder = tmp_path / "killed"
    create_search(search, folder)
    script = (  # copies of one process, each killed as a point's training begins
        "import os, signal, sys; from pathlib import Path; import optuna, sklearn.linear_model, skops.io\n"
        "from audioclf.tuning import *\n"
        "def stop():\n"
        "    if len(list(Path(sys.argv[1]).glob('points/*/experiment.toml'))) >= number:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return False\n"
        "for number in (2, 5):\n"
        "    if (copy := os.fork()) == 0:\n"
        "        execute_search(open_search(sys.argv[1]), should_stop=stop)\n"
        "        os._exit(1)\n"
        "    assert os.waitpid(copy, 0)[1] == signal.SIGKILL\n"
        "    assert len(open_search(sys.argv[1]).runs) == number"
    )
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len(open_search(folder).runs) == 5
    with (folder / JOURNAL).open("a") as file:
        file.write('{"op_code":4,"wor')  # as a full disk leaves it
    made = execute_search(open_search(folder))
    assert results(made) == expected
    assert made.importance == whole.importance


@pytest.mark.parametrize("sampler", ["random", "tpe"])
def test_another_seed_gives_other_points(experiment: Experiment, tmp_path: Path, sampler: str) -> None:
    first, second, again = (
        points(SharedStudy(search_of(experiment, sampler, seed=seed), tmp_path / name))
        for seed, name in ((1, "a"), (2, "b"), (1, "c"))
    )
    assert first == again != second


def points(study: SharedStudy) -> list[dict[str, Any]]:
    """All points of a search whose results are the number of bands."""
    found = []
    while (trial := study.take(skip=set())) is not None:
        found.append(dict(trial.point.settings))
        trial.finish(float(trial.point.settings["feature.n_mels"]))
        trial.release()
    return found


def test_tpe_learns_and_random_does_not(experiment: Experiment, tmp_path: Path) -> None:
    grid = {"model.C": Range(0.001, 100, True), "feature.n_mels": Range(8, 200)}
    few = {
        sampler: [
            settings["feature.n_mels"]
            for settings in points(
                SharedStudy(Search(experiment, grid, sampler=sampler, n_points=40), tmp_path / sampler)
            )
        ]
        for sampler in ("random", "tpe")
    }
    for drawn in few.values():
        assert all(8 <= value <= 200 for value in drawn)
    assert sum(few["tpe"][20:]) < 0.6 * sum(few["random"][20:])


def test_a_logarithmic_range_draws_every_decade_alike(experiment: Experiment, tmp_path: Path) -> None:
    grid = {"training.learning_rate": {"low": 1e-4, "high": 1.0, "log": True}, "feature.n_mels": [8]}
    search = Search(experiment, grid, sampler="random", n_points=72)
    rates = [settings["training.learning_rate"] for settings in points(SharedStudy(search, tmp_path / "search"))]
    assert len(set(rates)) == 72
    # four decades: a quarter each; four standard deviations of a binomial are 0.2
    for decade in (1e-4, 1e-3, 1e-2, 1e-1):
        assert sum(decade <= rate < 10 * decade for rate in rates) / len(rates) == pytest.approx(0.25, abs=0.2)


def test_all_of_a_small_space_is_drawn_once_and_only_what_can_be_made(experiment: Experiment, tmp_path: Path) -> None:
    grid = {"feature.n_mels": [8, 9, 10, 11], "model.C": [0.1, 1.0]}
    for sampler in ("random", "tpe"):
        search = Search(experiment, grid, sampler=sampler, n_points=8)
        found = points(SharedStudy(search, tmp_path / sampler))
        assert sorted(map(str, found)) == sorted(
            str(dict(point.settings)) for point in Search(experiment, grid).preview
        )
    grid = {"feature.fmin": Range(0, 9000), "feature.fmax": Range(1000, 11000), "feature.n_mels": [8]}
    for settings in points(SharedStudy(Search(experiment, grid, sampler="random", n_points=30), tmp_path / "fmin")):
        assert settings["feature.fmin"] < settings["feature.fmax"]


@pytest.mark.parametrize(("pruner", "n_good"), [("median", 2), ("hyperband", 4)])
def test_a_bad_point_is_stopped_early_and_stays_a_readable_run(
    experiment: Experiment, tmp_path: Path, pruner: str, n_good: int
) -> None:
    network = experiment.replace(model=MODELS["mlp"](units=(8,))).with_settings({"training.epochs": 9})
    rates = [*(0.01, 0.02, 0.03, 0.015)[:n_good], *(1e-7, 2e-7, 3e-7, 4e-7)[:n_good]]
    search = Search(network, {"training.learning_rate": rates}, pruner=pruner)
    made = run_search(search, tmp_path / "search")
    states = {line.number: line.state for line in made.board}
    pruned = [number for number, state in states.items() if state == "pruned"]
    assert pruned
    if pruner == "median":
        assert set(pruned) >= {3, 4}
    for number, state in states.items():
        run = open_run(made.point_folder(number))
        assert run.status.state == state
        assert (len(run.history) < 9) == (state == "pruned")
        assert run.has_metrics == (state == "done")
    for number in pruned:
        run = open_run(made.point_folder(number))
        assert "Stopped after epoch" in run.status.message
        assert run.status.ended
        assert not (run.folder / "attempt").exists()
    assert made.best is not None
    assert made.best.number <= n_good
    assert made.result()["n_pruned"] == len(pruned)
    before = {number: len(open_run(made.point_folder(number)).history) for number in pruned}
    execute_search(made)  # what was pruned stays so
    assert before == {number: len(open_run(made.point_folder(number)).history) for number in pruned}


def test_processes_that_share_a_journal_share_the_points(experiment: Experiment, tmp_path: Path) -> None:
    made = create_search(search_of(experiment, "tpe"), tmp_path / "search")
    script = (
        "import sys, time; from pathlib import Path\n"
        "from audioclf.tuning import open_search; from audioclf.tuning.study import SharedStudy\n"
        "made = open_search(sys.argv[1]); study = SharedStudy(made.search, made.folder)\n"
        "print('ready', flush=True); sys.stdin.readline()\n"
        "while (trial := study.take(skip=set())) is not None:\n"
        "    time.sleep(0.05); trial.finish(trial.number); trial.release(); print(trial.number, flush=True)\n"
    )
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", script, str(made.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    outputs = []
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    for process in processes:
        out, err = process.communicate(timeout=600)
        assert process.returncode == 0, err
        outputs.append([int(line) for line in out.split()])
    assert sorted(number for numbers in outputs for number in numbers) == list(range(1, 9))
    trials = SharedStudy(made.search, made.folder).trials
    assert [trial.value for trial in trials] == [1, 2, 3, 4, 5, 6, 7, 8]


def test_a_process_that_joins_takes_points_of_a_search_under_way(experiment: Experiment, tmp_path: Path) -> None:
    network = experiment.replace(model=MODELS["mlp"](units=(4,))).with_settings({"training.epochs": 3})
    search = Search(network, {"training.learning_rate": [0.001, 0.002, 0.003, 0.004, 0.005, 0.006]})
    made = create_search(search, tmp_path / "search")
    import keras  # noqa: F401 (so that this process takes its first point before the other has made all)

    leading = start_process(made)
    end = time.monotonic() + 600
    while not made.runs:
        assert leading.poll() is None, (made.folder / "log.txt").read_text()
        assert time.monotonic() < end
        time.sleep(0.02)
    with pytest.raises(RunError, match="by another process"):
        execute_search(open_search(made.folder))
    execute_search(open_search(made.folder), join=True)
    assert leading.wait(timeout=240) == 0, (made.folder / "log.txt").read_text()
    assert made.status.state == "done"
    assert made.result()["n_done"] == 6
    assert {run.status.pid for run in made.runs} == {leading.pid, os.getpid()}
    for run in made.runs:
        assert [row["epoch"] for row in run.history] == [1, 2, 3]


def test_a_journal_is_lines_of_json_and_nothing_in_the_folder_is_unpickled(
    experiment: Experiment, tmp_path: Path
) -> None:
    from optuna.storages.journal import JournalFileBackend
    from optuna.storages.journal._base import BaseJournalSnapshot

    assert not issubclass(JournalFileBackend, BaseJournalSnapshot)  # snapshots would be pickles
    study = SharedStudy(search_of(experiment, "tpe"), tmp_path)
    points(study)
    for line in (tmp_path / JOURNAL).read_text(encoding="utf-8").splitlines():
        assert isinstance(json.loads(line), dict)


def foreign(name: str, good: str) -> str:
    lines = good.splitlines()
    trial = json.loads(lines[1])
    if name == "another number":
        trial["params"]["model.C"] = 1e9
    elif name == "another choice":
        trial["params"]["feature.n_mels"] = 17
    elif name == "another parameter":
        trial["distributions"]["os"] = trial["distributions"].pop("model.C")
        trial["params"]["os"] = trial["params"].pop("model.C")
    elif name == "no parameters":
        trial["params"], trial["distributions"] = {}, {}
    elif name == "pickled attributes":
        trial["system_attrs"] = {"cma:optimizer:0": "80049520000000"}
    elif name == "too many":
        lines += lines[1:] * 9
    elif name == "another study":
        lines[0] = lines[0].replace('"search"', '"theirs"')
    elif name == "garbage":
        return "\x80\x04\x95 no journal\n" + good
    elif name == "an operation that is none":
        lines.append('{"op_code": 99, "worker_id": "x"}')
    elif name == "lists":
        lines.append("[[[[]]]]")
    lines[1] = json.dumps(trial)
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Of a search whose points have all been drawn."""
    folder = tmp_path_factory.mktemp("journal")
    points(SharedStudy(search_of(Experiment(model=MODELS["logreg"]()), "random"), folder))
    return (folder / JOURNAL).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [
        "another number",
        "another choice",
        "another parameter",
        "no parameters",
        "pickled attributes",
        "too many",
        "another study",
        "garbage",
        "an operation that is none",
        "lists",
    ],
)
def test_a_foreign_or_damaged_journal_is_refused_in_a_sentence(
    experiment: Experiment, tmp_path: Path, name: str, journal: str
) -> None:
    made = create_search(search_of(experiment, "random"), tmp_path / "search")
    (made.folder / JOURNAL).write_text(foreign(name, journal), encoding="utf-8")
    with pytest.raises(RunError, match=r"journal.jsonl of search 'search' cannot be read"):
        execute_search(made)
    assert made.status.state == "failed"
    assert "begin a new search" in made.status.message
    assert "\n" not in made.status.message


def test_points_that_were_drawn_without_a_journal_are_shown_and_not_gone_on_with(
    experiment: Experiment, tmp_path: Path
) -> None:
    made = run_search(search_of(experiment, "random"), tmp_path / "search")
    before = results(made)
    (made.folder / JOURNAL).unlink()
    for run in made.runs:
        (run.folder / "point.json").unlink()
    old = open_search(made.folder)
    assert results(old) == before
    assert old.best == made.best
    with pytest.raises(RunError, match="begin a new search"):
        execute_search(old)


def test_a_grid_goes_on_without_a_journal(experiment: Experiment, tmp_path: Path) -> None:
    made = run_search(search_of(experiment, "grid"), tmp_path / "search")
    before = results(made), [run.status.updated for run in made.runs]
    (made.folder / JOURNAL).unlink()
    for name in ("metrics.json", "status.json"):
        (made.point_folder(4) / name).unlink()
    again = execute_search(open_search(made.folder))
    assert results(again) == before[0]
    changed = [run.status.updated != then for run, then in zip(again.runs, before[1], strict=True)]
    assert changed == [False, False, False, True, False, False]


def test_points_with_equal_features_follow_each_other(experiment: Experiment) -> None:
    search = Search(experiment, {"feature.n_mels": [8, 12], "model.C": [0.1, 1.0], "feature.n_fft": [256, 512]})
    order = in_order(search)
    assert sorted(order) == list(range(1, 9))
    features = [repr(search.preview[number - 1].experiment.features) for number in order]
    assert features == [name for name in dict.fromkeys(features) for _ in range(2)]
