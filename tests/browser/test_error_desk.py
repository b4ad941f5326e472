"""From a cell of the confusion matrix to a clip that plays, its evidence, verdicts, and another training."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audioclf.audio.io import AudioSettings
from audioclf.core import workspaces
from audioclf.datasets import load_dataset
from audioclf.datasets.readers import versions
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import Run, create_run, list_runs, new_folder
from audioclf.experiments.runs.mistakes import confusions
from audioclf.features import Mel
from audioclf.jobs import queue
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.ui.jobs.run_picker import verdict
from audioclf.ui.results.desk import PER_PAGE, worst_first

pytestmark = [pytest.mark.browser, pytest.mark.long]

NewPage = Callable[..., Any]

COUNT_PLAYED = """() => {
    const play = HTMLMediaElement.prototype.play;
    HTMLMediaElement.prototype.play = function () {
        this.addEventListener("playing", () => (window.played = (window.played || 0) + 1));
        return play.call(this);
    };
}"""


@pytest.fixture(scope="module")
def confused(audioclf_home: Path, tmp_path_factory: pytest.TempPathFactory, esc10: Path) -> Run:
    """A run on a few of ESC-10's recordings, trained too little to tell rain from sea waves."""
    scenes = load_dataset(esc10).filter(lambda clip: clip.label in ("Rain", "Sea waves", "Helicopter")).at_most(8)
    few = versions.save(scenes, tmp_path_factory.mktemp("few"))
    experiment = Experiment(
        dataset=DatasetChoice(few.source),
        audio=AudioSettings(sr=22050),
        split=Holdout(test_size=0.5, validation_size=0.25),
        features=(Mel(n_mels=32, hop_length=2048),),
        model=MODELS["compact-cnn"](filters=(8,)),
        training=Training(epochs=6, batch_size=4, learning_rate=0.01),
    )
    made = create_run(experiment, Path(few.source).with_name("run"), name="scenes")
    assert queue.start_process(made).wait(timeout=600) == 0
    workspaces.runs_folder().mkdir(parents=True, exist_ok=True)
    run = Run(Path(shutil.move(made.folder, new_folder(workspaces.runs_folder()))))
    assert sum(cell.clips for cell in confusions(run.predictions)) >= 3, "a mistake for every verdict"
    return run


def test_from_a_cell_to_a_new_training(new_page: NewPage, confused: Run, server: Any) -> None:
    from playwright.sync_api import expect

    def listed(items: list[Any]) -> None:
        """Wait until these clips are in the list, in this order."""
        notes = page.locator(".st-key-results .note")
        expect(notes).to_have_text([verdict(confused, item) for item in items[:PER_PAGE]], timeout=600_000)

    predictions = confused.predictions
    worst = confusions(predictions)[0]
    true, predicted = confused.classes[worst.true], confused.classes[worst.predicted]
    page = new_page("results", run=confused.id)
    page.get_by_text(f"Confuses {true} with {predicted}: {worst.clips} of {worst.support}").wait_for()
    mistakes = worst_first(predictions, "All mistakes, most confident first")
    listed(mistakes)

    # a click in the matrix
    cell = page.locator(f'path[aria-label^="Predicted class: {predicted}; True class: {true};"]')
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    listed(worst_first(predictions, (worst.true, worst.predicted)))

    # it plays
    page.evaluate(COUNT_PLAYED)
    page.get_by_role("button", name=f"Play {true}").first.click()
    page.wait_for_function("window.played > 0")

    # why: probabilities, evidence for both, training clips of both
    page.get_by_role("button", name=f"Why? {true}").first.click()
    page.get_by_role("heading", name=f"Why {predicted} and not {true}?").wait_for()
    page.get_by_text(f"{true} ✓", exact=True).wait_for()
    for label in (true, predicted):
        page.get_by_text(f"Evidence for {label}").first.wait_for()
        page.locator(".st-key-desk-neighbours .name").get_by_text(label, exact=True).first.wait_for()
    page.get_by_text("distance").first.wait_for()

    # verdicts on three clips
    page.get_by_role("button", name=f"It is {predicted}").click()
    page.get_by_text("1 clip: 1 relabelled.").wait_for()
    for number, (button, words) in enumerate(
        (
            ("Both are right", "2 clips: 1 relabelled, 1 both right."),
            ("Leave it out", "3 clips: 1 relabelled, 1 left out, 1 both right."),
        ),
        start=2,
    ):
        page.get_by_role("button", name="skip_next").click()
        page.get_by_text(f"{number} of {worst.clips}", exact=True).wait_for()
        page.get_by_role("button", name=button).click()
        page.get_by_text(words).wait_for()

    # a new version, and one press
    before = {run.id for run in list_runs(workspaces.runs_folder())}
    page.get_by_role("button", name="Train again").click()
    page.get_by_role("heading", name="Train", exact=True).wait_for()
    page.get_by_role("button", name="See the results").wait_for()
    (made,) = [run for run in list_runs(workspaces.runs_folder()) if run.id not in before]
    assert made.has_metrics
    labels, old = [[clip.label for clip in run.clips] for run in (made, confused)]
    assert len(labels) == len(old) - 2
    assert labels.count(predicted) == old.count(predicted) + 1
    heavy = {"keras", "tensorflow", "matplotlib.pyplot", "librosa"}
    assert not heavy & server.modules()
    assert json.loads((confused.folder / "review.json").read_text()) == {}
