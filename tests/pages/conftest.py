"""Opening a page of the app in a session of its own, without a browser."""

from __future__ import annotations

import functools
import os
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.scriptrunner import script_runner
from streamlit.testing.v1 import AppTest

from audioclf.core import workspaces
from audioclf.core.locks import FileLock
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, create_run, new_folder
from audioclf.features import Mel
from audioclf.inference.assets import app_folder
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.ui.shell import tasks, warmup

OpenPage = Callable[..., AppTest]

HANG = 600.0
"""Seconds after which a broken program ends a test; no test depends on how fast the machine is."""

STAGES = {
    "audio": "audio",
    "dataset": "audio",
    "split": "split",
    "feature": "features",
    "combination": "features",
    "picture": "features",
    "augmentation": "augmentations",
    "preview": "augmentations",
    "model": "model",
    "training": "training",
}
"""Stages of the Train page, by the second word of a widget's key."""


@pytest.fixture(scope="session", autouse=True)
def streamlit_without_detours() -> Iterator[None]:
    """Spare every opened page and every run of one what Streamlit does beside it: half of the time of these tests.

    It reads the metadata of all that is installed for each new app, and where a test has loaded keras, which the web
    server's process never does, it clears keras's session after every run of a page.
    """
    with pytest.MonkeyPatch.context() as patch:
        scanned = functools.cache(manifest_scanner.scan_component_manifests)
        patch.setattr(manifest_scanner, "scan_component_manifests", scanned)
        patch.setattr(script_runner, "_clean_problem_modules", lambda: None)
        yield


@pytest.fixture(autouse=True)
def without_weights(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The Train page suggests what it does where YAMNet's weights are not at hand, but for tests that name these."""
    if "yamnet" not in request.fixturenames:
        monkeypatch.setattr("audioclf.ui.forms.embedding_choice.missing", lambda: ("yamnet",))


@pytest.fixture
def open_page() -> OpenPage:
    """``open_page("explore", data=folder)``: the page with that address, run once, features warm."""
    return _open


def _open(name: str = "", /, **query: str | Path) -> AppTest:
    # features and the data set are ready, so that one run shows the whole page
    assert warmup.wait(120)
    page = AppTest.from_file(str(app_folder() / "app.py"), default_timeout=600)
    if name:
        page.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        page.query_params[key] = str(value)
    ended = {id(task) for task in tasks.all_tasks() if task.finished}
    page.run()
    # also what ended while the page was drawn: it may have been drawn as under way
    while fresh := [task for task in tasks.all_tasks() if id(task) not in ended]:
        for task in fresh:
            assert task.wait(120)
            ended.add(id(task))
        page.run()
    assert not page.exception
    return page


@pytest.fixture(scope="session")
def until() -> Callable[..., Any]:
    """``until(page, condition)``: run the page again, as its timer does in a browser, until the condition holds.

    Gives what the condition gives. ``page`` may be None where no page takes part.
    """
    return _until


def _until(page: AppTest | None, condition: Callable[[], Any], seconds: float = HANG) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "" if page is None else [element.value for element in page.markdown]
        working = [task for task in tasks.all_tasks() if not task.finished]
        for task in working:
            task.wait(max(end - time.monotonic(), 0))
        if not working:
            time.sleep(0.05)
        if page is not None:
            page.run()
            assert not page.exception
    return found


@pytest.fixture
def keyed() -> Callable[[AppTest, str], Any]:
    """``keyed(page, "train.model.cnn.filters")``: a widget of the Train page, in its stage opened before."""
    return _keyed


def _keyed(page: AppTest, key: str) -> Any:
    section = key.split(".")[1]
    if section in STAGES:
        page.session_state["train.stage"] = STAGES[section]
        page.session_state[f"{key.rpartition('.')[0]}:more"] = True
        page.run()
        assert not page.exception
    elements = (*page.number_input, *page.selectbox, *page.pills, *page.text_input, *page.toggle, *page.button)
    return next(element for element in elements if element.key == key)


@pytest.fixture
def train(open_page: OpenPage, class_folders: Path) -> AppTest:
    """The Train page with the experiment as text on it."""
    page = open_page("train", data=class_folders)
    page.session_state["train.text"] = True
    page.run()
    assert not page.exception
    return page


@pytest.fixture(scope="session")
def of_all_workers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of the whole test run; what is made in it under its lock is made once for all processes that test."""
    own = tmp_path_factory.getbasetemp()
    folder = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "pages"
    folder.mkdir(exist_ok=True)
    return folder


@pytest.fixture(scope="session")
def three_classes(of_all_workers: Path, write_tone: Callable[..., Path]) -> Path:
    """'low' and 'high' tones, and a third class that sounds like 'low': whoever learns them must err."""
    root = of_all_workers / "tones"
    with FileLock(of_all_workers / "tones.lock"):
        if not root.is_dir():
            for label, base in (("low", 220.0), ("high", 1760.0), ("<b>low</b> **too**".replace("/", ""), 221.0)):
                for i in range(6):
                    write_tone(root / label / f"{i}.wav", frequency=base * (1 + 0.02 * i), seconds=0.3)
    return root


@pytest.fixture(scope="session")
def finished(audioclf_home: Path, three_classes: Path, of_all_workers: Path) -> Iterator[Run]:
    """A run of a small network, made by a real worker process, in the workspace that pages see."""
    # made elsewhere: a page's own queue would take up what waits where pages see it
    folder = of_all_workers / "first"
    with FileLock(of_all_workers / "first.lock"):
        if not folder.is_dir():
            experiment = Experiment(
                dataset=DatasetChoice(str(three_classes)),
                split=Holdout(test_size=0.5, validation_size=0.34),
                features=(Mel(n_mels=32),),
                model=MODELS["compact-cnn"](filters=(8, 8)),
                training=Training(epochs=25, batch_size=4, learning_rate=0.01),
            )
            made = create_run(experiment, folder, name="<i>first</i> *run*")
            assert queue.start_process(made).wait(timeout=600) == 0
    assert Run(folder).has_metrics, Run(folder).status
    workspaces.runs_folder().mkdir(parents=True, exist_ok=True)
    run = Run(Path(shutil.copytree(folder, new_folder(workspaces.runs_folder()))))
    yield run
    if run.folder.is_dir():
        run.delete()


@pytest.fixture(scope="session")
def linear(audioclf_home: Path, three_classes: Path) -> Iterator[Run]:
    """A run of a linear model, for processes that need not wait for a deep-learning library."""
    experiment = Experiment(
        dataset=DatasetChoice(str(three_classes)),
        split=Holdout(test_size=0.5),
        features=(Mel(n_mels=16),),
        model=MODELS["logreg"](),
    )
    run = run_experiment(experiment, new_folder(workspaces.runs_folder()), name="linear")
    yield run
    if run.folder.is_dir():
        run.delete()
