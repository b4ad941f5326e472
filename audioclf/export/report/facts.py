"""What is to be known of a run before its model is trusted, in words: for the report and for the card of an export."""

from __future__ import annotations

import contextlib
import platform
import shlex
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import PureWindowsPath
from typing import Any

from audioclf.core.errors import AudioclfError
from audioclf.core.text import duration
from audioclf.core.version import __version__
from audioclf.datasets import SOURCES, Clip, Dataset
from audioclf.embeddings import EMBEDDINGS, EmbeddingModel
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.mistakes import wilson
from audioclf.models.yamnet import NONE, YAMNetTransfer
from audioclf.training.intervals import interval_words
from audioclf.training.metrics import majority

FEW = 30
"""Below so many test clips, or 5 groups, a figure means little."""

_FEW_GROUPS = 5
_PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn", "librosa", "soundfile", "soxr")


@dataclass(frozen=True)
class Facts:
    """Everything as text; names are as they came, so that whoever writes them escapes them.

    Attributes
    ----------
    name, note, id : str
    made : float
        Unix time.
    data : dict
        What is known of the data set: name, licence, source, clips, classes, groups.
    task : str
        What was asked, in a sentence.
    protocol : str
    figures : dict
        Figures with their intervals.
    per_class : list of dict
        Rows of metrics.json, each with Wilson's 95 % ``interval`` of its recall over clips; None without clips.
    input, model : str
        What the model takes, and what it is.
    limits : tuple of str
        One sentence each.
    versions : dict
    seed : int
    repeat : str
        The command that makes the run again.
    """

    name: str
    note: str
    id: str
    made: float
    data: dict[str, str]
    task: str
    protocol: str
    figures: dict[str, str]
    per_class: list[dict[str, Any]]
    input: str
    model: str
    limits: tuple[str, ...]
    versions: dict[str, str]
    seed: int
    repeat: str


def of(run: Run) -> Facts:
    """The facts of a run that has results.

    Raises
    ------
    AudioclfError
        When it has none, or cannot be read.
    """
    metrics, experiment, about = run.metrics, run.experiment, run.about
    classes = run.classes
    clips: tuple[Clip, ...] = ()
    with contextlib.suppress(AudioclfError):  # a damaged list costs lines, not the report
        clips = run.clips
    seconds = float(run.signature["duration"])
    features = " and ".join(feature.title for feature in experiment.features)
    audio = experiment.audio
    channels = {"mean": "all channels averaged", "left": "the left channel", "right": "the right channel"}[audio.mono]
    return Facts(
        name=run.name,
        note=str(about["note"]),
        id=run.id,
        made=float(about["created"]),
        data=_data(run, clips),
        task=f"Which of {len(classes):,} classes a sound of {seconds:g} s belongs to.",
        protocol=str(metrics["protocol"]),
        figures=_figures(metrics),
        per_class=[{**row, "interval": _interval(row["recall"], row["support"])} for row in metrics["per_class"]],
        input=f"{seconds:g} s at {audio.sr:,} Hz, {channels}; {features}.",
        model=f"{experiment.model.title}"
        + (f", {metrics['n_parameters']:,} weights" if metrics.get("n_parameters") else "")
        + (f", {len(run.signature['fits'])} models averaged" if len(run.signature["fits"]) > 1 else "")
        + "."
        + "".join(
            f" It begins with the weights of {one.title} ({one.licence}, {one.source}). {one.trained_on}"
            for one in _pretrained(experiment)
        ),
        limits=tuple(_limits(run, metrics, clips)),
        versions=versions(),
        seed=experiment.training.seed,
        repeat=f"audioclf run {shlex.quote(f'{run.id}.toml')}",
    )


def _interval(recall: float, n: int) -> tuple[float, float] | None:
    return wilson(round(recall * n), n) if n else None


def _pretrained(experiment: Experiment) -> list[EmbeddingModel]:
    """Embedding models whose weights are part of what was trained."""
    kinds = [feature.kind for feature in experiment.features]
    if isinstance(experiment.model, YAMNetTransfer) and experiment.model.weights != NONE:
        kinds.append(experiment.model.kind)
    return [EMBEDDINGS[kind]() for kind in dict.fromkeys(kinds) if kind in EMBEDDINGS]


def without_paths(experiment: Experiment) -> Experiment:
    """The experiment, its data set by its last name where it is a path: what leaves tells nobody where files lie."""
    return experiment.replace(dataset=experiment.dataset.replace(name=last_name(experiment.dataset.name)))


def last_name(name: str) -> str:
    """Last part of a path of any system; another name as it is."""
    if not (name.startswith(("/", "\\", "~")) or PureWindowsPath(name).drive):
        return name
    return name.replace("\\", "/").rstrip("/").rsplit("/", 1)[-1] or "data"


