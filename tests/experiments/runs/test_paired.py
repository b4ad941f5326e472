"""Two runs on the same test clips: McNemar's exact test, and the difference over groups."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from audioclf.audio.io import AudioInfo
from audioclf.core.errors import RunError
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Prediction, Run, RunWriter, create_run, paired_test


def data(n: int, groups: int = 0, label: str = "a", copies: int = 1) -> Dataset:
    clips = tuple(
        Clip(
            Path(f"/sounds/{number}.wav"),
            label if number % 2 else "b",
            AudioInfo(8000, 1, 8000, "WAV", "PCM_16", f"content {number // copies}"),
            group=f"speaker {number % groups}" if groups else None,
            file=f"{number}.wav",
        )
        for number in range(n)
    )
    return Dataset("made", clips)


def make(folder: Path, dataset: Dataset, right: list[bool], *, order: list[int] | None = None, **metrics: bool) -> Run:
    """A run as its process leaves it, right on these clips and wrong on the others."""
    run = create_run(Experiment(), folder)
    writer = RunWriter(run)
    writer.clips(dataset)
    tested = order if order is not None else list(range(len(right)))
    rows = [Prediction(n, "holdout", 0, 0 if right[n] else 1, (0.5, 0.5)) for n in tested]
    writer.predictions(rows, 2)
    writer.metrics({"accuracy": sum(right) / len(right), "leaky": False} | metrics)
    writer.status(state="done")
    return run


def two(tmp_path: Path, both: int, first: int, second: int, neither: int, groups: int = 0) -> tuple[Run, Run]:
    one = [True] * both + [True] * first + [False] * second + [False] * neither
    other = [True] * both + [False] * first + [True] * second + [False] * neither
    shuffled = np.random.default_rng(0).permutation(len(one)).tolist()
    dataset = data(len(one), groups)
    return make(tmp_path / "one", dataset, one), make(tmp_path / "two", dataset, other, order=shuffled)


@pytest.mark.parametrize(("first", "second"), [(12, 5), (0, 7), (3, 3), (0, 0)])
def test_mcnemar_is_the_binomial_test_of_the_clips_that_differ(tmp_path: Path, first: int, second: int) -> None:
    found = paired_test(*two(tmp_path, 50, first, second, 20))
    assert (found.n, found.only_first, found.only_second) == (70 + first + second, first, second)
    # in closed form: twice the smaller tail of a fair coin
    n, few = first + second, min(first, second)
    expected = min(1.0, 2 * sum(stats.binom.pmf(k, n, 0.5) for k in range(few + 1))) if n else 1.0
    assert found.p_value == pytest.approx(expected)
    if n:
        assert found.p_value == pytest.approx(stats.binomtest(first, n, 0.5).pvalue)
    assert found.difference == pytest.approx((first - second) / found.n)
    assert found.interval is not None
    assert (found.interval.over, found.interval.kind) == ("clips", "bootstrap")
    assert found.interval.low <= found.difference <= found.interval.high
    json.dumps(found.to_dict())


def test_a_run_against_itself_differs_in_nothing(tmp_path: Path) -> None:
    one, _ = two(tmp_path, 5, 3, 1, 2)
    found = paired_test(one, one)
    assert (found.difference, found.p_value, found.decided) == (0, 1, False)
    assert "may well be chance" in found.sentence("one", "itself")


def test_the_difference_respects_groups(tmp_path: Path) -> None:
    """Every clip of two speakers of eight is gained: McNemar is sure, and the speakers are too few to be."""
    right = [n % 8 > 1 for n in range(160)]
    dataset = data(160, groups=8)
    found = paired_test(make(tmp_path / "one", dataset, [True] * 160), make(tmp_path / "two", dataset, right))
    assert found.p_value < 1e-6
    assert found.interval is not None
    assert (found.interval.kind, found.interval.over, found.interval.n) == ("t", "groups", 8)
    gains = np.array([1.0, 1, 0, 0, 0, 0, 0, 0])
    expected = stats.t.interval(0.95, 7, gains.mean(), stats.sem(gains))
    assert (found.interval.low, found.interval.high) == pytest.approx(expected)
    assert not found.decided
    assert "Student's t over 8 groups" in found.sentence("one", "two")
    assert "if clips were independent" in found.sentence("one", "two")


def test_test_clips_of_one_group_say_nothing_about_others(tmp_path: Path) -> None:
    found = paired_test(*two(tmp_path, 5, 3, 1, 2, groups=1))
    assert found.interval is None
    assert "one group" in found.sentence("one", "two")
    assert "interval" not in found.to_dict()


def test_what_cannot_be_paired_is_a_sentence(tmp_path: Path) -> None:
    one = make(tmp_path / "one", data(10), [True] * 10)
    cases = {
        "8 of 10 and 8 in common": make(tmp_path / "fewer", data(8), [True] * 8),
        "other labels": make(tmp_path / "labels", data(10, label="c"), [True] * 10),
        "learned from": make(tmp_path / "leaky", data(10), [True] * 10, leaky=True),
        "more than once": make(tmp_path / "twice", data(10), [True] * 10, order=[*range(10), 3]),
        "has no results yet": create_run(Experiment(), tmp_path / "new"),
    }
    (cases["has no results yet"].folder / "clips.csv").write_bytes((one.folder / "clips.csv").read_bytes())
    for part, other in cases.items():
        with pytest.raises(RunError, match=part):
            paired_test(one, other)
    with pytest.raises(RunError, match="list of clips"):
        paired_test(one, create_run(Experiment(), tmp_path / "without"))


def test_copies_of_one_sound_are_told_apart_by_their_files(tmp_path: Path) -> None:
    dataset = data(10, copies=2)
    found = paired_test(
        make(tmp_path / "one", dataset, [True] * 10), make(tmp_path / "two", dataset, [n > 0 for n in range(10)])
    )
    assert (found.n, found.only_first) == (10, 1)
