"""Labels from file names: a pattern with named parts, or the naming scheme of a published set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from audioclf.core.errors import DatasetError, ParameterError
from audioclf.core.params import param
from audioclf.datasets import naming
from audioclf.datasets.base import Problem
from audioclf.datasets.ingest import split_lists
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.layout import Candidate, Question, Reader, Reading

MEANINGS = {"label": "label", "class": "label", "group": "group", "speaker": "group", "source": "group", "fold": "fold"}
"""Names of parts that mean something; a part of any other name is passed over."""


class Pattern:
    """A way to take file names apart, such as ``{label}_{group}_{take}``.

    ``{label}``, ``{group}`` (also ``{speaker}``, ``{source}``) and ``{fold}`` are kept, parts of any other name are
    passed over. A part reaches to the next occurrence of the text behind it; the last one takes the rest. One with a
    width has so many characters: ``{group:2}{text:3}{label:1}{version}`` takes Emo-DB's ``03a01Fa`` apart. A pattern
    with a "/" is held against the folders too. Suffixes are not part of a name.

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
        expression = re.escape(pieces[0])
        known: Counter[str] = Counter()
        fields = [_field(text, field) for field in pieces[1::2]]
        for number, ((name, width), behind) in enumerate(zip(fields, pieces[2::2], strict=True), start=1):
            last = number == len(fields)
            if not behind and not width and not last:
                raise _refused(
                    text,
                    "two parts stand side by side, and nothing says where the first ends (a width does: {label:2})",
                )
            meaning = MEANINGS.get(name, "")
            if meaning:
                known[meaning] += 1
            inner = f".{{{width}}}" if width else ".+" if last else ".+?"
            part = f"(?P<{meaning}>{inner})" if known[meaning] == 1 else f"(?:{inner})"
            expression += f"(?>{part}{re.escape(behind)})"
        if any(count > 1 for count in known.values()):
            raise _refused(text, f"it names the {known.most_common(1)[0][0]} twice")
        self.gives = frozenset(known)
        self._expression = re.compile(expression, re.DOTALL)

    def read(self, name: str) -> naming.Named | None:
        """What a name (without its suffix) states; None where it does not fit the pattern."""
        match = self._expression.fullmatch(name if "/" in self.text else name.rsplit("/", 1)[-1])
        if match is None:
            return None
        values = match.groupdict()
        fold = naming.fold(values["fold"]) if "fold" in values else None
        if "fold" in values and fold is None:
            return None
        return naming.Named(values.get("label"), values.get("group"), fold)


def _field(text: str, field: str) -> tuple[str, int]:
    """Name of a part, and how many characters it has (0 for any number)."""
    name, colon, width = field.partition(":")
    if colon and not (width.strip().isdecimal() and 0 < int(width) <= 255):
        raise _refused(text, f"'{width.strip()[:20]}' is no width, a number of characters was expected")
    return name.strip().casefold(), int(width) if colon else 0


@dataclass(frozen=True)
class Preview:
    """What a pattern makes of one name; ``named`` is None where the name does not fit."""

    name: str
    named: naming.Named | None


def preview(pattern: str, names: Sequence[str], most: int = 20, values: Sequence[str] = ()) -> list[Preview]:
    """What a pattern makes of real names (with suffix and folders): those that do not fit come first.

    ``values`` names the classes for what stands in the names, such as ``W=anger``.

    Raises
    ------
    ParameterError
        When the pattern cannot be understood.
    """
    parsed = Pattern(pattern)
    meant = meanings(values)
    rows = [Preview(name, _meant(parsed.read(_bare(name)), meant)) for name in names]
    return sorted(rows, key=lambda row: row.named is not None)[:most]


def meanings(values: Sequence[str]) -> dict[str, str]:
    """Pairs such as ``W=anger`` as a mapping.

    Raises
    ------
    ParameterError
        For one without ``=``.
    """
    found = {}
    for pair in values:
        code, equals, name = pair.partition("=")
        if not equals or not code.strip() or not name.strip():
            raise ParameterError(f"values takes pairs such as W=anger, got '{pair[:40]}'; write code=class.", "values")
        found[code.strip()] = name.strip()
    return found


def _meant(named: naming.Named | None, values: Mapping[str, str]) -> naming.Named | None:
    """What a name states, with the class as it is called."""
    if named is None or named.label is None:
        return named
    return replace(named, label=values.get(named.label, named.label))


def question(where: str, names: Sequence[str]) -> Question:
    """What to ask about names that follow no known scheme."""
    shown = f" (the first is '{names[0]}')" if names else ""
    text = (
        f"Neither folders nor known naming schemes give the classes of the {len(names):,} sounds in '{where}'{shown};"
        " say how the names are built."
    )
    guess = suggest(names)
    read = preview(guess, names, most=len(names)) if guess else []
    labels = Counter(row.named.label for row in read if row.named is not None and row.named.label)
    examples = ", ".join(f"{label} {count:,}" for label, count in labels.most_common(3))
    return Question("pattern", text, (Candidate(guess or "{label}_{take}", examples),))


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
    if not separators:
        return _widths(stems)
    if len(separators) > 8:
        return ""
    words = ["label", "group", "take", *(f"part{number}" for number in range(4, 10))]
    words = words[: len(separators) + 1] if len(separators) > 1 else ["label", "take"]
    return "".join(f"{{{word}}}{separator}" for word, separator in zip(words, [*separators, ""], strict=True))


