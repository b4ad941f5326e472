"""Whether an exported model gives the answers of the run it was made of; asked in a process of its own runtime."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from audioclf.core.errors import AudioclfError, RunError
from audioclf.datasets import Clip
from audioclf.experiments.runs import Run
from audioclf.features.base import Array
from audioclf.features.extraction import load_clip
from audioclf.inference.predictor import Predictor

TOLERANCE: Final = 1e-4
"""How far a probability of the exported model may be from the run's own."""

MOST: Final = 40
"""Test clips that an export is compared on."""

SECONDS: Final = 300.0
"""After which a runtime is given up."""


@dataclass(frozen=True, eq=False)
class Samples:
    """Windows that both models answer.

    Attributes
    ----------
    windows : np.ndarray [shape=(n, n_samples)], float32
    true : tuple of int
        Class of each; empty where the sounds were made for the purpose, because the run's clips are gone.
    clips : tuple of Clip
        Where they come from; empty likewise.
    """

    windows: Array
    true: tuple[int, ...] = ()
    clips: tuple[Clip, ...] = ()

    @property
    def made(self) -> bool:
        """Whether they are no test clips of the run."""
        return not self.clips


def samples_of(predictor: Predictor, most: int = MOST, split: str | None = None) -> Samples:
    """Test clips of a run, evenly over all of them; sounds made here where none can be read any more."""
    windows, true, clips = [], [], []
    for clip, label in _tested(predictor.run, most, split):
        try:
            windows.append(load_clip(clip, predictor.audio, predictor.n_samples))
        except AudioclfError:  # moved or changed since; the others will do
            continue
        true.append(label)
        clips.append(clip)
    if not windows:
        return Samples(made(predictor.n_samples, predictor.audio.sr))
    return Samples(np.stack(windows), tuple(true), tuple(clips))


def _tested(run: Run, most: int, split: str | None) -> list[tuple[Clip, int]]:
    try:
        clips, predictions = run.clips, run.predictions
    except RunError:
        return []
    found = [
        (clips[item.clip], item.true)
        for item in predictions
        if item.clip < len(clips) and (split is None or item.split == split)
    ]
    step = max(1, len(found) / most)
    return [found[int(number * step)] for number in range(min(most, len(found)))]


def made(n_samples: int, sr: float) -> Array:
    """Eight decaying tones with a little noise, an octave or so apart [shape=(8, n_samples)]."""
    t = np.arange(n_samples) / sr
    noise = np.random.default_rng(0).normal(0, 0.003, (8, n_samples))
    pitches = 110.0 * 1.8 ** np.arange(8)[:, np.newaxis] % (sr / 2)
    return np.asarray(0.4 * np.exp(-3 * t / t[-1:]) * np.sin(2 * np.pi * pitches * t) + noise, np.float32)


def ask(model: Path, windows: Array) -> Array:
    """Answers of an exported model's own runtime, in a process of its own.

    Parameters
    ----------
    model : Path
        ``.onnx``, ``.tflite`` or ``.keras``.
    windows : np.ndarray [shape=(n, n_samples)], float32

    Returns
    -------
    np.ndarray [shape=(n, n_classes)], float32

    Raises
    ------
    RunError
        When the runtime cannot run it.
    """
    with tempfile.TemporaryDirectory(prefix="audioclf-check-") as folder:
        given, found = Path(folder) / "windows.npy", Path(folder) / "probabilities.npy"
        np.save(given, windows)
        command = [sys.executable, "-P", "-m", "audioclf.export.runtime", str(model), str(given), str(found)]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONSAFEPATH": "1"},
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise RunError(
                f"The exported model gave no answer within {SECONDS:.0f} s and is not offered; choose another format."
            ) from None
        if done.returncode or not found.is_file():
            lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [f"exit code {done.returncode}"]
            raise RunError(
                f"The exported model does not run in its own runtime and is not offered ({lines[-1][:200]}); choose"
                " another format."
            )
        answers: Array = np.load(found, allow_pickle=False)
    return answers


def difference(ours: Array, theirs: Array) -> float:
    """Largest difference between two tables of probabilities; infinite where they cannot be compared."""
    if ours.shape != theirs.shape or not np.isfinite(theirs).all():
        return float("inf")
    return float(np.abs(ours - theirs).max())


def require_equal(ours: Array, theirs: Array) -> float:
    """Largest difference, where it is within :data:`TOLERANCE`.

    Raises
    ------
    RunError
        Where it is not.
    """
    found = difference(ours, theirs)
    if not found <= TOLERANCE:
        raise RunError(
            f"The exported model differs from the run's own by {found:.2g} in a probability, and at most"
            f" {TOLERANCE:g} is allowed, so it is not offered; choose another format."
        )
    return found


def accuracy(probabilities: Array, true: Sequence[int]) -> float:
    """Share of windows whose most probable class is the true one."""
    predicted: npt.NDArray[np.int64] = probabilities.argmax(axis=1)
    return float((predicted == np.asarray(true)).mean())
