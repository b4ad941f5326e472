"""Planted cues: what makes the class lies where the data set says, and a trained model's explanation finds it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from audioclf.audio.io import load_audio
from audioclf.datasets import Clip, load_dataset
from audioclf.datasets.catalog.planted import CUES, SECONDS, SR, Planted, true_box


def test_every_clip_has_its_cue_in_its_box_and_nowhere_else() -> None:
    dataset = load_dataset("planted", n_clips=6)
    assert dataset.classes == tuple(CUES)
    assert len(dataset) == 24
    for clip in dataset.clips:
        box = true_box(clip)
        assert box is not None
        start, end, low, high = box
        assert (low, high) == CUES[clip.label]
        assert 0 <= start < end <= SECONDS
        y, sr = load_audio(clip.path)
        assert (len(y), sr) == (round(SECONDS * SR), SR)
        inside, outside = (_power(y[part], low, high) for part in (_inside(y, start, end), ~_inside(y, start, end)))
        assert inside > 30 * outside
        for other, (its_low, its_high) in CUES.items():
            if other != clip.label:
                assert _power(y, its_low, its_high) < inside / 5


def _inside(y: np.ndarray, start: float, end: float) -> np.ndarray:
    t = np.arange(len(y)) / SR
    return (t >= start) & (t < end)


def _power(y: np.ndarray, low: float, high: float) -> float:
    """Mean power within a band, 60 Hz wider on both sides than the cue."""
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y)))) ** 2 / len(y) ** 2
    frequencies = np.fft.rfftfreq(len(y), 1 / SR)
    return float(spectrum[(frequencies >= low - 60) & (frequencies <= high + 60)].sum())


def test_the_same_seed_makes_the_same_sounds_and_they_are_made_once() -> None:
    label = next(iter(CUES))
    first, again = (Planted(random_state=3).make(label, 2) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    assert first[1] == again[1]
    assert np.abs(first[0] - Planted(random_state=4).make(label, 2)[0]).max() > 0.01
    dataset = load_dataset("planted", n_clips=4)
    stamps = [clip.path.stat().st_mtime_ns for clip in dataset.clips]
    assert [clip.path.stat().st_mtime_ns for clip in load_dataset("planted", n_clips=4).clips] == stamps


def test_other_sounds_have_no_known_place(tone_wav: Path) -> None:
    dataset = load_dataset("planted", n_clips=4)
    assert true_box(Clip(tone_wav, "x", dataset.clips[0].info)) is None


@pytest.mark.long
def test_the_default_explanation_points_right(tmp_path: Path) -> None:
    from audioclf import load_recipe, run_experiment
    from audioclf.inference.assessment import assess_method, choose_method

    run = run_experiment(load_recipe("planted-mel"), tmp_path / "run")
    assert run.metrics["accuracy"] > 0.95
    choice = choose_method(run, n=8)
    summary = assess_method(run, choice["method"])["summary"]
    assert summary["pointing"] >= 0.95
