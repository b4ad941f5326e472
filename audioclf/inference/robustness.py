"""How a run's models hold up: its test clips changed more and more in one way, and the accuracy of every class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final, get_type_hints

import numpy as np

from audioclf.augment.alteration import Alteration
from audioclf.core.errors import AudioclfError, ParameterError, RunError, Stopped
from audioclf.core.params import coerce, unknown
from audioclf.experiments.runs import Prediction, Run, open_run, write_json
from audioclf.experiments.runs.files import read_json
from audioclf.inference.messages import Frame
from audioclf.inference.predictor import Predictor

MOST: Final = 400
"""Test clips that are changed, at most; of more, so many are drawn."""


@dataclass(frozen=True)
class Sweep:
    """One way to change clips, from little to much.

    Attributes
    ----------
    title : str
    parameter : str
        Of :class:`~audioclf.augment.alteration.Alteration`.
    values : tuple of float
        In the order in which they are tried.
    unit : str
    """

    title: str
    parameter: str
    values: tuple[float, ...]
    unit: str


SWEEPS: Final = {
    "noise": Sweep("White noise", "snr", (40, 30, 20, 15, 10, 5, 0, -5), "dB SNR"),
    "pitch": Sweep("Pitch", "semitones", (-6, -4, -2, -1, 0, 1, 2, 4, 6), "semitones"),
    "speed": Sweep("Speed", "rate", (0.5, 0.7, 0.85, 1, 1.2, 1.5, 2), "times"),
    "reverb": Sweep("Reverberation", "reverb", (0, 0.2, 0.5, 1, 2), "s"),
    "gain": Sweep("Level", "gain", (-60, -40, -20, -10, 0, 10, 20), "dB"),
    "low-pass": Sweep("Low-pass", "high_stop", (500, 1000, 2000, 4000, 8000), "Hz"),
    "high-pass": Sweep("High-pass", "low_stop", (0, 125, 250, 500, 1000, 2000), "Hz"),
}
"""Every way, by name."""


@dataclass(frozen=True)
class Robustness:
    """What a sweep came to.

    Attributes
    ----------
    sweep : str
        One of :data:`SWEEPS`.
    values : tuple of float
    classes : tuple of str
    support : tuple of int
        Clips of every class that were changed.
    accuracy : tuple of float
        Over all clips, one for each value.
    per_class : tuple of tuple of float or None
        For each value the accuracy of every class; None of one without clips.
    unchanged : float
        Accuracy of the same clips as they are.
    skipped : int
        Clips that could not be read or changed.
    """

    sweep: str
    values: tuple[float, ...]
    classes: tuple[str, ...]
    support: tuple[int, ...]
    accuracy: tuple[float, ...]
    per_class: tuple[tuple[float | None, ...], ...]
    unchanged: float
    skipped: int = 0

    def sentence(self) -> str:
        """Where it breaks: the class that loses most, and by which value half of what was right is lost."""
        sweep = SWEEPS[self.sweep]
        worst = min(range(len(self.values)), key=lambda place: self.accuracy[place])
        words = (
            f"{sweep.title}: {self.unchanged:.1%} of {sum(self.support):,} clips as they are,"
            f" {self.accuracy[worst]:.1%} at {self.values[worst]:g} {sweep.unit}"
        )
        shares = zip(self.classes, self.per_class[worst], strict=True)
        falls = {name: share for name, share in shares if share is not None}
        if falls and self.accuracy[worst] < self.unchanged:
            weakest = min(falls, key=lambda name: falls[name])
            words += f", where {weakest} is found least often ({falls[weakest]:.0%})"
        return words + "."


def file_name(sweep: str) -> str:
    """Name of the file in a run's folder that keeps what a sweep came to."""
    return f"robustness-{sweep}.json"


def read_robustness(run: Run, sweep: str) -> Robustness | None:
    """What was measured before; None where nothing was, or where it is damaged."""
    try:
        stored = {"skipped": 0} | read_json(run.folder / file_name(sweep), missing={})
        kinds = get_type_hints(Robustness)
        found = Robustness(**{name: coerce(stored[name], kind, name) for name, kind in kinds.items()})
    except (RunError, ParameterError, KeyError, TypeError):
        return None
    n, k = len(found.values), len(found.classes)
    whole = (
        len(found.accuracy) == len(found.per_class) == n > 0
        and len(found.support) == k
        and all(len(row) == k for row in found.per_class)
    )
    return found if whole else None


def measure(
    predictor: Predictor,
    sweep: str,
    *,
    progress: Callable[[int, int], None] = lambda done, total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Robustness:
    """Change a run's test clips in one way, more and more, and ask the models that have not learned from them.

    What it comes to is kept in the run's folder.

    Parameters
    ----------
    sweep : str
        One of :data:`SWEEPS`.
    progress : callable
        Called with how many of how many clips are done.

    Raises
    ------
    ParameterError
        For an unknown sweep.
    RunError
        When no test clip can be read.
    Stopped
    """
    if sweep not in SWEEPS:
        raise ParameterError(unknown(sweep, SWEEPS, "sweep"), "sweep")
    run, about = predictor.run, SWEEPS[sweep]
    if not run.clips:
        raise RunError(f"The list of clips of run '{run.name}' is gone, so its test clips cannot be changed.")
    alterations = [Alteration(), *(Alteration.from_dict({about.parameter: value}) for value in about.values)]
    chosen = _chosen(run.predictions)
    right: list[list[bool]] = []
    labels: list[int] = []
    skipped = 0
    for done, item in enumerate(chosen):
        progress(done, len(chosen))
        if should_stop():
            raise Stopped("Measuring was stopped; nothing of it is kept.")
        try:
            y = predictor.samples(run.clips[item.clip])
            windows = [predictor.windows(alteration(y, predictor.audio.sr))[1] for alteration in alterations]
        except AudioclfError:
            skipped += 1
            continue
        rows = predictor.probabilities([window for several in windows for window in several], item.split)
        ends = np.cumsum([len(several) for several in windows])
        means = [part.mean(axis=0) for part in np.split(rows, ends[:-1])]
        right.append([int(mean.argmax()) == item.true for mean in means])
        labels.append(item.true)
    if not right:
        raise RunError(f"No test clip of run '{run.name}' can be read any more, so none can be changed.")
    progress(len(chosen), len(chosen))
    table, true = np.array(right), np.array(labels)
    of_class = [table[true == number] for number in range(len(run.classes))]
    found = Robustness(
        sweep,
        tuple(float(value) for value in about.values),
        run.classes,
        tuple(len(part) for part in of_class),
        tuple(float(share) for share in table[:, 1:].mean(axis=0)),
        tuple(
            tuple(float(part[:, place].mean()) if len(part) else None for part in of_class)
            for place in range(1, table.shape[1])
        ),
        float(table[:, 0].mean()),
        skipped,
    )
    write_json(run.folder / file_name(sweep), asdict(found))
    return found


def measure_task(request: dict[str, Any], progress: Callable[[int, int], None]) -> Frame:
    """Measure one sweep of one run in a process of its own; see :func:`audioclf.jobs.background.run_task`."""
    measure(Predictor(open_run(request["run"])), request["sweep"], progress=progress)
    return {}, {}


def _chosen(predictions: Sequence[Prediction]) -> list[Prediction]:
    if len(predictions) <= MOST:
        return list(predictions)
    drawn = np.sort(np.random.default_rng(0).choice(len(predictions), MOST, replace=False))
    return [predictions[number] for number in drawn.tolist()]
