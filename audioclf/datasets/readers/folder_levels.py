"""What the folders around sounds stand for: classes, parts of an official split, folds, speakers, or nothing."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from audioclf.datasets import naming
from audioclf.datasets.base import SPLIT_FOLDS
from audioclf.datasets.ingest.file_tree import Entry, Row, Tree
from audioclf.datasets.ingest.sound_names import folded
from audioclf.datasets.naming import Scheme

GENERIC = frozenset(
    (*("audio", "audios", "clips", "wav", "wavs", "mp3", "ogg", "flac", "sounds", "sound", "recordings", "data", "raw"),
     *("dataset", "samples", "files", "audio_files", "audio files", "sound_files", "music", "uploads", "new folder"))
)  # fmt: skip
"""Folders that say what lies in them and not what it is, in small letters."""

_FOLD = re.compile(r"(fold|split|cv)[\s_-]*\d+", re.IGNORECASE)
_SPEAKER = re.compile(
    r"(actor|speaker|spk|spkr|subject|subj|sub|participant|person|patient|session|sess?|site|station|recorder|device|singer"
    r"|user|source|location|loc|artist|player|reader|day|date)[\s_-]*[a-z]?\d+|\d{4}-\d\d-\d\d|20\d{6}",
    re.IGNORECASE,
)
_MOST = 0.9
"""Share of the names that must follow a scheme; the others are named one by one where these give the classes."""

_APART = re.compile(r"_.+_")
"""Speech Commands keeps noise in ``_background_noise_``."""


@dataclass(frozen=True)
class Levels:
    """What the folders at every depth stand for.

    Attributes
    ----------
    roles : tuple of str
        For depth 0, 1, ...: ``"class"``, ``"split"``, ``"fold"``, ``"group"``, or empty for nothing.
    scheme : Scheme or None
        How the files are named, where it is known.
    sounds : tuple of Entry
        The sounds, those apart left out.
    apart : dict
        How many sounds lie in each folder that is kept apart.
    by_name : bool
        Whether the class is in the names of the files.
    promoted : bool
        Whether folders that look like speakers are the classes, since nothing else tells any.
    parts : mapping
        The part of an official split that each folder of that role names.
    """

    roles: tuple[str, ...]
    scheme: Scheme | None
    sounds: tuple[Entry, ...] = field(repr=False)
    apart: dict[str, int]
    by_name: bool
    promoted: bool = False
    parts: Mapping[str, str] = field(default_factory=dict)

    @property
    def tells(self) -> bool:
        """Whether the classes are known."""
        return self.by_name or "class" in self.roles

    def folder(self, entry: Entry, role: str) -> str:
        """The outermost folder of a role that a file lies in; empty where it lies further up."""
        depth = self.roles.index(role) if role in self.roles else len(entry.folders)
        return entry.folders[depth] if depth < len(entry.folders) else ""


def levels(tree: Tree) -> Levels:
    """The roles of all folders, found from the listing alone."""
    return tree.once("levels", lambda: _levels(tree))


def tells_classes(tree: Tree) -> bool:
    """Whether folders or file names give at least two classes."""
    found = levels(tree)
    if found.by_name:
        return True
    return "class" in found.roles and len({found.folder(entry, "class") for entry in found.sounds} - {""}) > 1


def rows(found: Levels) -> tuple[list[Row], list[Entry]]:
    """Rows with all that folders and names give, and the sounds whose class is not known."""
    folders = list(dict.fromkeys(filter(None, (found.folder(entry, "class") for entry in found.sounds))))
    labels = dict(zip(folders, naming.without_numbers(folders), strict=True))
    stands_for = naming.settled(found.parts.values())
    several = len(stands_for) > 1
    made, loose = [], []
    for entry in found.sounds:
        named = naming.read(found.scheme, entry.stem) if found.scheme else naming.Named()
        label = (named.label or "") if found.by_name else labels.get(found.folder(entry, "class"), "")
        if not label:
            if entry.promises_sound:
                loose.append(entry)
            continue
        split = stands_for.get(found.parts.get(found.folder(entry, "split"), ""), "") if several else ""
        fold = _fold(found.folder(entry, "fold"))
        fold = named.fold if fold is None else fold
        fold = SPLIT_FOLDS[split] if split and fold is None else fold
        group = named.group or found.folder(entry, "group") or None
        made.append(Row(entry, label, group=group, fold=fold, split=split))
    return (sorted(made, key=lambda row: naming.natural(row.label)) if found.by_name else made), loose


def _levels(tree: Tree) -> Levels:
    sounds = [entry for entry in tree.entries if entry.may_be_sound]
    apart = Counter(folder for entry in sounds if entry.promises_sound for folder in entry.folders if _is_apart(folder))
    sounds = [entry for entry in sounds if not any(_is_apart(folder) for folder in entry.folders)]
    sure = [entry for entry in sounds if entry.promises_sound] or sounds
    scheme = naming.recognise([entry.stem for entry in sure], _MOST)
    roles: list[str] = []
    while members := [entry for entry in sure if len(entry.folders) > len(roles)]:
        roles.append(_role(members, roles, scheme))
    label = _label(scheme, sure)
    by_name = label is not None and "class" not in roles
    promoted = "class" not in roles and "group" in roles and not by_name
    if promoted:
        roles[roles.index("group")] = "class"
    depth = roles.index("split") if "split" in roles else len(roles)
    parts = _parts({entry.folders[depth] for entry in sure if len(entry.folders) > depth})
    return Levels(tuple(roles), scheme, tuple(sounds), dict(apart), by_name, promoted, parts)


def _role(members: Sequence[Entry], before: Sequence[str], scheme: Scheme | None) -> str:
    """The role of the folders at one depth."""
    depth = len(before)
    names = {entry.folders[depth] for entry in members}
    if "split" not in before and all(_parts(names).values()):
        return "split"
    if all(map(_FOLD.fullmatch, names)) and (len(names) > 1 or scheme is not None):
        return "fold"
    if len(names) > 1 and "group" not in before:
        if all(map(_SPEAKER.fullmatch, names)):
            return "group"
        fitting = [entry for entry in members if _fits(scheme, entry)]
        if scheme is not None and fitting and all(_is_group(entry.folders[depth], scheme, entry) for entry in fitting):
            return "group"
    if "class" in before:
        return ""
    deeper = any(len(entry.folders) > depth + 1 for entry in members)
    named = _label(scheme, members) is not None
    if len(names) == 1 and (deeper or named or next(iter(names)).casefold() in GENERIC):
        return ""
    return "class"


def _parts(names: Collection[str]) -> dict[str, str]:
    """The part that each folder names, with words beside it that all of them share (the name of the set)."""
    words = [set(re.split(r"[\W_]+", name.casefold())) for name in names]
    shared = frozenset(set.intersection(*words)) if len(words) > 1 else frozenset()
    return {name: naming.split_in(name, shared) for name in names}


def _label(scheme: Scheme | None, entries: Sequence[Entry]) -> str | None:
    """The class by the first name that follows a scheme."""
    if scheme is None:
        return None
    return next((naming.read(scheme, entry.stem).label for entry in entries if _fits(scheme, entry)), None)


def _fits(scheme: Scheme | None, entry: Entry) -> bool:
    return scheme is not None and scheme.expression.fullmatch(entry.stem) is not None


def _is_apart(folder: str) -> bool:
    return _APART.fullmatch(folder) is not None and not folder.startswith("__")


def _is_group(folder: str, scheme: Scheme, entry: Entry) -> bool:
    named = naming.read(scheme, entry.stem)
    if named.label is None or named.group is None:
        return False
    group, name = folded(named.group), folded(folder)
    return name == group or name.startswith(f"{group}_")  # TESS: a folder for each speaker and emotion


def _fold(folder: str) -> int | None:
    match = re.search(r"\d+", folder)
    return int(match[0]) if match else None