def versions() -> dict[str, str]:
    """Python, this package and those whose versions change a figure, as they are now."""
    found = {"audioclf": __version__, "Python": platform.python_version()}
    for name in _PACKAGES:
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[name] = metadata.version(name)
    return found


def percent_interval(share: float, interval: Sequence[float], digits: int = 1, end_digits: int = 1) -> str:
    """A share with its interval, such as ``93.1 % (89.0 to 96.4 %)``."""
    low, high = (f"{100 * end:.{end_digits}f}" for end in interval)
    return f"{100 * share:.{digits}f} % ({low} to {high} %)"


def _data(run: Run, clips: tuple[Clip, ...]) -> dict[str, str]:
    choice = run.experiment.dataset
    title = str(run.about.get("data_title", "")) or last_name(choice.name)
    found = {"Data set": title}
    if choice.name in SOURCES:
        known = SOURCES[choice.name]
        found |= {"Licence": known.licence, "Source": known.citation}
    else:
        found["Licence"] = "not known: ask whoever made the data set before the model is passed on"
    if clips:
        counts = Dataset("", clips).counts
        total = sum(clip.seconds for clip in clips)
        found["Clips"] = f"{len(clips):,}, {duration(total)} of sound"
        smallest, largest = min(counts.values()), max(counts.values())
        each = f"{smallest:,}" if smallest == largest else f"{smallest:,} to {largest:,}"
        found["Classes"] = f"{len(counts):,}, {each} clips each"
        groups = {clip.group for clip in clips if clip.group is not None}
        found["Groups"] = f"{len(groups):,} (such as speakers or recordings)" if groups else "none are known"
        rates = Counter(clip.info.sr for clip in clips).most_common(3)
        found["Recorded at"] = ", ".join(f"{sr:,} Hz" for sr, _ in rates)
    fingerprint = run.metrics.get("fingerprint") if run.has_metrics else None
    if fingerprint:
        found["Fingerprint"] = str(fingerprint)
    return {name: value for name, value in found.items() if value}


def _figures(metrics: Mapping[str, Any]) -> dict[str, str]:
    accuracy, made = percent_interval(metrics["accuracy"], metrics["interval"]), interval_words(metrics)
    n = int(metrics["n_test"])
    found = {
        "Accuracy": f"{accuracy}, 95 % interval{f' ({made})' if made else ''}",
        "Test clips": f"{n:,}, {round(metrics['accuracy'] * n):,} predicted correctly",
    }
    support = [row["support"] for row in metrics["per_class"]]
    found["Guessing"] = (
        f"{100 / len(support):.1f} %; always predicting the most frequent class {100 * majority(support):.1f} %"
    )
    found["F1 (macro)"] = f"{metrics['macro_f1']:.3f}"
    if metrics.get("top2") is not None:
        found["In the top two"] = f"{100 * metrics['top2']:.1f} %"
    found["Log loss"] = f"{metrics['log_loss']:.3g}"
    if metrics.get("accuracy_sd") is not None:
        found["Over the splits"] = f"{100 * metrics['accuracy_mean']:.1f} ± {100 * metrics['accuracy_sd']:.1f} %"
    found["Time taken"] = duration(metrics["seconds"])
    return found


def _limits(run: Run, metrics: Mapping[str, Any], clips: tuple[Clip, ...]) -> Iterator[str]:
    if metrics["leaky"]:
        yield (
            "The model was tested on clips, or copies of clips, it learned from: its figures say nothing of new sounds."
        )
    yield (
        f"It knows these {len(run.classes):,} classes and no other: any sound is given to one of them, however unlike"
        " them it is."
    )
    yield (
        "Its figures hold for sounds recorded as the test clips were; another microphone, room or distance can cost"
        " much of them."
    )
    n_test, n_groups = int(metrics["n_test"]), metrics.get("interval_n")
    if n_test < FEW:
        yield f"It was tested on {n_test:,} clips only; the interval shows how little that is."
    if metrics.get("interval_over") == "groups" and isinstance(n_groups, int) and n_groups < _FEW_GROUPS:
        yield (
            f"The test clips are of {n_groups} {'groups' if n_groups > 1 else 'group'} only, so that the figures hardly"
            " tell how it does on a new one."
        )
    if clips and all(clip.group is None for clip in clips):
        yield (
            "No groups are known: where several clips are of one speaker, instrument or recording, clips like the test"
            " clips may have been learned from."
        )
    weak = [str(row["class"]) for row in metrics["per_class"] if row["support"] and row["recall"] < 0.5]
    if weak:
        shown = ", ".join(weak[:8]) + (" …" if len(weak) > 8 else "")
        yield f"Of {'this class' if len(weak) == 1 else 'these classes'} it misses more than half: {shown}."
    yield from map(str, metrics.get("remarks", ()))
