"""What the curves of a run's models say, all models together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from audioclf.datasets import Dataset
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.runs import Run
from audioclf.models import Network
from audioclf.models.layers import BATCH_NORM_MOMENTUM
from audioclf.training import diagnose, epochs_of


def diagnose_run(run: Run, rows: Sequence[Mapping[str, Any]] | None = None) -> list[str]:
    """Plain sentences on what went wrong, worst first; where several models say the same kind, once and whose.

    Parameters
    ----------
    run : Run
        Finished or under way.
    rows : sequence of mapping, optional
        Lines of its history, those of all models or of some; all where left out.

    Returns
    -------
    list of str
        Empty where nothing is wrong, and for models that are fitted at once.
    """
    model = run.experiment.model
    rows = run.history if rows is None else rows
    if not rows or not isinstance(model, Network) or not run.clips:
        return []
    # networks that leave it to the reader have a parameter for it; of the others all normalise but those that say no
    momentum = BATCH_NORM_MOMENTUM if getattr(model, "batch_normalization", True) else None
    n_classes = len(Dataset("", run.clips).classes)
    of_part = epochs_of(rows)
    n_train = _n_train(str(run.folder), float(run.about["created"]))
    said: dict[str, dict[str, str]] = {}
    for part, epochs in of_part.items():
        found = diagnose(epochs, n_train[_numbers(part)[0]], n_classes, run.experiment.training, momentum)
        for kind, sentence in found.items():
            said.setdefault(kind, {})[part] = sentence
    return [_told(run, sentences, len(of_part)) for sentences in said.values()]


def part_title(run: Run, part: str) -> str:
    """Name of one of several models: its split and, of an ensemble, its feature."""
    try:
        split, member = _numbers(part)
        members = run.experiment.members[member]
    except (ValueError, IndexError):  # of another version
        return part
    if len(run.experiment.members) == 1:
        return f"Split {split + 1}"
    features = ", ".join(feature.title for feature in members)
    again = run.experiment.members[:member].count(members)
    return f"Split {split + 1}: {features}" + (f" ({again + 1})" if again else "")


def _numbers(part: str) -> tuple[int, int]:
    """Split and member of a part, by its name."""
    split, member = (int(word[1:]) for word in part.split("-"))
    return split, member


@lru_cache(maxsize=64)
def _n_train(folder: str, created: float) -> tuple[int, ...]:
    """Training examples of every split: clips and their copies."""
    run = Run(Path(folder))
    inputs = Inputs(run.experiment, Dataset("", run.clips))
    return tuple(len(inputs.train_examples(split)) for split in inputs.splits)


def _told(run: Run, sentences: Mapping[str, str], n_models: int) -> str:
    part, sentence = next(iter(sentences.items()))
    if n_models == 1:
        return sentence
    others = len(sentences) - 1
    if not others:
        return f"{part_title(run, part)}: {sentence}"
    return f"{len(sentences)} of {n_models} models, the first of them {part_title(run, part)}: {sentence}"
