"""One HTML page with everything in it: the table, what is to be known, and the pictures, for light and dark."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from audioclf.core.errors import AudioclfError
from audioclf.core.text import duration
from audioclf.experiments.fit import read_result
from audioclf.export.report.document import Picture, embedded, render
from audioclf.reproduce import pictures
from audioclf.reproduce.plan import REFERENCES
from audioclf.reproduce.rows import LEAKY, Row
from audioclf.reproduce.table import WORDS, accuracy

Say = Callable[[str], None]

_LONG = ("protocol", "verdict")
_NUMBERS = ("published", "epochs", "time")


def html(rows: Sequence[Row], say: Say = lambda sentence: None) -> str:
    """The whole page as text; nothing outside of it is needed to read it. Networks are asked for Grad-CAM by Keras.

    Parameters
    ----------
    rows : sequence of Row
    say : callable
        Called with what is being drawn.
    """
    references = []
    for letter in dict.fromkeys(row.recipe.letter for row in rows):
        say(f"Drawing the sounds of reference {letter}" if letter else "Drawing")
        group = [row for row in rows if row.recipe.letter == letter]
        first = next((row.run for row in group if row.run is not None), None)
        sounds = [] if first is None else embedded(pictures.of_sounds(first, letter))
        systems = []
        for row in group:
            say(f"Drawing {row.recipe.name}")
            shown = {"figures": figures(row), "pictures": embedded(_of_run(row))}
            systems.append({"recipe": row.recipe} | shown)
        title = f"Reference {letter}. {REFERENCES[letter]}" if letter in REFERENCES else "Others"
        references.append({"title": title, "sounds": sounds, "systems": systems})
    return render(
        "reproduced.html",
        title="Reference systems, reproduced",
        day=time.strftime("%Y-%m-%d"),
        cores=os.cpu_count(),
        machine=platform.machine(),
        system=platform.system(),
        header=WORDS,
        rows=[_cells(row) for row in rows],
        leaky=any(row.leaky for row in rows),
        leaky_word=LEAKY,
        references=references,
    )


def _of_run(row: Row) -> Iterator[Picture]:
    if row.run is None:
        return
    yield from pictures.of_run(row.run, row.recipe.letter)
    if row.recipe.letter == "C":
        found = pictures.explained(row.run)
        if found is not None:
            yield pictures.of_evidence(*found)


def _cells(row: Row) -> list[dict[str, str]]:
    return [
        {
            "text": text(row),
            "link": row.recipe.name if name == "recipe" else "",
            "kind": "number" if name in _NUMBERS else "long" if name in _LONG else "data",
        }
        for name, text in WORDS.items()
    ]


def figures(row: Row) -> dict[str, str]:
    """What came of a system, and everything that was published of it beside what it is here, by name."""
    reference = row.recipe.reference
    shown = {"Result": row.verdict}
    metrics = {} if row.run is None else row.run.metrics
    if row.run is not None:
        published = "" if row.recipe.published is None else f"; published {row.recipe.published:g}"
        shown["Accuracy"] = f"{accuracy(row)}, {row.n_test:,} clips{published}"
    shown["Protocol"] = row.protocol
    splits = metrics.get("splits", [])
    if len(splits) > 1:
        shown["Folds"] = ", ".join(f"{split['accuracy']:.3f}" for split in splits)
    for name, accuracies in alone(row).items():
        mean = sum(accuracies) / len(accuracies)
        listed = ", ".join(f"{value:.3f}" for value in accuracies)
        shown[f"{name} alone"] = f"{mean:.3f}" + (f"; folds {listed}" if len(accuracies) > 1 else "")
    if reference.get("folds"):
        shown["Folds, published"] = ", ".join(f"{value:g}" for value in reference["folds"])
    for name, label in _CURVES.items():
        if reference.get(name) is not None:
            here = _last(row, name)
            shown[label] = f"published {_listed(reference[name])}" + (f"; here {_listed(here)}" if here else "")
    if reference.get("features_seconds") is not None:
        took = metrics.get("seconds_features")
        shown["Features of all clips"] = f"published {duration(reference['features_seconds'])}" + (
            "" if took is None else f"; here {duration(took)}"
        )
    if reference.get("time"):
        shown["Time, published"] = str(reference["time"])
    if row.seconds is not None:
        shown["Time here"] = duration(row.seconds)
    return shown


def alone(row: Row) -> dict[str, list[float]]:
    """Accuracy of each member of an ensemble by itself, fold by fold; empty for other models."""
    run = row.run
    if run is None or len(run.experiment.members) < 2:
        return {}
    try:
        fits, truth = run.signature["fits"], run.predictions
        found: dict[str, list[float]] = {}
        for fit in fits:
            features = run.experiment.members[fit["member"]]
            true = np.array([item.true for item in truth if item.split == fit["split"]])
            right = read_result(run.fit_folder(fit["id"])).probabilities.argmax(axis=1) == true
            name = ", ".join(feature.title for feature in features)
            found.setdefault(name, []).append(float(right.mean()))
    except (AudioclfError, OSError, KeyError, ValueError, TypeError):
        return {}
    return found


_CURVES = {
    "train_accuracy": "Training accuracy at the last epoch, mean over folds",
    "val_accuracy": "Validation accuracy at the last epoch, mean over folds",
}


def _last(row: Row, name: str) -> list[float]:
    """Mean over the folds of each member's history at its last epoch; empty where it cannot be known."""
    if row.run is None:
        return []
    key = name.replace("train_", "")
    try:
        history, fits = row.run.history, row.run.signature["fits"]
    except (AudioclfError, KeyError):
        return []
    means = []
    for member in dict.fromkeys(fit["member"] for fit in fits):
        ids = [fit["id"] for fit in fits if fit["member"] == member]
        last = [[line for line in history if line["fit"] == fit][-1:] for fit in ids]
        values = [line[0][key] for line in last if line and line[0].get(key) is not None]
        if not values:
            return []
        means.append(sum(values) / len(values))
    return means


def _listed(values: Any) -> str:
    return " and ".join(f"{value:.3f}" for value in (values if isinstance(values, list | tuple) else [values]))
