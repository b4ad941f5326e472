"""The fits of a run on a Dask cluster of processes: spread, killed, the same figures as on one machine."""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from audioclf.audio.io import AudioSettings
from audioclf.core import cluster
from audioclf.core.errors import AudioclfError, ParameterError, RunError
from audioclf.core.pool import Pool, run_calls
from audioclf.datasets import load_dataset
from audioclf.datasets.splits import Holdout, KFold
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import execute
from audioclf.experiments.runs import Run, Status, create_run
from audioclf.features import Mel, extraction
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.tuning import Search, create_search, execute_search

pytest.importorskip("distributed", reason="the extra audioclf[cluster] is not installed")


class Dask:
    """A scheduler and its workers, each a process of its own on 127.0.0.1."""

    def __init__(self, folder: Path, tls: tuple[str, ...] = ()) -> None:
        with socket.socket() as found:
            found.bind(("127.0.0.1", 0))
            port = found.getsockname()[1]
        self.address = f"{'tls' if tls else 'tcp'}://127.0.0.1:{port}"
        self._folder = folder
        self._log = (folder / "dask.txt").open("ab")
        self._tls = tls
        self.scheduler = self._start("scheduler", "--host", self.address, "--no-dashboard", *tls)
        self.workers: list[subprocess.Popen[bytes]] = []

    def add(self, number: int) -> None:
        options = ("--no-nanny", "--nthreads", "1", "--no-dashboard", "--death-timeout", "120", *self._tls)
        for _ in range(number):
            place = str(self._folder / "scratch")
            self.workers.append(self._start("worker", self.address, *options, "--local-directory", place))

    def add_as_documented(self, place: Path) -> None:
        """A worker started in a folder by the command that :data:`cluster.START` gives."""
        environment, command = cluster.START.format(address=self.address).split(" dask ")
        name, value = environment.split("=")
        self.workers.append(self._start(*command.split(), "--no-dashboard", cwd=place, **{name: value}))

    def _start(self, *command: str, cwd: Path | None = None, **environment: str) -> subprocess.Popen[bytes]:
        paths = os.pathsep.join(filter(None, sys.path))  # they are called functions of this module
        return subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "dask", *command],
            stdout=self._log,
            stderr=self._log,
            cwd=cwd,
            env=os.environ | {"PYTHONPATH": paths} | environment,
        )

    def close(self) -> None:
        for process in (*self.workers, self.scheduler):
            with contextlib.suppress(psutil.NoSuchProcess):
                for child in psutil.Process(process.pid).children(recursive=True):  # a nanny's worker
                    child.kill()
            process.kill()
            process.wait()
        self._log.close()


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Dask]:
    found = Dask(tmp_path)
    monkeypatch.setenv("AUDIOCLF_SCHEDULER", found.address)
    yield found
    found.close()


