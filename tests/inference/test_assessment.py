"""A run's explanations are tested: the method is chosen on validation clips, every test clip's map is judged."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from audioclf.core import workspaces
from audioclf.core.errors import RunError, Stopped
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import DatasetChoice, Experiment
from audioclf.experiments.runner import run_experiment
from audioclf.experiments.runs import Run, open_run
from audioclf.explain import METHODS
from audioclf.features import Mel
from audioclf.inference.assessment import assess_method, choice_clips, choose_method, read_results, sentence, summarise
from audioclf.inference.assessment_job import create_assessment, execute_assessment, find_assessment
from audioclf.inference.evidence import default_method, methods_for, read_choice
from audioclf.inference.predictor import Predictor
from audioclf.jobs import queue
from audioclf.models import MODELS


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, write_tone) -> Run:
    folder = tmp_path_factory.mktemp("assessment")
    for label, base in (("low", 220.0), ("high", 1760.0)):
        for number in range(10):
            write_tone(folder / "sounds" / label / f"{number}.wav", frequency=base * (1 + 0.02 * number), seconds=0.3)
    experiment = Experiment(
        dataset=DatasetChoice(str(folder / "sounds")),
        features=(Mel(n_mels=24),),
        split=Holdout(test_size=0.4, validation_size=0.3),
        model=MODELS["logreg"](),
    )
    return run_experiment(experiment, folder / "run")


@pytest.fixture
def run(made: Run, tmp_path: Path) -> Run:
    return open_run(shutil.copytree(made.folder, tmp_path / "runs" / "copy"))


def test_the_default_is_what_wins_on_validation_clips(run: Run) -> None:
    assert default_method(run) == "weights", "nothing was tested yet"
    clips, kind = choice_clips(run)
    assert kind == "validation"
    assert not {clip for clip, _ in clips} & {item.clip for item in run.predictions}
    asked, done = iter([False, True]), []
    with pytest.raises(Stopped):
        choose_method(run, should_stop=lambda: next(asked), report=lambda *at: done.append(at))
    assert not done, "a stop does not wait for the other methods of the clip"
    choice = choose_method(run)
    assert choice == read_choice(run)
    assert (
        set(choice["scores"])
        == {method.kind for method in methods_for(run)}
        == {"weights", "occlusion", "random-masks"}
    )
    assert default_method(run) == choice["method"] == max(choice["scores"], key=choice["scores"].get)
    assert Predictor(run).explain(run.clips[0]).method == choice["method"]
    (run.folder / "explanations" / "choice.json").write_text(json.dumps({"method": "grad-cam"}))
    assert default_method(run) == "weights", "a method that does not suit the model is none"
    (run.folder / "explanations" / "choice.json").write_text("{")
    assert default_method(run) == "weights"


def test_without_validation_clips_training_clips_choose(run: Run) -> None:
    text = (run.folder / "experiment.toml").read_text().replace("validation_size = 0.3", "validation_size = 0.0")
    (run.folder / "experiment.toml").write_text(text)
    clips, kind = choice_clips(open_run(run.folder), n=5)
    assert kind == "training"
    assert len(clips) == 5
    assert not {clip for clip, _ in clips} & {item.clip for item in run.predictions}


def test_every_test_clip_is_judged_and_a_stopped_test_goes_on(run: Run) -> None:
    seen = []

    def stop() -> bool:
        return len(seen) == 3

    with pytest.raises(Stopped):
        assess_method(run, "occlusion", report=lambda done, total: seen.append((done, total)), should_stop=stop)
    assert seen[-1] == (3, 8)
    kept = read_results(run, "occlusion")["clips"]
    assert len(kept) == 3
    found = assess_method(run, "occlusion")
    assert [row["seconds"] for row in found["clips"][:3]] == [row["seconds"] for row in kept], "not made again"
    assert json.loads(json.dumps(found)) == read_results(run, "occlusion")
    summary = found["summary"]
    assert summary["n"] == 8
    assert 0 <= summary["marked"] <= summary["probability"] <= 1
    assert summary["agreement"].keys() == {"weights", "random-masks"}
    assert "On 8 test clips, removing the marked tenth takes" in sentence(summary)
    assert "pointing" not in summary


def test_paired_tests_tell_a_difference_from_none() -> None:
    def row(marked: float, random: float, loudest: float) -> dict:
        curves = {name: [0.9] * 9 for name in ("marked", "random", "loudest")}
        verdict = {
            "probability": 0.9, "marked": marked, "random": random, "loudest": loudest, "beats": 1.0, "drop": 0.0,
            "increase": False, "gain": 0.0, "fidelity": True, "faithfulness": 0.5,
            "deletion": curves, "insertion": curves,
        }  # fmt: skip
        return {"verdict": verdict, "seconds": 0.1, "words": "place"}

    rows = [row(0.2 + 0.01 * number, 0.7, 0.2 + 0.01 * number) for number in range(20)]
    found = summarise(rows)
    assert found["p_random"] < 1e-4
    assert found["p_loudest"] == 1
    assert found["wins_random"] == 1
    words = sentence(found)
    assert "They beat random places (p < 0.001)" in words
    assert "not shown to differ from the loudest" in words
    assert "worse than random places" in sentence(summarise([row(0.7 + 0.01 * n, 0.2, 0.1) for n in range(20)]))
    assert summarise([{"verdict": None, "seconds": 0.1, "words": "nothing"}])["n_empty"] == 1


def test_a_job_makes_it_and_is_found_by_the_queue(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("AUDIOCLF_HOME", str(tmp_path / "home"))
    runs = workspaces.runs_folder()
    runs.mkdir(parents=True)
    mine = open_run(shutil.move(run.folder, runs / "mine"))
    assert find_assessment(mine) is None
    job = queue.submit_assessment(mine, ("occlusion", "grad-cam"))
    assert job.methods == ("occlusion",), "Grad-CAM does not suit the model"
    assert job.status.state == "queued"
    assert [found.folder for found in queue._all_jobs()] == [mine.folder, job.folder]
    assert queue._workspace(job) == queue._workspace(mine)
    with pytest.raises(RunError, match="are being tested"):
        create_assessment(mine, ("weights",))
    process = queue.start_process(job)
    assert process.wait(600) == 0
    assert job.status.state == "done", (job.folder / "log.txt").read_text()
    assert read_results(mine, "occlusion")["summary"]["n"] == 8
    assert read_choice(mine) is not None


def test_sounds_that_are_gone_are_a_sentence(run: Run, made: Run, tmp_path: Path) -> None:
    text = (run.folder / "clips.csv").read_text()
    (run.folder / "clips.csv").write_text(text.replace(str(made.folder.parent), str(tmp_path / "gone")))
    job = create_assessment(open_run(run.folder), tuple(METHODS))
    with pytest.raises(RunError, match="cannot be read any more"):
        execute_assessment(job)
    assert job.status.state == "failed"
    assert "cannot be read any more" in job.status.message


def test_a_run_that_is_deleted_meanwhile_ends_its_test(run: Run) -> None:
    job = create_assessment(run, ("occlusion",))
    shutil.rmtree(job.folder)
    with pytest.raises(Stopped):
        execute_assessment(job)
