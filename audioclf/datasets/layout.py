"""What files are understood to be, before a sound is read: the clips, and where labels, groups and splits come from."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, ClassVar

from audioclf.core.errors import DatasetError
from audioclf.core.params import Parameters
from audioclf.datasets.base import SPLIT_FOLDS, SPLITS, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest.file_tree import Row, Tree, clips

_SHOWN = 6


@dataclass(frozen=True)
class Candidate:
    """One answer to a :class:`Question`: what to set the option to, and what would come of it."""

    value: str
    examples: str = ""


@dataclass(frozen=True)
class Question:
    """What the files do not state, so that their owner is asked: which option of :func:`audioclf.load_dataset` answers
    it, the question in one sentence, and answers that would do, likeliest first."""

    option: str
    text: str
    candidates: tuple[Candidate, ...] = ()

    def sentence(self) -> str:
        """The question with its candidates and how to answer it."""
        if not self.candidates:
            return f"{self.text} Set {self.option}."
        offered = "; ".join(
            f"{self.option}={one.value}" + (f" ({one.examples})" if one.examples else "")
            for one in self.candidates[:_SHOWN]
        )
        more = len(self.candidates) - _SHOWN
        return f"{self.text} Set one of: {offered}" + (f"; and {more} more." if more > 0 else ".")


@dataclass(frozen=True)
class Reading:
    """How files are read. It lists clips by what names and tables say; no sound is read for it.

    Where a table gives times, the headers of a few files show whether these are positions in them.

    Attributes
    ----------
    reader : Reader
        With the options that were given.
    tree : Tree
        The files.
    rows : tuple of Row
        The future clips; empty where the sounds must be read first (a recording that is cut).
    problems : tuple of Problem
        Files and rows that are left out, and why.
    layout : str
        Name of the published data set or tool whose layout this is; empty for none.
    labels, groups, folds, splits : str
        Where each comes from, such as ``"column 'class'"``; empty where there are none.
    remarks : tuple of str
        What was passed over or decided, a sentence each.
    questions : tuple of Question
        What must be answered before anything can be loaded.
    what : str
        The contents in words, where ``rows`` cannot list them.
    """

    reader: Reader
    tree: Tree
    rows: tuple[Row, ...] = field(default=(), repr=False)
    problems: tuple[Problem, ...] = field(default=(), repr=False)
    layout: str = ""
    labels: str = ""
    groups: str = ""
    folds: str = ""
    splits: str = ""
    remarks: tuple[str, ...] = ()
    questions: tuple[Question, ...] = ()
    what: str = ""

    @cached_property
    def clips(self) -> tuple[Row, ...]:
        """The rows that are clips for certain: a file without a known suffix may turn out to be no sound."""
        return tuple(row for row in self.rows if row.entry.promises_sound) or self.rows

    @cached_property
    def counts(self) -> dict[str, int]:
        """Clips of each class."""
        return dict(Counter(row.label for row in self.clips))

    @cached_property
    def parts(self) -> dict[str, int]:
        """Clips of each part of an official split; empty where there is none."""
        counted = Counter(row.split for row in self.clips)
        parts = {part: counted[part] for part in SPLITS if counted[part]}
        return parts if len(parts) > 1 else {}

    @cached_property
    def n_groups(self) -> int:
        """Number of groups."""
        return len({row.group for row in self.clips} - {None})

    @cached_property
    def n_folds(self) -> int:
        """Number of folds, those aside that only stand for an official split."""
        return len({row.fold for row in self.clips if not row.split} - {None})

    def sentence(self) -> str:
        """All of it in one sentence."""
        if self.questions:
            return self.questions[0].sentence()
        known = [self.what] if self.what else [_count(len(self.clips), "clip")]
        if self.counts:
            known.append(_count(len(self.counts), "class", "classes") + (f" from {self.labels}" if self.labels else ""))
        if self.n_folds:
            known.append(_count(self.n_folds, "fold") + (f" from {self.folds}" if self.folds else ""))
        if self.n_groups:
            known.append(_count(self.n_groups, "group") + (f" from {self.groups}" if self.groups else ""))
        if self.parts:
            shares = ", ".join(f"{part} {count:,}" for part, count in self.parts.items())
            known.append(
                f"official split from {self.splits} ({shares})" if self.splits else f"official split ({shares})"
            )
        layout = f"; this is the layout of {self.layout}" if self.layout else ""
        return ", ".join(known) + f"{layout}."

    def sample(self, most: int = 5) -> tuple[Row, ...]:
        """Some of the clips: of every class one before any has a second."""
        seen: Counter[str] = Counter()
        ranked = []
        for number, row in enumerate(self.clips):
            ranked.append((seen[row.label], number))
            seen[row.label] += 1
        return tuple(self.clips[number] for _, number in sorted(ranked)[:most])

    def to_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return {
            "sentence": self.sentence(),
            "kind": self.reader.kind,
            "options": {name: value for name, value in self.reader.to_dict().items() if name != "kind"},
            "layout": self.layout,
            "clips": len(self.clips),
            "counts": self.counts,
            "labels_from": self.labels,
            "groups": self.n_groups,
            "groups_from": self.groups if self.n_groups else "",
            "folds": self.n_folds,
            "folds_from": self.folds if self.n_folds else "",
            "split": self.parts,
            "split_from": self.splits if self.parts else "",
            "sample": [plain_row(row) for row in self.sample()],
            "remarks": list(self.remarks),
            "questions": [
                {"option": one.option, "text": one.text, "candidates": [vars(answer) for answer in one.candidates]}
                for one in self.questions
            ],
        }

    def load(self, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        """The data set.

        Raises
        ------
        DatasetError
            When a question is open, or no clip can be used.
        Stopped
        """
        from audioclf.datasets.ingest import staging

        if self.questions:
            raise DatasetError(self.questions[0].sentence())
        dataset = self.reader.load(self, progress=progress, should_stop=should_stop)
        dataset.require_clips()
        staging.settle(self.tree.path)
        return dataset


def plain_row(row: Row) -> dict[str, Any]:
    """A row as plain values, without those that say nothing."""
    known: Mapping[str, Any] = {
        "file": row.entry.name,
        "label": row.label,
        "start": row.start or None,
        "duration": row.duration,
        "group": row.group,
        "fold": row.fold if not row.split or row.fold != SPLIT_FOLDS[row.split] else None,
        "split": row.split or None,
    }
    return {name: value for name, value in known.items() if value is not None}


def _count(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"


@dataclass(frozen=True)
class Reader(Parameters):
    """A way to make clips of files; its parameters are the options of :func:`audioclf.load_dataset`.

    Attributes
    ----------
    order : int
        Readers are asked in this order whether a tree suits them.
    """

    order: ClassVar[int] = 100
    description: ClassVar[str] = ""

    @classmethod
    @abstractmethod
    def suits(cls, tree: Tree) -> bool:
        """Whether this is how the files are read when nobody says otherwise."""

    @abstractmethod
    def understand(self, tree: Tree) -> Reading:
        """How the files are read, from their names and tables alone.

        Raises
        ------
        DatasetError
            When nothing in the files can be read so.
        """

    def load(
        self, reading: Reading, *, progress: Progress | None = None, should_stop: ShouldStop | None = None
    ) -> Dataset:
        """The data set that a reading describes."""
        found, problems = clips(reading.rows, progress=progress, should_stop=should_stop)
        return Dataset(reading.tree.name, tuple(found), (*reading.problems, *problems), source=str(reading.tree.path))