def until(condition: Callable[[], bool], seconds: float = 300) -> None:
    """Wait for a condition; the bound is only there so that a broken program ends the test."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.1)


def until_there(number: int) -> None:
    """Wait for so many workers."""

    def there() -> bool:
        try:
            found = cluster.connect()
        except AudioclfError:  # not one yet
            return False
        n = found.workers
        found.close()
        return n == number

    until(there)


def five_folds(folder: Path, epochs: int) -> Experiment:
    return Experiment(
        dataset=DatasetChoice(str(folder)),
        features=(Mel(n_mels=16), Mel(n_mels=12)),
        combine="ensemble",
        split=KFold(n_splits=5, validation_size=0.3),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=epochs, batch_size=4),
    )


def figures(run: Run) -> list[tuple[object, ...]]:
    return [(row["fit"], row["epoch"], row["loss"], row["val_loss"]) for row in run.history]


@pytest.mark.long
def test_folds_are_spread_and_a_killed_worker_costs_nothing(
    dask: Dask, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask.add(3)
    until_there(3)
    run = create_run(five_folds(class_folders, 150), tmp_path / "cluster", begun=True)
    at_a_time: set[int] = set()

    def watch(status: object) -> None:
        n = len({row["fit"] for row in run.history})
        at_a_time.add(int((re.findall(r", (\d) models at a time", getattr(status, "message", "")) or ["1"])[0]))
        if n >= 4 and dask.workers[0].poll() is None:
            dask.workers[0].kill()  # in the middle, with SIGKILL

    execute(run, watch=watch)
    assert dask.workers[0].poll() is not None
    assert 3 in at_a_time
    assert run.status.state == "done"
    assert len(run.signature["fits"]) == 10
    assert all((run.fit_folder(fit["id"]) / "weights.npz").is_file() for fit in run.signature["fits"])
    assert len(run.history) == len({(row["fit"], row["epoch"]) for row in run.history}) == 10 * 150

    monkeypatch.delenv("AUDIOCLF_SCHEDULER")
    script = (
        "import sys; from pathlib import Path; from audioclf.core import limits; limits.one_thread();"
        "from audioclf.experiments.runs import open_run; from audioclf.experiments.runner import execute;"
        "execute(open_run(Path(sys.argv[1])))"
    )
    local = create_run(five_folds(class_folders, 150), tmp_path / "local", begun=False)
    subprocess.run([sys.executable, "-c", script, str(local.folder)], check=True)
    assert figures(local) == figures(run)
    assert local.predictions == run.predictions
    assert local.metrics["accuracy"] == run.metrics["accuracy"]


@pytest.mark.long
def test_points_of_a_search_are_spread_and_a_killed_worker_costs_nothing(
    dask: Dask, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    dask.add(3)
    until_there(3)
    search = Search(
        Experiment(
            dataset=DatasetChoice(str(class_folders)),
            features=(Mel(n_mels=16),),
            split=Holdout(test_size=0.34, validation_size=0.4),
            model=MODELS["compact-cnn"](filters=(4, 4)),
            training=Training(epochs=60, batch_size=4),
        ),
        {"feature.n_mels": [8, 12, 16], "training.learning_rate": [0.001, 0.01]},
    )
    made = create_search(search, tmp_path / "cluster", begun=True)
    at_a_time: set[int] = set()

    def watch(status: Status) -> None:
        at_a_time.add(int((re.findall(r", (\d) points at a time", status.message) or ["1"])[0]))
        if sum(len(run.history) > 5 for run in made.runs) >= 3 and dask.workers[0].poll() is None:
            dask.workers[0].kill()  # in the middle, with SIGKILL

    execute_search(made, watch=watch)
    assert dask.workers[0].poll() is not None
    assert max(at_a_time) == 3
    assert made.status.state == "done"
    assert [len(run.history) for run in made.runs] == [60] * 6

    monkeypatch.delenv("AUDIOCLF_SCHEDULER")
    script = (
        "import sys; from pathlib import Path; from audioclf.core import limits; limits.one_thread();"
        "from audioclf.tuning import execute_search, open_search; execute_search(open_search(Path(sys.argv[1])))"
    )
    local = create_search(search, tmp_path / "local")
    subprocess.run([sys.executable, "-c", script, str(local.folder)], check=True)
    assert [run.predictions for run in local.runs] == [run.predictions for run in made.runs]
    assert [figures(run) for run in local.runs] == [figures(run) for run in made.runs]
    assert local.best is not None
    assert made.best is not None
    assert local.best.number == made.best.number


def test_a_scheduler_behind_tls_is_used_with_the_files_that_are_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("no openssl on this machine to make a certificate with")
    cert, key = str(tmp_path / "cert.pem"), str(tmp_path / "key.pem")
    made = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", key, "-out", cert], check=True, capture_output=True)
    dask = Dask(tmp_path, ("--tls-ca-file", cert, "--tls-cert", cert, "--tls-key", key))
    try:
        monkeypatch.setenv("AUDIOCLF_SCHEDULER", dask.address)
        for name, file in (("CA", cert), ("CERT", cert), ("KEY", key)):
            monkeypatch.setenv(f"AUDIOCLF_SCHEDULER_TLS_{name}", file)
        dask.add(1)
        until_there(1)
        with Pool(1) as pool:
            pool.start("pid", _pid_after, 0.0)
            (outcome,) = pool.finished(60)
        assert outcome.value == dask.workers[0].pid
        for name in ("CA", "CERT", "KEY"):
            monkeypatch.delenv(f"AUDIOCLF_SCHEDULER_TLS_{name}")
        monkeypatch.setenv("AUDIOCLF_SCHEDULER", dask.address.replace("tls", "tcp"))
        monkeypatch.setattr(cluster, "_SECONDS", 2.0)
        with pytest.raises(AudioclfError, match="give a tls:// address where it asks for TLS"):
            cluster.connect()
    finally:
        dask.close()


def test_calls_go_to_the_workers_and_what_they_do_not_see_is_refused(
    dask: Dask, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(AudioclfError, match=r"has no workers; start some with: PYTHONSAFEPATH=1 dask worker tcp://"):
        _ready(dask, 0)
    dask.add(2)
    until_there(2)
    outcomes = run_calls(_pid_after, [(0.2,)] * 6, workers=1)
    assert [outcome.name for outcome in outcomes] == list(range(6))
    assert {outcome.value for outcome in outcomes} == {worker.pid for worker in dask.workers}
    (refused, fine) = run_calls(_refuses, [(True,), (False,)], workers=1)
    assert isinstance(refused.error, ParameterError)
    assert (str(refused.error), refused.error.field, fine.value) == ("Not so.", "way", "so")
    found = cluster.connect()
    found.require_sees(tmp_path)
    with pytest.raises(RunError, match=r"^Dask worker \S+ does not see '.*nowhere\.wav'; put AUDIOCLF_HOME"):
        found.require_sees(tmp_path, [tmp_path / "nowhere.wav"])
    assert not list(tmp_path.glob("*.seen"))
    found.close()
    monkeypatch.setattr(extraction, "START_UP", -1e9)
    clips, audio = load_dataset(class_folders).clips, AudioSettings(duration=0.2)
    with monkeypatch.context() as context:
        context.delenv("AUDIOCLF_SCHEDULER")
        expected = extraction.extract(clips, Mel(n_mels=8), audio, n_jobs=1)
    np.testing.assert_array_equal(extraction.extract(clips, Mel(n_mels=8), audio, n_jobs=2), expected)
    with Pool(1) as pool:
        pool.start("long", _pid_after, 60.0)
        dask.scheduler.kill()
        until(lambda: bool(lost := pool.finished(0.1)) and "was lost" in str(lost[0].error), 60)


def _where_from(name: str) -> str:
    return str(importlib.import_module(name).__file__)


def test_a_worker_imports_nothing_that_lies_where_it_is_started(dask: Dask, tmp_path: Path) -> None:
    place = tmp_path / "downloads"
    place.mkdir()
    for name in ("numpy", "dask", "distributed", "tornado", "pickle", "audioclf", "evil"):
        (place / f"{name}.py").write_text(f"open({str(tmp_path / 'imported')!r}, 'w').write({name!r})")
    dask.add_as_documented(place)
    until_there(1)
    with Pool(1) as pool:
        for name in ("numpy", "audioclf"):
            pool.start(name, _where_from, name)
        pool.start("evil", _where_from, "evil")
        found = {}
        while pool.running:
            found |= {outcome.name: outcome for outcome in pool.finished(timeout=1)}
    assert isinstance(found["evil"].error, ModuleNotFoundError)
    assert not any(str(place) in str(outcome.value) for outcome in found.values())
    assert not (tmp_path / "imported").exists()


def _ready(dask: Dask, workers: int) -> None:
    """Connect as soon as the scheduler answers."""
    end = time.monotonic() + 600
    while True:
        try:
            cluster.connect().close()
            return
        except AudioclfError as error:
            if "does not answer" not in str(error) or time.monotonic() > end:
                raise


def _pid_after(seconds: float) -> int:
    time.sleep(seconds)
    return os.getpid()


def _refuses(yes: bool) -> str:
    if yes:
        raise ParameterError("Not so.", "way")
    return "so"


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("localhost", "must be the address of a Dask scheduler"),
        ("http://localhost:8786", "must be the address of a Dask scheduler"),
        ("tcp://127.0.0.1:1", r"^The Dask scheduler at tcp://127\.0\.0\.1:1 does not answer"),
        ("tls://127.0.0.1:1", "needs AUDIOCLF_SCHEDULER_TLS_CA to name a PEM file"),
    ],
)
def test_a_scheduler_that_cannot_be_used_is_a_sentence_before_anything_starts(
    address: str, words: str, class_folders: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "_SECONDS", 1.0)
    monkeypatch.setenv("AUDIOCLF_SCHEDULER", address)
    run = create_run(five_folds(class_folders, 2), tmp_path / "run", begun=True)
    with pytest.raises(AudioclfError, match=words) as caught:
        execute(run)
    assert "\n" not in str(caught.value)
    assert run.status.state == "failed"
    assert not list(run.folder.glob("models/*/checkpoint*"))
    made = create_search(Search(run.experiment, {"training.epochs": [1, 2]}), tmp_path / "search", begun=True)
    with pytest.raises(AudioclfError, match=words):
        execute_search(made)
    assert made.status.state == "failed"
    assert made.runs == []


def test_tls_files_without_a_tls_address_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUDIOCLF_SCHEDULER", "tcp://127.0.0.1:1")
    monkeypatch.setenv("AUDIOCLF_SCHEDULER_TLS_KEY", "key.pem")
    with pytest.raises(ParameterError, match="begins with tls"):
        cluster.connect()


def test_another_version_of_a_worker_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Client:
        def nthreads(self) -> dict[str, int]:
            return {"tcp://worker:1": 1}

        def run(self, function: Callable[[], dict[str, str]]) -> dict[str, dict[str, str]]:
            return {"tcp://worker:1": function() | {"numpy": "0.1"}}

    with pytest.raises(AudioclfError, match=r"^Dask worker tcp://worker:1 has numpy 0\.1, and this process \d"):
        cluster.Cluster("tcp://scheduler:1", Client()).check()
