"""Runs with names that mean something to every format they leave in."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import audioclf
from audioclf.datasets import Clip, Dataset
from audioclf.experiments.runs import Run
from audioclf.features import MFCC, Mel

NAMES = ("=1+1", '<b>"low"</b> & $x$ | `code`', "line\nbreak, [a](b) {{ 7*7 }} </script>")


@pytest.fixture(scope="session")
def named_clips(tmp_path_factory: pytest.TempPathFactory, write_tone: Callable[..., Path]) -> Dataset:
    """Three classes of tones, whose names are formulas, markup, templates and two lines."""
    from audioclf.audio.io import read_info
    from audioclf.datasets.readers import versions

    folder = tmp_path_factory.mktemp("named")
    clips = []
    for number, name in enumerate(NAMES):
        for take in range(8):
            path = write_tone(
                folder / f"{number}-{take}=<i>.wav", frequency=200 * 3**number * (1 + 0.02 * take), sr=8000
            )
            clips.append(Clip(path, name, read_info(path, content=True), file=f"{name}/{take}.wav"))
    return versions.save(Dataset("named <i>set</i>", tuple(clips)), folder / "kept")


def make(dataset: Dataset, folder: Path, **changes: Any) -> Run:
    """A small run on these clips."""
    from audioclf.audio.io import AudioSettings
    from audioclf.experiments.config import DatasetChoice
    from audioclf.experiments.runner import run_experiment
    from audioclf.training import Training

    defaults: dict[str, Any] = {
        "dataset": DatasetChoice(name=dataset.source),
        "audio": AudioSettings(sr=8000, duration=0.4),
        "features": (Mel(n_fft=256, hop_length=128, n_mels=24),),
        "model": audioclf.models.MODELS["compact-cnn"](filters=(8, 8)),
        "training": Training(epochs=2, batch_size=8),
        "name": '<b>run</b> "=1" \n${x}',
    }
    return run_experiment(audioclf.Experiment(**{**defaults, **changes}), folder)


@pytest.fixture(scope="session")
def named_run(named_clips: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A network on the mel spectrogram."""
    return make(named_clips, tmp_path_factory.mktemp("run") / "named")


@pytest.fixture(scope="session")
def ensemble_run(named_clips: Dataset, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """Two features as a weighted ensemble, two folds, rolled at the test, scaled."""
    from audioclf.datasets.splits import PROTOCOLS
    from audioclf.features.scaling import Scaling
    from audioclf.training import Training

    return make(
        named_clips,
        tmp_path_factory.mktemp("run") / "ensemble",
        features=(Mel(n_fft=256, hop_length=128, n_mels=24), MFCC(n_fft=256, hop_length=128, n_mels=24, n_mfcc=12)),
        combine="ensemble",
        weights=(0.7, 0.3),
        split=PROTOCOLS["k-fold"](n_splits=2),
        scaling=Scaling("row-standard"),
        training=Training(epochs=1, batch_size=8, test_rolls=2),
    )


@pytest.fixture(scope="session")
def make_run() -> Callable[..., Run]:
    """``make_run(dataset, folder, **parts of the experiment)``."""
    return make


@pytest.fixture(scope="session")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Run a program with numpy, soundfile and the runtimes alone: ``bare(path, *arguments) -> CompletedProcess``.

    What it finds is a folder of links to these packages, in a Python that looks nowhere else.
    """
    allowed = (
        *("numpy", "numpy.libs", "soundfile.py", "_soundfile.py", "_soundfile_data", "cffi", "_cffi_backend*"),
        *("pycparser", "onnxruntime", "flatbuffers", "packaging", "google", "ai_edge_litert", "backports", "ml_dtypes"),
        "typing_extensions.py",
    )
    place = tmp_path_factory.mktemp("bare")
    site = Path(np.__file__).parents[1]
    for pattern in allowed:
        for path in site.glob(pattern):
            (place / path.name).symlink_to(path)

    def run(program: Path, *arguments: object) -> subprocess.CompletedProcess[str]:
        code = (
            "import runpy, sys; sys.path.insert(0, sys.argv[1]); sys.argv = sys.argv[2:];"
            " runpy.run_path(sys.argv[0], run_name='__main__')"
        )
        command = [sys.executable, "-I", "-S", "-c", code, str(place), str(program), *map(str, arguments)]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)

    return run
