"""Ready-made sets of runs that answer one question: does the split leak, and which feature suits these sounds?

Every variant is an ordinary run; a tag in its ``run.json`` names the study it belongs to, so that the folder stays the
single source of truth.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from audioclf.augment import AUGMENTATIONS, Augmentation, Copies
from audioclf.augment.copies import on_samples
from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.core.params import unknown
from audioclf.datasets import Dataset
from audioclf.datasets.splits import Holdout
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import examine
from audioclf.experiments.runner import execute
from audioclf.experiments.runs import Run, Watcher, create_run, summarise, write_json
from audioclf.features import FEATURES, views
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling

TAG: Final = "study"


@dataclass(frozen=True)
class Variant:
    """One run of a study.

    Attributes
    ----------
    name, title : str
        For the program and for people.
    experiment : Experiment
    why : str
        What to know of its figure, one sentence.
    refusal : str
        Why it cannot be run on these data; empty where it can.
    """

    name: str
    title: str
    experiment: Experiment
    why: str = ""
    refusal: str = ""


@dataclass(frozen=True)
class Study:
    """A set of runs that differ in one thing.

    Attributes
    ----------
    kind : str
        One of :data:`STUDIES`.
    variants : tuple of Variant
    """

    kind: str
    variants: tuple[Variant, ...]

    @property
    def runnable(self) -> tuple[Variant, ...]:
        """The variants that can be run."""
        return tuple(variant for variant in self.variants if not variant.refusal)


GROUPED, RANDOM, COPIED = "grouped", "random", "copied"

TITLES: Final = {
    GROUPED: "Groups kept together",
    RANDOM: "Clips at random",
    COPIED: "Copies made before the split",
}

WHY: Final = {
    GROUPED: "No group stands on both sides, so this is the accuracy for a new one.",
    RANDOM: "Clips of one group stand on both sides: knowing the group helps, and no new sound brings that along.",
    COPIED: "Copies of one clip stand on both sides: the model was trained on nearly the clips it is tested on.",
}


def leakage(experiment: Experiment, dataset: Dataset) -> Study:
    """The same experiment split in three ways: groups kept together, clips at random, copies made before the split.

    All three train with the same copies of their clips; a protocol that is neither holdout nor k-fold becomes a holdout
    of a fifth of the clips.

    Parameters
    ----------
    experiment : Experiment
    dataset : Dataset
        The one it names.

    Raises
    ------
    ParameterError
        When the data set knows no groups, or only one.
    """
    groups = {clip.group for clip in dataset.clips if clip.group is not None}
    if len(groups) < 2:
        raise ParameterError(
            f"{dataset.name} knows {'a single group' if groups else 'no groups'}, and a leak shows between two or more;"
            " set groups (speaker, source recording, pitch) on the Data page, or choose another data set.",
            "dataset",
        )
    split = experiment.split
    if split.kind not in ("holdout", "k-fold"):
        split = Holdout(validation_size=split.validation_size, random_state=split.random_state)
    changed: tuple[Augmentation, ...] = on_samples(experiment.augmentations)
    if not changed:
        changed = (
            AUGMENTATIONS.make({"kind": "gaussian-noise", "min_snr": 20.0, "max_snr": 40.0}),
            AUGMENTATIONS.make({"kind": "gain"}),
        )
    maps = tuple(one for one in experiment.augmentations if one.stage == "map")
    base = experiment.replace(augmentations=(*changed, *maps), name="", note="")
    copies = Copies(number=max(experiment.copies.number, 1), how=experiment.copies.how)

    def variant(name: str, *, by_group: bool, before_split: bool = False) -> Variant:
        made = base.replace(split=split.replace(by_group=by_group), copies=copies.replace(before_split=before_split))
        return _examined(Variant(name, TITLES[name], made, WHY[name]), dataset)

    return Study(
        "leakage",
        (
            variant(GROUPED, by_group=True),
            variant(RANDOM, by_group=False),
            variant(COPIED, by_group=False, before_split=True),
        ),
    )


def bake_off(experiment: Experiment, dataset: Dataset) -> Study:
    """The same split and model on every feature, one at a time; raw samples are the waveform.

    Values are scaled alike for all, and augmentations of maps are left out, since not every feature is a picture. A
    feature that the experiment uses keeps its parameters.

    Parameters
    ----------
    experiment : Experiment
    dataset : Dataset
        The one it names.
    """
    own = {feature.kind: feature for feature in experiment.features}
    changed = on_samples(experiment.augmentations)
    base = experiment.replace(
        augmentations=changed, scaling=Scaling(), picture=Picture(), combine="channels", weights=(), name="", note=""
    )
    variants = [
        Variant(kind, feature.title, base.replace(features=(own.get(kind) or feature(),)), feature.explanation)
        for kind, feature in FEATURES.items()
        if kind in views() or kind in own
    ]
    return Study("bake-off", tuple(_examined(variant, dataset) for variant in variants))


STUDIES: Final[dict[str, Callable[[Experiment, Dataset], Study]]] = {"leakage": leakage, "bake-off": bake_off}
"""Every study by its kind."""


def make(kind: str, experiment: Experiment, dataset: Dataset) -> Study:
    """A study by its kind.

    Raises
    ------
    ParameterError
        For an unknown kind, or where the study cannot be made of these data.
    """
    if kind not in STUDIES:
        raise ParameterError(unknown(kind, STUDIES, "study"), "kind")
    return STUDIES[kind](experiment, dataset)


def _examined(variant: Variant, dataset: Dataset) -> Variant:
    """The variant, with the reason where it cannot be run."""
    try:
        examine(variant.experiment, variant.experiment.dataset.part(dataset))
    except AudioclfError as error:
        return replace(variant, refusal=str(error))
    return variant


def tag(run: Run, study: str, kind: str, variant: Variant) -> None:
    """Note in a run's folder which study it belongs to."""
    about = {"id": study, "kind": kind, "variant": variant.name, "title": variant.title, "why": variant.why}
    write_json(run.folder / "run.json", {**run.about, TAG: about})


