"""Which clips train, validate and test.

Every protocol is seeded and stratified by class, and keeps the clips of a group on one side, of the test and of
the validation, unless ``by_group`` is switched off. Validation clips are always taken from the training part, so that
the best epoch is never chosen on the test part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.files import BoundedCache
from audioclf.core.params import Parameters, param
from audioclf.core.registry import Registry
from audioclf.datasets import Dataset
from audioclf.datasets.base import SPLITS
from audioclf.datasets.drawing import leave_every_class, take


@dataclass(frozen=True)
class Split:
    """Clip numbers (indices into ``dataset.clips``) of the three parts.

    Its name is that within its protocol, such as ``"fold-3"`` or ``"theo"``. ``validation`` may be empty; ``test``
    overlaps ``train`` in :class:`Resubstitution` only.
    """

    name: str
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]


@dataclass(frozen=True)
class Protocol(Parameters):
    """Base of the protocols. A subclass is a frozen dataclass with a ``kind`` and a ``deal``."""

    explanation: ClassVar[str] = ""
    order: ClassVar[int] = 100
    leaky: ClassVar[bool] = False
    """Whether test clips are known to the training."""

    validation_size: float = param(
        0.2, "Share of the training clips kept aside to choose the best epoch.", low=0, high=0.9, step=0.05
    )
    by_group: bool = param(
        True,
        "Whether clips of one group (speaker, source recording, pitch) stay on one side of every split, validation"
        " included; without known groups it changes nothing.",
    )
    random_state: int = param(0, "Seed of the shuffling: the same seed gives the same split.", low=0, high=2**31 - 1)

    def splits(self, dataset: Dataset) -> tuple[Split, ...]:
        """The splits of one data set; the last few are kept, since every click on a page asks again.

        Raises
        ------
        DatasetError
            When the data cannot be split so: too few clips, groups or folds.
        """
        key = (self, dataset.fingerprint)
        known = _dealt.get(key)
        if known is None:
            known = self.deal(dataset)
            _dealt.put(key, known)
        return known

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        """Make the splits of one data set from its clips' labels, groups and folds; raises as :meth:`splits`."""
        raise NotImplementedError

    def sentence(self, dataset: Dataset | None = None) -> str:
        """The protocol in words, to stand beside every figure reached with it (on the data set, where it is given)."""
        raise NotImplementedError

    def keeps_groups(self, dataset: Dataset) -> bool:
        """Whether groups are known and kept together."""
        return self.by_group and any(clip.group is not None for clip in dataset.clips)

    def _split(
        self, dataset: Dataset, name: str, train: Sequence[int], test: Sequence[int], given: Sequence[int] = ()
    ) -> Split:
        """Split with the validation part that is given, or else is taken out of ``train``."""
        if not train or not test:
            raise DatasetError(
                f"No clip is left to {'train' if not train else 'test'} on in split '{name}' of {dataset.name};"
                " choose another protocol, or add clips."
            )
        missing = set(dataset.labels) - {dataset.labels[clip] for clip in train}
        if missing:
            label = dataset.classes[min(missing)]
            raise DatasetError(
                f"Class '{label}' of {dataset.name} has no training clip in split '{name}';"
                " add clips of it in other groups or folds, leave it out, or split without groups."
            )
        validation: list[int] = list(given)
        if self.validation_size and not given:
            rng = np.random.default_rng((self.random_state, 1))
            validation = take(dataset, train, self.validation_size, rng, by_group=self.by_group, least=0)
            validation = leave_every_class(dataset, train, validation)
        kept = set(validation)
        return Split(name, tuple(clip for clip in train if clip not in kept), tuple(validation), tuple(test))

    def _without(self, dataset: Dataset, name: str, of_clips: Sequence[object], held_out: object) -> Split:
        """Split that tests on the clips of one fold or group."""
        train = [clip for clip, one in enumerate(of_clips) if one != held_out]
        return self._split(dataset, name, train, [clip for clip, one in enumerate(of_clips) if one == held_out])

    def _grouped(self, dataset: Dataset | None) -> str:
        if dataset is None:
            return ", known groups kept together" if self.by_group else ""
        if self.keeps_groups(dataset):
            return ", groups kept together"
        return ", groups not kept together" if any(clip.group is not None for clip in dataset.clips) else ""


