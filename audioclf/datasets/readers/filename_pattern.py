"""Labels from file names: a pattern with named parts, or the naming scheme of a published set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.params import param
from audioclf.datasets import naming
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree, clips
from audioclf.datasets.source import Reader

MEANINGS = {"label": "label", "class": "label", "group": "group", "speaker": "group", "source": "group", "fold": "fold"}
"""Names of parts that mean something; a part of any other name is passed over."""


@dataclass(frozen=True)
class _Part:
    """A named part, and the text that must follow it."""

    name: str
    behind: str


class Pattern:
    """A way to take file names apart, such as ``{label}_{group}_{take}``.

    ``{label}``, ``{group}`` (also ``{speaker}``, ``{source}``) and ``{fold}`` are kept, parts of any other name are
    passed over. A part reaches to the next occurrence of the text behind it; the last one takes the rest. A pattern
    with a "/" is held against the folders too. Suffixes are not part of a name.

    Parameters
    ----------
    text : str

    Raises
    ------
    ParameterError
        When the pattern cannot be understood.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        pieces = re.split(r"\{([^{}]*)\}", text)
        if len(pieces) < 3 or any("{" in piece or "}" in piece for piece in pieces[::2]):
            raise _refused(text, "it has no named part, or a bracket that is not closed")
        self._head = pieces[0]
        self._parts = [
            _Part(name.strip().casefold(), behind) for name, behind in zip(pieces[1::2], pieces[2::2], strict=True)
        ]
        if any(not part.behind for part in self._parts[:-1]):
            raise _refused(text, "two parts stand side by side, and nothing says where the first ends")
        told = Counter(MEANINGS[part.name] for part in self._parts if part.name in MEANINGS)
        if any(count > 1 for count in told.values()):
            raise _refused(text, f"it names the {told.most_common(1)[0][0]} twice")
        self.gives = frozenset(told)

    def read(self, name: str) -> naming.Named | None:
        """What a name (without its suffix) tells; None where it does not fit the pattern."""
        if "/" not in self.text:
            name = name.rsplit("/", 1)[-1]
        if not name.startswith(self._head):
            return None
        values: dict[str, str] = {}
        at = len(self._head)
        for number, part in enumerate(self._parts):
            last = number == len(self._parts) - 1
            end = (len(name) - len(part.behind)) if last else name.find(part.behind, at + 1)
            if end <= at or not name.startswith(part.behind, end):
                return None
            if part.name in MEANINGS:
                values[MEANINGS[part.name]] = name[at:end]
            at = end + len(part.behind)
        fold = naming.fold(values["fold"]) if "fold" in values else None
        if "fold" in values and fold is None:
            return None
        return naming.Named(values.get("label"), values.get("group"), fold)


@dataclass(frozen=True)
class Preview:
    """What a pattern makes of one name; ``named`` is None where the name does not fit."""

    name: str
    named: naming.Named | None


def preview(pattern: str, names: Sequence[str], most: int = 20) -> list[Preview]:
    """What a pattern makes of real names: those that do not fit come first.

    Parameters
    ----------
    pattern : str
    names : sequence of str
        Names with their suffix, folders before them where there are any.
    most : int
        How many are wanted.

    Raises
    ------
    ParameterError
        When the pattern cannot be understood.
    """
    parsed = Pattern(pattern)
    rows = [Preview(name, parsed.read(_bare(name))) for name in names]
    return sorted(rows, key=lambda row: row.named is not None)[:most]


def suggest(names: Sequence[str]) -> str:
    """A pattern for names that are all built alike (the commonest separators, the commonest number of parts).

    The first part is offered as the label and the second as the group; empty where the names have one part only.
    """
    if not names:
        return ""
    stems = [_bare(name).rsplit("/", 1)[-1] for name in names]
    shapes = Counter("".join(re.findall(r"[-_. ]+", stem)) for stem in stems)
    shape = shapes.most_common(1)[0][0]
    model = next(stem for stem in stems if "".join(re.findall(r"[-_. ]+", stem)) == shape)
    separators = re.findall(r"[-_. ]+", model)
    if not separators or len(separators) > 8:
        return ""
    words = ["label", "group", "take", *(f"part{number}" for number in range(4, 10))]
    words = words[: len(separators) + 1] if len(separators) > 1 else ["label", "take"]
    return "".join(f"{{{word}}}{separator}" for word, separator in zip(words, [*separators, ""], strict=True))


