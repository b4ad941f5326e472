"""Where a run goes wrong, and what someone decides about it."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy.stats import binomtest

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import DatasetError, RunError
from audioclf.datasets import Clip, Dataset
from audioclf.datasets.splits import OfficialSplit
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Prediction, Run, RunWriter, create_run, review
from audioclf.experiments.runs.mistakes import (
    binned,
    by_duration,
    by_fold,
    by_group,
    confused,
    confusions,
    wilson,
)
from audioclf.experiments.runs.review import Verdict

NAMES = ("anger", "disgust", "joy")


def predictions(*cells: tuple[int, int, int]) -> list[Prediction]:
    """So many clips of each (true, predicted)."""
    found: list[Prediction] = []
    for true, predicted, n in cells:
        row = tuple(0.8 if number == predicted else 0.1 for number in range(3))
        found += [Prediction(len(found) + k, "holdout", true, predicted, row) for k in range(n)]
    return found


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A run of nine clips in three groups, two of them wrong."""
    clips = tuple(
        Clip(
            Path(f"/sounds/{n}.wav"),
            NAMES[n // 3],
            AudioInfo(8000, 1, 8000 * (1 + n % 3), "WAV", "PCM_16", f"content {n}"),
            group=f"speaker {n % 3}",
            fold=n % 2,
            file=f"{n}.wav",
        )
        for n in range(9)
    )
    made = create_run(Experiment(), tmp_path / "run")
    writer = RunWriter(made)
    writer.clips(Dataset("made", clips))
    rows = [
        Prediction(n, "holdout", n // 3, 0 if n in (3, 8) else n // 3, tuple(float(k == 0) for k in range(3)))
        for n in range(9)
    ]
    writer.predictions(rows, 3)
    about = {"classes": list(NAMES), "duration": 1.0, "input_shapes": [[2, 2]], "n_parameters": [0], "version": 1}
    writer.signature(about | {"fits": [{"id": "s00-m0", "split": "holdout", "split_index": 0, "member": 0}]})
    writer.metrics({"accuracy": 7 / 9})
    writer.status(state="done")
    return Run(made.folder)


def test_the_most_frequent_confusion_is_named_with_its_reverse() -> None:
    found = predictions((1, 0, 50), (1, 1, 21), (0, 1, 3), (0, 0, 60), (2, 0, 2), (2, 2, 2))
    assert [(one.true, one.predicted, one.clips, one.support) for one in confusions(found)] == [
        (1, 0, 50, 71),
        (0, 1, 3, 63),
        (2, 0, 2, 4),
    ]
    assert confused(found, NAMES) == (
        "Confuses disgust with anger: 50 of 71, and the other way round 3 of 63. 55 mistakes in all."
    )
    assert confused(predictions((0, 2, 1)), NAMES) == "Confuses anger with joy: 1 of 1. 1 mistake in all."
    assert confused(predictions((0, 0, 4)), NAMES) == "Every test clip was predicted correctly."


@pytest.mark.parametrize(("right", "n"), [(0, 5), (0, 7), (5, 5), (10, 10), (17, 40)])
def test_the_interval_of_a_part_is_wilsons(right: int, n: int) -> None:
    expected = binomtest(right, n).proportion_ci(method="wilson")
    low, high = wilson(right, n)
    assert (low, high) == pytest.approx((expected.low, expected.high), abs=1e-12)
    assert 0 <= low <= right / n <= high <= 1


def test_accuracy_by_group_fold_and_length(run: Run) -> None:
    assert [(one.name, one.n, one.right) for one in by_group(run)] == [
        ("speaker 0", 3, 2),
        ("speaker 2", 3, 2),
        ("speaker 1", 3, 3),
    ]
    assert [(one.name, one.n, one.right) for one in by_fold(run)] == [("fold 0", 5, 4), ("fold 1", 4, 3)]
    lengths = by_duration(run)
    assert sum(one.n for one in lengths) == 9
    assert sum(one.right for one in lengths) == 7
    assert lengths[0].name.startswith("1 to")


def test_parts_hold_every_value_once_also_where_all_are_alike() -> None:
    found = predictions((0, 0, 6), (1, 0, 2))
    (alone,) = binned(found, [0.5] * 8, "{:.1f} to {:.1f}")
    assert (alone.n, alone.right) == (8, 6)
    four = binned(found, [0, 1, 2, 3, 4, 5, 6, 7], "{:.2f} to {:.2f}")
    assert [one.n for one in four] == [2, 2, 2, 2]
    assert binned(found, [None] * 8, "{} {}") == []


def test_without_the_list_of_clips_it_is_one_sentence(run: Run) -> None:
    (run.folder / "clips.csv").unlink()
    for ask in (by_group, by_fold, by_duration):
        with pytest.raises(RunError, match="list of clips"):
            ask(Run(run.folder))
    with pytest.raises(RunError, match="list of clips"):
        review.revised(Run(run.folder), {})


def test_verdicts_are_kept_and_make_a_new_version(run: Run) -> None:
    review.decide(run, 3, Verdict("relabel", " anger "))
    review.decide(run, 8, Verdict("both"))
    found = review.decide(run, 0, Verdict("exclude"))
    assert found == review.read_review(Run(run.folder))
    assert review.counted(found) == "3 clips: 1 relabelled, 1 left out, 1 both right"
    assert review.reviewed_accuracy(run, found) == 1.0
    assert review.reviewed_accuracy(run, {8: Verdict("both", "anger")}) == 8 / 9
    assert review.reviewed_accuracy(run, {8: Verdict("both", "disgust")}) == 7 / 9, "a third class was predicted"
    made = review.revised(run, found)
    assert len(made) == 7
    assert [clip.label for clip in made.clips if clip.path.name == "3.wav"] == ["anger"]
    assert made.parent == Dataset("made", run.clips).fingerprint
    assert made.source == "instruments"
    assert "TimGM6mb" in made.licence
    # what a clip is called already is no change, and a verdict can be taken back
    assert 3 not in review.decide(run, 3, Verdict("relabel", "disgust"))
    assert 8 not in review.decide(run, 8, None)
    review.forget(run)
    assert review.read_review(run) == {}
    with pytest.raises(DatasetError, match="empty"):
        review.decide(run, 3, Verdict("relabel", " "))


def test_what_is_damaged_in_a_review_is_passed_over(run: Run) -> None:
    text = '{"1": {"kind": "both"}, "99": {"kind": "both"}, "2": {"kind": "steal"}, "x": 3, "4": {"kind": "relabel"}}'
    (run.folder / review.REVIEW).write_text(text)
    assert review.read_review(run) == {1: Verdict("both")}
    (run.folder / review.REVIEW).write_text("{")
    assert review.read_review(run) == {}


def test_an_official_split_is_found_again(run: Run) -> None:
    (run.folder / "experiment.toml").write_text(Experiment(split=OfficialSplit()).to_toml())
    again = Run(run.folder)
    made = review.revised(again, {3: Verdict("exclude")})
    assert {clip.split for clip in made.clips} == {"test"}