def new_id() -> str:
    """Name of a study that none has yet."""
    return secrets.token_hex(6)


def run_study(
    study: Study,
    folder: str | Path,
    *,
    watch: Watcher | None = None,
    should_stop: Callable[[], bool] | None = None,
) -> list[Run]:
    """Make the runs of a study in this process, each in a folder of its own; those that are done stay.

    Parameters
    ----------
    study : Study
    folder : path
        The runs' folders are named after the variants.
    watch, should_stop : callable, optional
        As of :func:`audioclf.experiments.runner.run_experiment`.

    Raises
    ------
    AudioclfError
        When a run cannot be made; :class:`~audioclf.core.errors.Stopped` after a stop.
    """
    made = []
    study_id = new_id()
    for variant in study.runnable:
        place = Path(folder) / variant.name
        if (place / Run.recipe).is_file():
            run = Run(place)
            if run.experiment != variant.experiment:
                raise ParameterError(
                    f"The folder {str(place)!r} holds a run of another experiment; name a new folder for the study.",
                    "out",
                )
        else:
            run = create_run(variant.experiment, place, name=variant.title, begun=True)
            tag(run, study_id, study.kind, variant)
        if not run.has_metrics:
            (place / "stop").unlink(missing_ok=True)
            execute(run, watch=watch, should_stop=should_stop, trust_code=True)
        made.append(run)
    return made


