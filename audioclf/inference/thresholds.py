"""Thresholds of the classes for a wanted precision or recall, from predictions of validation clips."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from audioclf.core.documents import read_json
from audioclf.core.errors import AudioclfError, ParameterError, RunError, Stopped
from audioclf.core.files import write_atomic
from audioclf.experiments.runs import Run

FILE = "thresholds.json"
FEWEST = 5
"""Validation clips of a class that its threshold needs."""

ShouldStop = Callable[[], bool]


@dataclass(frozen=True)
class Threshold:
    """Threshold of one class, and what it came to on the validation clips.

    Attributes
    ----------
    label : str
    value : float
        Probability from which the class counts as heard.
    precision, recall : float
        Share of what is heard that is right, and of the class's clips that are heard.
    n : int
        Validation clips of the class.
    reached : bool
        Whether the wanted figure is reached; otherwise the threshold is the best there is.
    """

    label: str
    value: float
    precision: float
    recall: float
    n: int
    reached: bool


def calibrate(
    probabilities: npt.ArrayLike,
    labels: npt.ArrayLike,
    classes: Sequence[str],
    *,
    precision: float | None = None,
    recall: float | None = None,
) -> list[Threshold]:
    """A threshold for every class that has enough clips.

    For a precision it is the lowest that reaches it (which hears most), for a recall the highest (which errs least).

    Parameters
    ----------
    probabilities : np.ndarray [shape=(n, n_classes)]
        Predicted for clips that the models have not learned from.
    labels : np.ndarray [shape=(n,)], int
        Their classes.
    classes : sequence of str
    precision, recall : float
        The wanted figure, above 0 and up to 1; give one of them.

    Raises
    ------
    ParameterError
    """
    wanted = recall if precision is None else precision
    if (precision is None) == (recall is None) or wanted is None or not 0 < wanted <= 1:
        raise ParameterError("Give either a precision or a recall, above 0 and up to 1.", "precision")
    rows, true = np.asarray(probabilities, np.float64), np.asarray(labels)
    found = []
    for number, label in enumerate(classes):
        p, right = rows[:, number], true == number
        if right.sum() < FEWEST:
            continue
        values = np.unique(p)[::-1]
        heard = np.array([(p >= value).sum() for value in values])
        hits = np.array([(right & (p >= value)).sum() for value in values])
        precisions, recalls = hits / heard, hits / right.sum()
        if precision is not None:
            good = np.flatnonzero(precisions >= precision)
            at = int(good[-1]) if len(good) else int(precisions.argmax())
        else:
            good = np.flatnonzero(recalls >= wanted)
            at = int(good[0])
        # float32 rounds: the value itself has to pass the threshold
        value = float(np.floor(values[at] * 1e6) / 1e6)
        found.append(
            Threshold(label, value, float(precisions[at]), float(recalls[at]), int(right.sum()), bool(len(good)))
        )
    return found


def validation_predictions(
    run: Run, *, should_stop: ShouldStop = lambda: False
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
    """Probabilities of a run's validation clips and their classes; each clip is heard by models that did not learn it.

    A run keeps its split and not these predictions, so they are made again from its data set.

    Raises
    ------
    RunError
        When the run held no clips back for validation, or its data set is not what it was.
    AudioclfError
    """
    from audioclf.experiments.preprocessing import Inputs
    from audioclf.inference.predictor import Predictor

    predictor = Predictor(run)
    experiment = run.experiment
    dataset = experiment.dataset.load()
    if tuple(dataset.classes) != run.classes:
        raise RunError(
            f"The data set of run '{run.name}' has other classes now than when it was trained; thresholds need the"
            " clips it held back."
        )
    known = run.clips
    if known and [clip.key for clip in known] != [clip.key for clip in dataset.clips]:
        raise RunError(
            f"The data set of run '{run.name}' has changed since; its validation clips are not known any more."
        )
    rows, labels = [], []
    fits = {fit["split_index"]: fit["split"] for fit in run.signature["fits"]}
    for number, split in enumerate(Inputs(experiment, dataset).splits):
        for clip in split.validation:
            if should_stop():
                raise Stopped("Calibrating the thresholds was stopped.")
            if number not in fits:
                continue
            rows.append(predictor.classify(dataset.clips[clip], split=fits[number]).probabilities)
            labels.append(dataset.labels[clip])
    if not rows:
        raise RunError(
            f"Run '{run.name}' held no clips back for validation, so no threshold can be calibrated; set"
            " validation_size and train again, or give thresholds by hand."
        )
    return np.stack(rows), np.asarray(labels, np.int64)


def save_thresholds(run: Run, thresholds: Sequence[Threshold], wanted: str) -> None:
    """Keep thresholds beside the models; these stay as they are.

    Raises
    ------
    RunError
    """
    record = {"version": 1, "wanted": wanted, "thresholds": [asdict(one) for one in thresholds]}
    try:
        write_atomic(run.folder / FILE, json.dumps(record, ensure_ascii=True, indent=1))
    except OSError as error:
        raise RunError(
            f"The thresholds of run '{run.name}' cannot be kept ({error.strerror or error}); check the permissions of"
            " its folder."
        ) from None


def read_thresholds(run_folder: Path) -> tuple[list[Threshold], str]:
    """Thresholds that are kept with a run, and what was wanted; none where there are none, or they are damaged."""
    try:
        record: Any = read_json(run_folder / FILE)
        found = [Threshold(**values) for values in record["thresholds"]]
        if not all(isinstance(one.label, str) and 0 <= one.value <= 1 for one in found):
            raise ValueError
        return found, str(record["wanted"])
    except (OSError, ValueError, TypeError, KeyError, AudioclfError):
        return [], ""