def _widths(stems: Sequence[str]) -> str:
    """A pattern of fixed widths for names that all have digits and letters in the same places; else empty."""
    shapes = {re.sub(r"[^\W\d_]", "a", re.sub(r"\d", "0", stem)) for stem in stems}
    shape = next(iter(shapes))
    runs = [(match.start(), len(match[0])) for match in re.finditer(r"0+|a+", shape)]
    if len(shapes) > 1 or len(stems) < 2 or not 2 <= len(runs) <= 8 or sum(width for _, width in runs) != len(shape):
        return ""
    known = [len({stem[at : at + width] for stem in stems}) for at, width in runs]
    few = [number for number, (at, _) in enumerate(runs) if shape[at] == "a" and 1 < known[number] <= len(stems) / 2]
    label = few[-1] if few else 0
    names = ["label" if number == label else f"part{number + 1}" for number in range(len(runs))]
    return "".join(f"{{{name}:{width}}}" for name, (_, width) in zip(names, runs, strict=True))


@dataclass(frozen=True)
class PatternReader(Reader):
    """Classes, and groups and folds where they are known, read from the names of the files.

    Names as FSDD, AudioMNIST, ESC-50 and GTZAN give them are known and need no pattern. The test set of FSDD (takes 0
    to 4) is fold 0, its training set fold 1. A pattern without ``{label}`` takes the folder as the class.
    """

    kind = "pattern"
    title = "Classes in the file names"
    order: ClassVar[int] = 40
    description = "The name of every sound contains its class, such as '7_jackson_32.wav' or 'jazz.00012.wav'."

    pattern: str = param(
        "",
        "How names are built, such as {label}_{group}_{take}, or {group:2}{text:3}{label:1} with fixed widths; empty"
        " knows some published sets.",
    )
    values: tuple[str, ...] = param((), "What stands in the names and the class it means, such as W=anger.")

    @classmethod
    def suits(cls, tree: Tree) -> bool:
        if tree.pointed:
            return False
        sounds = [entry for entry in tree.entries if entry.promises_sound]
        scheme = naming.recognise([entry.stem for entry in sounds])
        # Where there are class folders, they are the better witness: they have names, ESC-50's targets are numbers.
        folders = {entry.folders for entry in sounds}
        return scheme is not None and len(folders) == 1 and naming.read(scheme, sounds[0].stem).label is not None

    def understand(self, tree: Tree) -> Reading:
        inner = tree.unwrapped()
        sounds = [entry for entry in inner.entries if entry.may_be_sound]
        if not any(entry.promises_sound for entry in sounds):
            raise DatasetError(f"'{tree.name}' holds no sound file; choose the folder the sounds are in.")
        layout, labels = "", "the file names"
        if self.pattern:
            pattern, meant = Pattern(self.pattern), meanings(self.values)
            rows, problems = _rows(
                [(entry, _meant(pattern.read(_bare(entry.name)), meant)) for entry in sounds], self.pattern
            )
            if not rows and pattern.gives:
                raise ParameterError(
                    f"No name in {tree.name} fits '{self.pattern}' (the first is '{sounds[0].name}'); change the"
                    " pattern.",
                    "pattern",
                )
            labels = labels if "label" in pattern.gives else "the folders"
        else:
            scheme = naming.recognise([entry.stem for entry in sounds if entry.promises_sound])
            if scheme is None:
                names = [entry.name for entry in sounds]
                raise ParameterError(
                    f"The names in {tree.name} (such as '{names[0]}') are not those of a known set; say how they are"
                    f" built, for example {suggest(names) or '{label}_{take}'}.",
                    "pattern",
                )
            rows, problems = _rows([(entry, naming.read(scheme, entry.stem)) for entry in sounds])
            layout = scheme.name
        rows, lists = split_lists.apply(tree, sorted(rows, key=lambda row: naming.natural(row.label)))
        found = (*tree.problems, *problems)
        where = "the file names"
        return Reading(self, tree, tuple(rows), found, layout, labels, where, where, lists)


def _rows(names: Sequence[tuple[Entry, naming.Named | None]], pattern: str = "") -> tuple[list[Row], list[Problem]]:
    rows: list[Row] = []
    problems: list[Problem] = []
    for entry, named in names:
        label = named and (named.label or (entry.folders[-1] if entry.folders else None))
        if named is not None and label:
            rows.append(Row(entry, label, group=named.group, fold=named.fold))
        elif entry.promises_sound:
            reason = (
                f"Its name does not fit '{pattern}'." if named is None else "Neither name nor folder gives a class."
            )
            problems.append(Problem(entry.name, reason, "Rename it, change the pattern, or leave it out."))
    return rows, problems


def _bare(name: str) -> str:
    """A name without its suffix."""
    head, slash, last = name.rpartition("/")
    stem, dot, _ = last.rpartition(".")
    return head + slash + (stem if dot and stem else last)


def _refused(text: str, why: str) -> ParameterError:
    return ParameterError(
        f"'{text}' is no pattern for file names: {why}; write it like {{label}}_{{group}}_{{take}}.", "pattern"
    )