@dataclass(frozen=True)
class Row:
    """What one run of a study came to, as of :class:`Variant` and of :class:`~audioclf.experiments.runs.Summary`.

    Attributes
    ----------
    n_values : int or None
        Values that the model is given of a clip.
    message : str
        Why it failed.
    """

    run: Run
    name: str
    title: str
    why: str
    state: str
    accuracy: float | None = None
    low: float | None = None
    high: float | None = None
    seconds: float | None = None
    n_values: int | None = None
    n_parameters: int | None = None
    message: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Plain values."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__ if name != "run"}
        return {"run": str(self.run.folder), **plain}


def tagged(run: Run) -> dict[str, str] | None:
    """Which study a run belongs to; None for an ordinary one."""
    about = run.about.get(TAG)
    names = ("id", "kind", "variant", "title", "why")
    if not isinstance(about, dict) or not all(isinstance(about.get(name), str) for name in names):
        return None
    return {name: about[name] for name in names}


def studies_among(runs: Iterable[Run], kind: str) -> dict[str, list[Run]]:
    """The runs of every study of a kind by its id, in the order of ``runs``."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        about = tagged(run)
        if about is not None and about["kind"] == kind:
            found.setdefault(about["id"], []).append(run)
    return found


def rows(runs: Iterable[Run]) -> list[Row]:
    """What the runs of one study came to: a leakage study in its order, others the most accurate first."""
    found = []
    for run in runs:
        about = tagged(run)
        if about is None:
            continue
        known = summarise(run)
        shown = ("state", "accuracy", "low", "high", "seconds", "n_parameters")
        found.append(
            Row(
                run,
                about["variant"],
                about["title"],
                about["why"],
                **{name: getattr(known, name) for name in shown},
                n_values=_n_values(run),
                message=run.status.message if known.state in ("failed", "interrupted") else "",
            )
        )
    if all(row.name in TITLES for row in found):
        return sorted(found, key=lambda row: list(TITLES).index(row.name))
    return sorted(found, key=lambda row: -1.0 if row.accuracy is None else row.accuracy, reverse=True)


def _n_values(run: Run) -> int | None:
    if not run.has_metrics:
        return None
    try:
        return sum(int(math.prod(shape)) for shape in run.signature["input_shapes"])
    except (AudioclfError, KeyError, TypeError):
        return None


@dataclass(frozen=True)
class Gap:
    """How much higher one accuracy is than another that was measured on other clips.

    Attributes
    ----------
    difference, low, high : float
        With a 95 % interval, made of the intervals of both (Newcombe's method, MOVER).
    """

    difference: float
    low: float
    high: float


def gap(row: Row, honest: Row) -> Gap | None:
    """How much higher the accuracy of a row is than the honest one; None before both are known.

    Source: R. G. Newcombe, Interval estimation for the difference between independent proportions, 1998, method 10.
    """
    known = (row.accuracy, row.low, row.high, honest.accuracy, honest.low, honest.high)
    numbers = [value for value in known if value is not None]
    if len(numbers) < len(known):
        return None
    share, low, high, other, other_low, other_high = numbers
    difference = share - other
    return Gap(
        difference,
        max(difference - math.hypot(share - low, other_high - other), -1.0),
        min(difference + math.hypot(high - share, other - other_low), 1.0),
    )


def conclusion(found: Sequence[Row]) -> list[str]:
    """What a leakage study shows, one sentence for each way that is not honest; empty before anything is known."""
    honest = next((row for row in found if row.name == GROUPED), None)
    sentences = []
    for row in found:
        measured = None if honest is None or row is honest else gap(row, honest)
        if measured is None or row.accuracy is None or honest is None or honest.accuracy is None:
            continue
        if measured.low > 0:
            meaning = f". {row.why}"
        elif measured.high < 0:
            meaning = ": no leak shows in it."
        else:
            meaning = ", which may well be chance."
        sentences.append(
            f"{row.title}: {row.accuracy:.1%} instead of {honest.accuracy:.1%},"
            f" {100 * measured.difference:+.1f} points (95 % interval {100 * measured.low:+.1f} to"
            f" {100 * measured.high:+.1f}){meaning}"
        )
    return sentences
