"""What the curves of a run's models show, all models together."""

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
    """Plain sentences on what went wrong, worst first; where several models share a kind, once and whose.

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
    # networks that leave it to the user have a parameter for it; of the others all normalise but those that say no
    momentum = BATCH_NORM_MOMENTUM if getattr(model, "batch_normalization", True) else None
    n_classes = len(Dataset("", run.clips).classes)
    keys = {str(row["fit"]): row for row in rows if row["split_index"] is not None}
    of_fit = {fit: epochs for fit, epochs in epochs_of(rows).items() if fit in keys}
    n_train = _n_train(str(run.folder), float(run.about["created"]))
    found: dict[str, dict[str, str]] = {}
    for fit, epochs in of_fit.items():
        n = n_train[keys[fit]["split_index"]]
        for kind, sentence in diagnose(epochs, n, n_classes, run.experiment.training, momentum).items():
            found.setdefault(kind, {})[fit_title(run, keys[fit])] = sentence
    return [_joined(sentences, len(of_fit)) for sentences in found.values()]


def fit_title(run: Run, row: Mapping[str, Any]) -> str:
    """Name of the fit that a row of a run's history belongs to: its split and, in an ensemble, its feature."""
    split, member = row["split_index"], row["member"]
    if split is None or member is None or member >= len(run.experiment.members):  # of another version
        return str(row["fit"])
    members = run.experiment.members[member]
    if len(run.experiment.members) == 1:
        return f"Split {split + 1}"
    features = ", ".join(feature.title for feature in members)
    again = run.experiment.members[:member].count(members)
    return f"Split {split + 1}: {features}" + (f" ({again + 1})" if again else "")


@lru_cache(maxsize=64)
def _n_train(folder: str, created: float) -> tuple[int, ...]:
    """Training examples of every split: clips and their copies."""
    run = Run(Path(folder))
    inputs = Inputs(run.experiment, Dataset("", run.clips))
    return tuple(len(inputs.train_examples(split)) for split in inputs.splits)


def _joined(sentences: Mapping[str, str], n_models: int) -> str:
    title, sentence = next(iter(sentences.items()))
    if n_models == 1:
        return sentence
    others = len(sentences) - 1
    if not others:
        return f"{title}: {sentence}"
    return f"{len(sentences)} of {n_models} models, the first of them {title}: {sentence}"
