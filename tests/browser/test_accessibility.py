"""Names, roles and contrast of pages with results, checked with axe-core; of all others: test_pages.py."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from audioclf.core import workspaces
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import Run, create_run, new_folder
from audioclf.features import Mel
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.reproduce import runner
from audioclf.reproduce.plan import choose, plan
from audioclf.training import Training
from audioclf.tuning import Search, SearchRun, run_search

pytestmark = pytest.mark.browser


def settled(page: Any) -> None:
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")


@dataclass(frozen=True)
class Made:
    """A small network, a search and a reproduced system, all finished."""

    run: Run
    search: SearchRun
    reproduced: Run


@pytest.fixture(scope="module")
def made(
    audioclf_home: Path, tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]
) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")
    for label, pitch in (("low", 220.0), ("high", 1760.0), ("like low", 222.0)):
        for number in range(8):
            write_tone(folder / "tones" / label / f"{number}.wav", frequency=pitch * (1 + 0.02 * number), seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "tones")),
        split=Holdout(test_size=0.5, validation_size=0.25),
        features=(Mel(n_mels=32),),
        model=MODELS["compact-cnn"](filters=(4, 4)),
        training=Training(epochs=3, batch_size=4),
    )
    # made elsewhere: the server's queue would take up what waits among its runs
    run = create_run(experiment, folder / "run")
    (planned,) = plan(choose(["instruments-mfcc-tree"]), datasets={"": str(folder / "tones")})
    reproduced = runner.prepare(planned, folder)
    for job in (run, reproduced):
        assert queue.start_process(job).wait(timeout=600) == 0
        assert job.has_metrics, job.status
    workspaces.runs_folder().mkdir(parents=True, exist_ok=True)
    run, reproduced = (
        Run(Path(shutil.move(job.folder, new_folder(workspaces.runs_folder())))) for job in (run, reproduced)
    )
    search = Search(
        experiment.replace(model=MODELS["tree"]()), {"model.max_depth": [1, 2, 3], "feature.n_mels": [8, 16]}
    )
    made = Made(run, run_search(search, new_folder(workspaces.searches_folder())), reproduced)
    yield made
    for job in (made.run, made.search, made.reproduced):
        job.delete()


SHOWN = {
    "results": "Which classes are confused?",
    "explain": "What the model used",
    "classify": "The model predicted",
    "search": "Chosen:",
    "reproduce": "As the reference shows it",
    "runs": "All runs so far",
    "train": "See the results",
}
"""Pages with results, and words on them that stand there once these are shown."""


@pytest.mark.long
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", SHOWN)
def test_names_and_contrast_of_results(
    name: str, scheme: str, new_page: Callable[..., Any], made: Made, violations: Callable[[Any], list[Any]]
) -> None:
    page = new_page(name, scheme=scheme, data=made.run.experiment.dataset.name, run=made.run.id, search=made.search.id)
    page.get_by_text(SHOWN[name]).first.wait_for()
    settled(page)
    assert not violations(page)
    for tab in page.get_by_role("tab").all()[1:]:
        tab.click()
        page.get_by_role("tab", name=tab.inner_text(), selected=True).wait_for()
        settled(page)
        assert not violations(page), tab.inner_text()


@pytest.mark.parametrize("name", ["explore", "compare"])
def test_the_features_fit_a_small_projector(name: str, new_page: Callable[..., Any], class_folders: Path) -> None:
    page = new_page(name, width=1280, height=720, data=class_folders)
    page.wait_for_selector(".play")
    page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    plots = page.locator(".plot")
    bottoms = plots.evaluate_all("found => found.map(plot => plot.getBoundingClientRect().bottom)")
    if name == "explore":
        assert len(bottoms) == 6
        assert max(bottoms) <= 720
    title = page.get_by_role("heading", level=1)
    assert title.evaluate(
        """one => {
          const { left, top, height } = one.getBoundingClientRect();
          return one.contains(document.elementFromPoint(left + 10, top + height / 2));
        }"""
    )
    for control in page.locator("[data-testid=stMain] [data-testid=stButtonGroup] button").all():
        assert control.evaluate("one => one.getBoundingClientRect().right") <= 1280
        assert control.evaluate("one => [one, one.parentElement].every(el => el.scrollWidth <= el.clientWidth + 2)"), (
            control.inner_text()
        )
