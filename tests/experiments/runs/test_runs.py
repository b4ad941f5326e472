"""A run's folder: written whole, read while it grows, never trusted to be whole."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import RunError
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import (
    FitKey,
    Prediction,
    Run,
    RunWriter,
    create_run,
    list_runs,
    open_run,
    process_created,
    process_lives,
    write_json,
)
from audioclf.experiments.runs.writer import make_folder
from audioclf.training import Epoch


def row(epoch: int, loss: float = 1.0) -> Epoch:
    return Epoch(epoch, loss, 0.5, float("nan"), float("nan"), 0.001, 2.0, 50.0)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return create_run(Experiment(name="a run", note="why"), tmp_path / "run")


def test_a_new_run_is_queued_and_named(run: Run) -> None:
    assert run.status.state == "queued"
    assert run.name == "a run"
    assert run.about["note"] == "why"
    assert run.experiment == Experiment(name="a run", note="why")
    run.describe(name="better", note="")
    assert open_run(run.folder).name == "better"


def test_an_unnamed_run_gets_a_name_of_its_parts(tmp_path: Path) -> None:
    assert create_run(Experiment(), tmp_path / "run").name == "instruments · mel · compact-cnn"


def test_results_that_are_not_there_are_sentences(run: Run) -> None:
    for read in (lambda: run.metrics, lambda: run.signature, lambda: run.predictions):
        with pytest.raises(RunError, match="wait until it is done"):
            read()
    assert run.history == []
    assert not run.has_metrics


def test_history_grows_and_is_cut_back(run: Run) -> None:
    writer = RunWriter(run)
    for epoch in (1, 2, 3):
        writer.epoch(FitKey(0, 0), row(epoch, 1 / epoch))
    writer.epoch(FitKey(1, 0), row(1))
    assert [(item["fit"], item["epoch"]) for item in run.history] == [
        ("s00-m0", 1),
        ("s00-m0", 2),
        ("s00-m0", 3),
        ("s01-m0", 1),
    ]
    assert run.history[1]["loss"] == 0.5
    assert run.history[1]["val_loss"] is None
    writer.cut_history(FitKey(0, 0), 1)
    assert [(item["fit"], item["epoch"]) for item in run.history] == [("s00-m0", 1), ("s01-m0", 1)]


def test_a_line_that_is_being_written_is_left_out(run: Run) -> None:
    RunWriter(run).epoch(FitKey(0, 0), row(1))
    with (run.folder / "history.csv").open("a") as file:
        file.write("s00-m0,2,0.")
    assert [item["epoch"] for item in run.history] == [1]


def test_predictions_go_round(run: Run) -> None:
    predictions = [Prediction(4, "fold, 1", 0, 1, (0.25, 0.75)), Prediction(2, "\u202eold", 1, 1, (0.5, 0.5))]
    RunWriter(run).predictions(predictions, 2)
    assert run.predictions == predictions


def test_a_run_whose_process_is_gone_is_interrupted(run: Run) -> None:
    writer = RunWriter(run)
    writer.status(state="running", message="Training")
    assert run.status.state == "running"
    child = subprocess.Popen([sys.executable, "-c", "pass"])
    created = process_created(child.pid)
    child.wait()
    writer.status(pid=child.pid, pid_created=created)
    assert run.status.state == "interrupted"
    assert run.status.ended
    assert "resume" in run.status.message


def test_a_process_number_that_is_used_again_is_another_process() -> None:
    created = process_created(os.getpid())
    assert process_lives(os.getpid(), created)
    assert not process_lives(os.getpid(), created - 100)
    assert not process_lives(0, 0.0)


def test_runs_are_listed_newest_first_and_strays_passed_over(tmp_path: Path) -> None:
    first = create_run(Experiment(name="first"), tmp_path / "runs" / "a")
    second = create_run(Experiment(name="second"), tmp_path / "runs" / "b")
    (tmp_path / "runs" / "stray").mkdir()
    (tmp_path / "runs" / "file").write_text("")
    assert [run.name for run in list_runs(tmp_path / "runs")] == ["second", "first"]
    second.delete()
    assert [run.id for run in list_runs(tmp_path / "runs")] == [first.id]
    assert sorted(path.name for path in (tmp_path / "runs").iterdir()) == ["a", "file", "stray"]
    assert list_runs(tmp_path / "nowhere") == []


def test_a_running_run_is_not_deleted(run: Run) -> None:
    RunWriter(run).status(state="running")
    with pytest.raises(RunError, match="stop it"):
        run.delete()


def test_folders_that_will_not_do(tmp_path: Path, run: Run) -> None:
    with pytest.raises(RunError, match="is no run"):
        open_run(tmp_path)
    with pytest.raises(RunError, match="not empty"):
        create_run(Experiment(), run.folder)
    (tmp_path / "file").write_text("")
    with pytest.raises(RunError, match=r"not empty|cannot be written"):
        create_run(Experiment(), tmp_path / "file" / "run")


def test_the_clips_of_a_run_are_known_again_wherever_they_lie(run: Run, tmp_path: Path) -> None:
    def clips(folder: str, second: float = 0.1, fold: int | None = 3) -> Dataset:
        info = AudioInfo(8000, 1, 8000, "WAV", "PCM_16", "same content")
        stretches = [(0, None), (float(np.float64(1) / 3), second), (np.float64(0.7), np.float32(0.25))]
        return Dataset(
            "made",
            tuple(
                Clip(Path(folder) / "a.wav", 'a, "b"', info, start, length, "g", fold) for start, length in stretches
            ),
        )

    writer = RunWriter(run)
    writer.clips(clips("here"))
    assert writer.has_clips_of(clips("there"))
    assert not writer.has_clips_of(clips("there", second=0.1000001))
    assert not writer.has_clips_of(clips("there", fold=None))


def test_a_folder_whose_filling_was_cut_off_can_be_taken_again(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="cannot be written"):
        make_folder(tmp_path / "run", "no-such-folder/experiment.toml", "", "a run")
    assert list((tmp_path / "run").iterdir()) == []
    assert create_run(Experiment(name="again"), tmp_path / "run").name == "again"


def test_clips_of_an_older_and_of_a_newer_version_are_read(run: Run) -> None:
    columns = "label,path,start,duration,group,fold,sr,channels,frames,format,subtype,content"
    line = "dog,/sounds/a.wav,0.5,,,3,8000,1,16000,WAV,PCM_16,abc"
    (run.folder / "clips.csv").write_text(f"{columns}\n{line}\n")
    (clip,) = open_run(run.folder).clips
    assert (clip.label, clip.start, clip.duration, clip.fold, clip.file) == ("dog", 0.5, None, 3, "")
    (run.folder / "clips.csv").write_text(f"mood,{columns},file\nsad,{line},kennel/a.wav\nsad,dog,/sou")
    (clip,) = open_run(run.folder).clips
    assert (clip.label, clip.file) == ("dog", "kennel/a.wav")
    (run.folder / "clips.csv").write_text("label,path\ndog,/sounds/a.wav\n")
    with pytest.raises(RunError, match="damaged"):
        _ = open_run(run.folder).clips


def test_a_damaged_file_is_a_sentence(run: Run) -> None:
    (run.folder / "metrics.json").write_text("{")
    with pytest.raises(RunError, match="damaged"):
        _ = run.metrics


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "\x00"])
def test_one_damaged_run_does_not_hide_the_others(tmp_path: Path, text: str) -> None:
    good = create_run(Experiment(name="good"), tmp_path / "good")
    bad = create_run(Experiment(name="bad"), tmp_path / "bad")
    for name in ("run.json", "status.json"):
        (bad.folder / name).write_text(text)
    assert {run.id for run in list_runs(tmp_path)} == {"good", "bad"}
    assert bad.name == "bad"
    assert bad.status.state == "failed"
    assert "damaged" in bad.status.message
    assert good.status.state == "queued"


@pytest.mark.parametrize("text", ["clip,split\n", "clip,split,true,predicted,p0\nx,y,z,0,1\n", "clip\n1\n", "{"])
def test_damaged_predictions_are_a_sentence(run: Run, text: str) -> None:
    (run.folder / "predictions.csv").write_text(text)
    with pytest.raises(RunError, match=r"damaged, so run it again\.$"):
        _ = run.predictions


@pytest.mark.parametrize("name", ["../../x", "/etc", "s00-m0/..", "", ".", "a\\b", "s00-m0\n", 3, None])
def test_a_model_name_that_leads_out_of_the_run_is_refused(name: object, tmp_path: Path) -> None:
    run = create_run(Experiment(), tmp_path / "run")
    fit = {"id": name, "split": "holdout", "split_index": 0, "member": 0}
    for key in ("fits", "parts"):
        write_json(run.folder / "model.json", {"classes": ["a"], key: [fit]})
        with pytest.raises(RunError, match="plain name") as caught:
            _ = Run(run.folder).signature
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("stored", [[], {"fits": 3}, {"fits": [{}]}, {"fits": [{"id": "s00-m0"}]}, {"fits": ["s00"]}])
def test_a_damaged_list_of_models_is_a_sentence(stored: object, tmp_path: Path) -> None:
    run = create_run(Experiment(), tmp_path / "run")
    write_json(run.folder / "model.json", stored)
    with pytest.raises(RunError, match=r"model\.json of run"):
        _ = Run(run.folder).signature


def test_fits_of_earlier_versions_are_read_as_those_of_today(tmp_path: Path) -> None:
    run = create_run(Experiment(), tmp_path / "run")
    old = {"id": "s03-m1", "split": "fold 4", "member": 1}
    shapes = [[4, 4], [4, 4]]
    about = {"classes": ["a", "b"], "duration": 1.0, "input_shapes": shapes, "parts": [old]}
    write_json(run.folder / "model.json", about)
    assert run.signature["fits"] == [{**old, "split_index": 3}]
    assert "parts" not in run.signature
    header = "part,epoch,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,samples_per_second,input_share"
    (run.folder / "history.csv").write_text(f"{header}\ns03-m1,1,1,0.5,,,0.1,1,1,0\nmain,1,1,0.5,,,0.1,1,1,0\n")
    assert [(item["fit"], item["split_index"], item["member"]) for item in run.history] == [
        ("s03-m1", 3, 1),
        ("main", None, None),
    ]
    RunWriter(run).cut_history(FitKey(0, 0), 0)
    RunWriter(run).epoch(FitKey(0, 0), row(1))
    assert [(item["fit"], item["split_index"], item["member"]) for item in run.history] == [
        ("s03-m1", 3, 1),
        ("main", None, None),
        ("s00-m0", 0, 0),
    ]
    write_json(run.folder / "status.json", {"state": "done", "part": 2, "n_parts": 5})
    assert (run.status.fit, run.status.n_fits) == (2, 5)
