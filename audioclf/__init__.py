"""audioclf: load labelled sounds, see how a machine hears them, train, judge, explain, classify.

Nothing heavy is imported here: every public name is fetched when it is first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from audioclf import datasets, explain, features, models
    from audioclf.audio.io import load_audio
    from audioclf.core.errors import AudioclfError
    from audioclf.datasets import Clip, Dataset, load_dataset, understand
    from audioclf.embeddings.hearing import hear
    from audioclf.experiments.config import Experiment
    from audioclf.experiments.runner import run_experiment
    from audioclf.experiments.runs import Run, compare_runs, open_run
    from audioclf.export.archive import import_run
    from audioclf.export.job import export_run
    from audioclf.export.report.run import write_report
    from audioclf.features.inversion import resynthesize
    from audioclf.inference.predictor import Predictor
    from audioclf.inference.scanner import scan_sounds
    from audioclf.recipes import load_recipe
    from audioclf.tuning import Search, open_search, run_search


# the public names, where each lives, and what it is for
PUBLIC: dict[str, tuple[str, str]] = {
    "load_audio": ("audioclf.audio.io", "Samples and sample rate of a sound file."),
    "load_dataset": ("audioclf.datasets", "A known data set by name, or one's own by path."),
    "understand": ("audioclf.datasets", "What a folder, archive or table is understood as, before it is loaded."),
    "Dataset": ("audioclf.datasets", "A named, immutable table of clips."),
    "Clip": ("audioclf.datasets", "One labelled sound: a file, or a stretch of one."),
    "datasets": ("audioclf.datasets", "All known data sets, and the ways to read one's own."),
    "features": ("audioclf.features", "Waveform, Spectrum, STFT, CQT, Mel, MFCC: parameters in, FeatureMap out."),
    "resynthesize": ("audioclf.features.inversion", "Sound made of a feature, and its distance from the original."),
    "models": ("audioclf.models", "All models, and build(name, input_shape, n_classes, **params)."),
    "explain": ("audioclf.explain", "Explanation methods (METHODS), and what tells whether a map is true (judge)."),
    "hear": ("audioclf.embeddings.hearing", "What YAMNet hears in a sound: scores of its 521 classes over time."),
    "Experiment": ("audioclf.experiments.config", "The whole recipe as one frozen value; reads and writes TOML."),
    "load_recipe": ("audioclf.recipes", "A published system, or one of ours, as an experiment."),
    "run_experiment": ("audioclf.experiments.runner", "Run an experiment into a new folder."),
    "open_run": ("audioclf.experiments.runs", "Open the folder of a run."),
    "compare_runs": ("audioclf.experiments.runs", "Figures of several runs, and only the settings that differ."),
    "Search": ("audioclf.tuning", "An experiment, and values to try for any of its parameters."),
    "run_search": ("audioclf.tuning", "Make a search into a new folder: every point is a run, validation chooses."),
    "open_search": ("audioclf.tuning", "Open the folder of a search: its leader board, its points' runs."),
    "Run": ("audioclf.experiments.runs", "A run's folder: status, history, metrics, predictions, clips."),
    "Predictor": ("audioclf.inference.predictor", "The models of a finished run: classify and explain."),
    "scan_sounds": ("audioclf.inference.scanner", "Recordings of any length and folders: every window, and events."),
    "export_run": ("audioclf.export.job", "A run as ONNX, LiteRT, Keras, a zip, one file, or a script."),
    "import_run": ("audioclf.export.archive", "Open a run that was exported as one file."),
    "write_report": ("audioclf.export.report.run", "All there is to know of a run, as one HTML page that prints."),
    "AudioclfError": ("audioclf.core.errors", "What a user can correct; its text is one sentence."),
}

__all__ = [  # noqa: RUF022 (the order of the table)
    "load_audio",
    "load_dataset",
    "understand",
    "Dataset",
    "Clip",
    "datasets",
    "features",
    "resynthesize",
    "models",
    "explain",
    "hear",
    "Experiment",
    "load_recipe",
    "run_experiment",
    "open_run",
    "compare_runs",
    "Search",
    "run_search",
    "open_search",
    "Run",
    "Predictor",
    "scan_sounds",
    "export_run",
    "import_run",
    "write_report",
    "AudioclfError",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return importlib.import_module("audioclf.core.version").__version__
    if name not in PUBLIC:
        raise AttributeError(f"module 'audioclf' has no attribute {name!r}")
    place = PUBLIC[name][0]
    module = importlib.import_module(place)
    return module if place == f"audioclf.{name}" else getattr(module, name)


def __dir__() -> list[str]:
    return sorted({*globals(), *PUBLIC})