@dataclass(frozen=True)
class Holdout(Protocol):
    """A share of the clips, drawn at random within every class, is kept for the test."""

    kind = "holdout"
    title = "Holdout"
    explanation = "Part of the clips is set aside at random and only used once, to test the trained model."
    order = 0

    test_size: float = param(0.2, "Share of all clips kept for the test.", above=0, high=0.9, step=0.05)

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        _require_clips(dataset, 2)
        rng = np.random.default_rng((self.random_state, 0))
        clips = range(len(dataset))
        test = take(dataset, clips, self.test_size, rng, by_group=self.by_group, least=1)
        kept = set(test)
        return (self._split(dataset, "holdout", [clip for clip in clips if clip not in kept], test),)

    def sentence(self, dataset: Dataset | None = None) -> str:
        return f"holdout, {self.test_size:.0%} test, stratified{self._grouped(dataset)}, seed {self.random_state}"


@dataclass(frozen=True)
class KFold(Protocol):
    """Every clip is tested once, by a model that has not seen it."""

    kind = "k-fold"
    title = "k-fold cross-validation"
    explanation = "The clips are dealt into k parts; k models are trained, each tested on the part it has not seen."
    order = 1

    n_splits: int = param(5, "Number of parts.", low=2, high=100)

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold

        _require_clips(dataset, self.n_splits, "n_splits")
        grouped = self.keeps_groups(dataset)
        groups = _groups(dataset) if grouped else [str(number) for number in range(len(dataset))]
        if len(set(groups)) < self.n_splits:
            raise ParameterError(
                f"n_splits is {self.n_splits}, and {dataset.name} has only {len(set(groups))} groups to distribute;"
                " take fewer splits.",
                "n_splits",
            )
        maker = StratifiedGroupKFold if grouped else StratifiedKFold
        folds = maker(n_splits=self.n_splits, shuffle=True, random_state=self.random_state)
        labels = np.asarray(dataset.labels)
        dealt = folds.split(labels, labels, groups if grouped else None)
        return tuple(
            self._split(dataset, f"fold-{number}", train.tolist(), test.tolist())
            for number, (train, test) in enumerate(dealt, start=1)
        )

    def sentence(self, dataset: Dataset | None = None) -> str:
        return f"{self.n_splits}-fold cross-validation, stratified{self._grouped(dataset)}, seed {self.random_state}"


_OFFICIAL_BY_GROUP = (
    "Whether validation clips come from other groups than the training clips; which clips test is the publisher's"
    " choice."
)


