"""From a cell of the confusion matrix to a clip that plays, its evidence, a verdict, and another training."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from audioclf.core import workspaces
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runs import Run, create_run, list_runs, new_folder
from audioclf.experiments.runs.mistakes import confusions
from audioclf.features import Mel
from audioclf.models import MODELS
from audioclf.training import Training
from audioclf.ui.results.desk import PER_PAGE

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
def confused(audioclf_home: Path, tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Run:
    """A run that cannot tell two of its three classes apart."""
    root = tmp_path_factory.mktemp("desk")
    for label, base in (("low", 220.0), ("high", 1760.0), ("low too", 221.0)):
        for number in range(8):
            write_tone(root / "tones" / label / f"{number}.wav", frequency=base * 1.02**number, seconds=0.4)
    experiment = Experiment(
        dataset=DatasetChoice(str(root / "tones")),
        split=Holdout(test_size=0.5, validation_size=0.25),
        features=(Mel(n_mels=32),),
        model=MODELS["compact-cnn"](filters=(8, 8)),
        training=Training(epochs=20, batch_size=4, learning_rate=0.01),
    )
    made = create_run(experiment, root / "run", name="tones")
    subprocess.run([sys.executable, "-m", "audioclf.jobs.worker", str(made.folder)], check=True, timeout=600)
    workspaces.runs_folder().mkdir(parents=True, exist_ok=True)
    run = Run(Path(shutil.move(made.folder, new_folder(workspaces.runs_folder()))))
    assert confusions(run.predictions), "classes that sound alike are mixed up"
    return run


def texts(page: Any, name: str) -> list[str]:
    """What stands in the list of clips."""
    found: list[str] = page.locator(f".grid.list .{name}").all_text_contents()
    return found


def until(page: Any, condition: Callable[[], bool]) -> None:
    """Look until it is so."""
    for _ in range(12000):  # ten minutes, after which something is broken
        if condition():
            return
        page.wait_for_timeout(50)
    raise AssertionError([texts(page, name) for name in ("name", "note")])


def test_from_a_cell_to_a_new_training(new_page: NewPage, confused: Run, server: Any) -> None:
    worst = confusions(confused.predictions)[0]
    true, predicted = confused.classes[worst.true], confused.classes[worst.predicted]
    page = new_page("results", run=confused.id)
    page.get_by_text(f"Confuses {true} with {predicted}: {worst.clips} of {worst.support}").wait_for()

    # a click in the matrix
    page.get_by_role("button", name="Why?").first.wait_for()
    cell = page.locator(f'path[aria-label^="Predicted class: {predicted}; True class: {true};"]')
    cell.scroll_into_view_if_needed()
    box = cell.bounding_box()
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    shown = min(worst.clips, PER_PAGE)
    until(page, lambda: texts(page, "name") == [true] * shown)
    until(page, lambda: all(note.startswith(f"✗ {predicted} ") for note in texts(page, "note")))

    # it plays
    page.evaluate(COUNT_PLAYED)
    play = page.get_by_role("button", name=f"Play {true}").first
    play.click()
    page.wait_for_function("window.played > 0")

    # why, with evidence for both, and training clips
    page.get_by_role("button", name=f"Why? {true}").first.click()
    page.get_by_role("heading", name=f"Why {predicted} and not {true}?").wait_for()
    for label in (true, predicted):
        page.get_by_text(f"Evidence for {label}", exact=True).or_(
            page.get_by_text(f"Evidence for {label} (", exact=False)
        ).first.wait_for()
    page.get_by_text("distance").first.wait_for()

    # a verdict, and one press
    page.get_by_role("button", name=f"It is {predicted}").click()
    page.get_by_text("1 clip: 1 relabelled.").wait_for()
    before = {run.id for run in list_runs(workspaces.runs_folder())}
    page.get_by_role("button", name="Train again").click()
    page.get_by_role("heading", name="Train", exact=True).wait_for()
    page.get_by_role("button", name="See the results").wait_for()
    (made,) = [run for run in list_runs(workspaces.runs_folder()) if run.id not in before]
    assert made.has_metrics
    labels = sorted(clip.label for clip in made.clips)
    assert labels.count(predicted) == labels.count(true) + 2
    heavy = {"keras", "tensorflow", "matplotlib.pyplot", "librosa"}
    assert not heavy & server.modules()
    assert json.loads((confused.folder / "review.json").read_text()) == {}