@dataclass(frozen=True)
class PatternReader(Reader):
    """Classes, and where they are told groups and folds, read from the names of the files.

    Names as FSDD, AudioMNIST, ESC-50 and GTZAN give them are known and need no pattern. The test set of FSDD (takes 0
    to 4) is fold 0, its training set fold 1. A pattern without ``{label}`` takes the folder as the class.
    """

    kind = "pattern"
    title = "Classes in the file names"
    order: ClassVar[int] = 40
    description = "The name of every sound tells its class, such as '7_jackson_32.wav' or 'jazz.00012.wav'."

    pattern: str = param("", "How names are built, such as {label}_{group}_{take}; empty knows some published sets.")

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        if tree.pointed:
            return False
        sounds = [entry for entry in tree.entries if entry.promises_sound]
        scheme = naming.recognise([entry.stem for entry in sounds])
        # Where there are class folders, they are the better witness: they have names, ESC-50's targets are numbers.
        folders = {entry.folders for entry in sounds}
        return scheme is not None and len(folders) == 1 and naming.read(scheme, sounds[0].stem).label is not None

    def read(self, tree: Tree, *, progress: Progress | None = None, should_stop: ShouldStop | None = None) -> Dataset:
        sounds = [entry for entry in tree.unwrapped().entries if entry.may_be_sound]
        if not any(entry.promises_sound for entry in sounds):
            raise DatasetError(f"'{tree.name}' holds no sound file; choose the folder the sounds are in.")
        rows, problems = (self._by_pattern if self.pattern else self._by_scheme)(tree, sounds)
        found, broken = clips(rows, progress=progress, should_stop=should_stop)
        return Dataset(tree.name, tuple(_in_order(found)), (*tree.problems, *problems, *broken), source=str(tree.path))

    def _by_scheme(self, tree: Tree, sounds: Sequence[Entry]) -> tuple[list[Row], list[Problem]]:
        scheme = naming.recognise([entry.stem for entry in sounds if entry.promises_sound])
        if scheme is None:
            names = [entry.name for entry in sounds]
            raise ParameterError(
                f"The names in {tree.name} (such as '{names[0]}') are not those of a known set; say how they are built,"
                f" for example {suggest(names) or '{label}_{take}'}.",
                "pattern",
            )
        told = [(entry, naming.read(scheme, entry.stem)) for entry in sounds]
        return _rows(told)

    def _by_pattern(self, tree: Tree, sounds: Sequence[Entry]) -> tuple[list[Row], list[Problem]]:
        pattern = Pattern(self.pattern)
        told = [(entry, pattern.read(_bare(entry.name))) for entry in sounds]
        rows, problems = _rows(told, self.pattern)
        if not rows and pattern.gives:
            raise ParameterError(
                f"No name in {tree.name} fits '{self.pattern}' (the first is '{sounds[0].name}'); change the pattern.",
                "pattern",
            )
        return rows, problems


def _rows(told: Sequence[tuple[Entry, naming.Named | None]], pattern: str = "") -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for entry, named in told:
        label = named and (named.label or (entry.folders[-1] if entry.folders else None))
        if named is not None and label:
            rows.append(Row(entry, label, group=named.group, fold=named.fold))
        elif entry.promises_sound:
            reason = (
                f"Its name does not fit '{pattern}'." if named is None else "Neither name nor folder tells a class."
            )
            problems.append(Problem(entry.name, reason, "Rename it, change the pattern, or leave it out."))
    return rows, problems


def _in_order(found: list[Clip]) -> list[Clip]:
    """Clips with their classes in natural order, which file names alone do not give."""
    return sorted(found, key=lambda clip: naming.natural(clip.label))


def _bare(name: str) -> str:
    """A name without its suffix."""
    head, slash, last = name.rpartition("/")
    stem, dot, _ = last.rpartition(".")
    return head + slash + (stem if dot and stem else last)


def _refused(text: str, why: str) -> ParameterError:
    return ParameterError(
        f"'{text}' is no pattern for file names: {why}; write it like {{label}}_{{group}}_{{take}}.", "pattern"
    )