@dataclass(frozen=True)
class OfficialFolds(Protocol):
    """The folds that the data set's publisher made."""

    kind = "folds"
    title = "Official folds"
    explanation = "The data set comes with folds, so that results can be compared with published ones."
    order = 2

    by_group: bool = param(True, _OFFICIAL_BY_GROUP)
    test_folds: tuple[int, ...] = param(
        (), "Folds that are held out, one model for each; empty takes every fold in turn.", low=0
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_distinct(self.test_folds, "test_folds", "fold")

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        folds = sorted({clip.fold for clip in dataset.clips if clip.fold is not None})
        if len(folds) < 2 or any(clip.fold is None for clip in dataset.clips):
            raise DatasetError(
                f"{dataset.name} has no official folds (every clip needs one, two different ones at least);"
                " choose holdout or k-fold."
            )
        strange = [fold for fold in self.test_folds if fold not in folds]
        if strange:
            raise ParameterError(
                f"{dataset.name} has the folds {', '.join(map(str, folds))}, not {strange[0]}; hold out one of those.",
                "test_folds",
            )
        of_clips = [clip.fold for clip in dataset.clips]
        return tuple(self._without(dataset, f"fold-{fold}", of_clips, fold) for fold in (self.test_folds or folds))

    def sentence(self, dataset: Dataset | None = None) -> str:
        which = f"fold {', '.join(map(str, self.test_folds))} held out" if self.test_folds else "each held out in turn"
        return f"official folds, {which}"


@dataclass(frozen=True)
class OfficialSplit(Protocol):
    """The training, validation and test part that the data set's publisher made."""

    kind = "official"
    title = "Official split"
    explanation = (
        "The data set comes in a training and a test part, so that results can be compared with published ones. Where"
        " it has a validation part too, this chooses the best epoch."
    )
    order = 2

    by_group: bool = param(True, _OFFICIAL_BY_GROUP)
    validation_size: float = param(
        0.2,
        "Share of the training clips kept aside to choose the best epoch, where there is no official validation part.",
        low=0,
        high=0.9,
        step=0.05,
    )

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        parts = {part: [n for n, clip in enumerate(dataset.clips) if clip.split == part] for part in SPLITS}
        if not parts["train"] or not parts["test"]:
            there = ", ".join(f"{len(clips)} {part}" for part, clips in parts.items() if clips) or "none"
            raise DatasetError(
                f"{dataset.name} has no official split (clips to train and clips to test were expected, got {there});"
                " choose holdout or k-fold."
            )
        return (self._split(dataset, "official", parts["train"], parts["test"], parts["validation"]),)

    def sentence(self, dataset: Dataset | None = None) -> str:
        return "official split"


@dataclass(frozen=True)
class LeaveOneGroupOut(Protocol):
    """Each group (speaker, source, pitch) is tested by a model that has met only the others."""

    kind = "leave-one-group-out"
    title = "Leave one group out"
    explanation = "One speaker (or source, or pitch) at a time is kept for the test: the honest measure for new ones."
    order = 3

    test_groups: tuple[str, ...] = param((), "Groups that are held out; empty takes every group in turn.")

    def __post_init__(self) -> None:
        super().__post_init__()
        _require_distinct(self.test_groups, "test_groups", "group")

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        groups = _groups(dataset)
        known = list(dict.fromkeys(groups))
        if len(known) < 2:
            raise DatasetError(f"{dataset.name} has a single group, and leaving one out needs two; choose holdout.")
        for name in self.test_groups:
            if name not in known:
                raise ParameterError(
                    f"{dataset.name} has no group '{name}'; hold out one of: {', '.join(known[:8])}.", "test_groups"
                )
        return tuple(self._without(dataset, group, groups, group) for group in (self.test_groups or known))

    def sentence(self, dataset: Dataset | None = None) -> str:
        return f"leave one group out ({', '.join(self.test_groups) or 'each in turn'})"


@dataclass(frozen=True)
class Resubstitution(Protocol):
    """Trained and judged on the same clips, as some publications do: shows what that hides."""

    kind = "resubstitution"
    title = "No test set"
    explanation = "The model is judged on the clips it was trained on. The figure says nothing about new sounds."
    order = 9
    leaky = True

    validation_size: float = param(0.0, "Share kept aside; the published system kept none.", low=0, high=0.9)

    def deal(self, dataset: Dataset) -> tuple[Split, ...]:
        everything = list(range(len(dataset)))
        return (self._split(dataset, "all", everything, everything),)

    def sentence(self, dataset: Dataset | None = None) -> str:
        return "judged on its own training clips (no test set)"


PROTOCOLS: Registry[Protocol] = Registry(Protocol, __name__, "split")

_dealt: BoundedCache[tuple[Protocol, str], tuple[Split, ...]] = BoundedCache(64)


def _require_distinct(held_out: Sequence[object], field: str, what: str) -> None:
    """Raise where the same is held out twice: its clips would count twice."""
    twice = [name for name in held_out if held_out.count(name) > 1]
    if twice:
        raise ParameterError(f"{field} names {what} {twice[0]} twice; name every {what} once.", field)


def _groups(dataset: Dataset) -> list[str]:
    """Group of every clip; a clip without one is a group of its own."""
    if all(clip.group is None for clip in dataset.clips):
        raise DatasetError(f"{dataset.name} has no groups to leave out; set groups, or choose holdout or k-fold.")
    return [f"clip {number}" if clip.group is None else clip.group for number, clip in enumerate(dataset.clips)]


def _require_clips(dataset: Dataset, least: int, field: str = "") -> None:
    dataset.require_trainable()
    label, count = min(dataset.counts.items(), key=lambda item: item[1])
    if count < least:
        raise ParameterError(
            f"Class '{label}' of {dataset.name} has {count} clips, and {least} splits need at least {least};"
            " take fewer splits or add clips.",
            field,
        )
