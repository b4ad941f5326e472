"""What a health report has to say: each finding with its gravity, its remedy, and the clips it is about."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from audioclf.audio.io import display_name
from audioclf.audio.level import SILENCE
from audioclf.core import settings
from audioclf.datasets.base import Clip, Dataset
from audioclf.datasets.quality.clip_statistics import SignalFacts
from audioclf.datasets.quality.shortcuts import ShortcutCheck

SEVERITIES = ("error", "warning", "note")
"""The gravest first: training will fail or mislead; look at it; good to know."""

CLIPPED = 0.001
"""Share of samples at full scale from which a clip counts as clipped."""

OFFSET = 0.01
"""Mean, as a share of full scale, from which a clip has a DC offset."""

PADDED = 0.25
"""Share of samples no larger than one step of 16 bits from which a clip is mostly digital silence."""

IMBALANCE = 3.0
"""Ratio between the largest and the smallest class from which the classes are uneven."""

FEW = 10
"""Clips below which a class is small."""


@dataclass(frozen=True)
class Finding:
    """One thing the report has to say.

    Attributes
    ----------
    kind : str
        Short name, such as ``"clipping"``.
    severity : str
        One of :data:`SEVERITIES`.
    sentence, remedy : str
        What is the matter, and what can be done about it.
    clips : tuple of int
        Numbers of the clips it is about, in the data set; empty where it is about all.
    files : tuple of str
        Their names.
    """

    kind: str
    severity: str
    sentence: str
    remedy: str
    clips: tuple[int, ...] = ()
    files: tuple[str, ...] = ()


@dataclass(frozen=True)
class NearDuplicate:
    """Numbers of two clips that are one recording, and the share of the fingerprints' bits that differ.

    Two unrelated recordings are near 0.5.
    """

    one: int
    other: int
    difference: float


def of_files(dataset: Dataset, undecodable: Sequence[int]) -> list[Finding]:
    """Files that cannot be read, clips that are too long, and formats that differ."""
    findings = _finding(
        dataset, "broken", "error", undecodable,
        "Cannot be decoded, though the header promises sound", "Exclude them or copy the files again.",
    )  # fmt: skip
    if dataset.problems:
        files = tuple(problem.file for problem in dataset.problems)
        text = f"Left out, because they could not be used: {_count(len(files), 'file')}."
        findings.append(Finding("left out", "warning", text, "Their list says why, and what to do.", (), files))
    findings += _finding(
        dataset, "mended", "note", [n for n, clip in enumerate(dataset.clips) if clip.info.remark],
        "Read in spite of a header that is wrong, or of other bytes before the sound",
        "Listen to one of them; if it is whole, nothing needs to be done.",
    )  # fmt: skip
    longest = settings.number("max_clip_seconds")
    findings += _finding(
        dataset, "too long", "error", [n for n, clip in enumerate(dataset.clips) if clip.seconds > longest],
        f"Longer than the {longest:g} s that one clip may last",
        "Cut them into shorter clips, or raise AUDIOCLF_MAX_CLIP_SECONDS.",
    )  # fmt: skip
    for what, unit, values in (
        ("sample rates", " Hz", Counter(clip.info.sr for clip in dataset.clips)),
        ("numbers of channels", "", Counter(clip.info.channels for clip in dataset.clips)),
    ):
        if len(values) > 1:
            listed = ", ".join(f"{value:,}{unit} ({count:,})" for value, count in values.most_common(4))
            text = f"The clips have different {what}: {listed}{' and others' if len(values) > 4 else ''}."
            remedy = "They are brought to one when they are read; the experiment's audio settings say how."
            findings.append(Finding(f"different {what}", "note", text, remedy))
    return findings


def of_sound(dataset: Dataset, sound: Sequence[tuple[int, SignalFacts]]) -> list[Finding]:
    """Silence, padding, clipping and DC offset."""

    def those(condition: Callable[[SignalFacts], bool]) -> list[int]:
        return [number for number, fact in sound if condition(fact)]

    rows = (
        ("silent", "error", those(lambda fact: fact.silence >= 1),
         f"Silent from beginning to end (below {SILENCE:g} dB of full scale)",
         "Exclude them, or record them again."),
        ("digital silence", "warning", those(lambda fact: fact.zeros >= PADDED and fact.silence < 1),
         f"Zeros, or nearly so, for {PADDED:.0%} of the length and more",
         "Cut them to where they sound; else a model may learn the length of the padding."),
        ("clipping", "warning", those(lambda fact: fact.clipped > CLIPPED),
         f"Clipped, with more than {CLIPPED:.1%} of the samples at full scale",
         "Record them again with less gain where that is possible."),
        ("dc offset", "warning", those(lambda fact: fact.dc > OFFSET and fact.silence < 1),
         f"DC offset of more than {OFFSET:.0%} of full scale",
         "Remove it with a high-pass filter; most often one sound card is to blame."),
    )  # fmt: skip
    return [found for row in rows for found in _finding(dataset, *row)]


def of_classes(dataset: Dataset) -> list[Finding]:
    """Too few classes, small and uneven ones, and names that are nearly the same."""
    findings = []
    counts = dataset.counts
    if len(counts) < 2:
        text = f"A classifier needs two classes, and there {'is one' if counts else 'are none'}."
        findings.append(Finding("one class", "error", text, "Add a folder of other sounds."))
    small = [label for label, count in counts.items() if count < FEW]
    if small:
        severity = "error" if any(counts[label] < 2 for label in small) else "warning"
        text = f"Fewer than {FEW} clips, so that no figure about them can be trusted: {_some(small)}."
        findings.append(Finding("small class", severity, text, "Add clips, or leave these classes out."))
    if counts and max(counts.values()) > IMBALANCE * min(counts.values()):
        most, least = max(counts, key=counts.__getitem__), min(counts, key=counts.__getitem__)
        text = (
            f"The classes are uneven: {_some([most])} has {counts[most]:,} clips, {_some([least])} {counts[least]:,}."
        )
        remedy = "Balance them, or weigh classes in training and look at the figures of each class."
        findings.append(Finding("uneven classes", "warning", text, remedy))
    alike: dict[str, list[str]] = defaultdict(list)
    for label in counts:
        alike["".join(label.casefold().split())].append(label)
    for labels in alike.values():
        if len(labels) > 1:
            text = f"Classes that differ in nothing but capitals and spaces: {_some(labels)}."
            findings.append(Finding("class names", "warning", text, "Merge them, if they are meant to be one class."))
    return findings


def of_copies(dataset: Dataset, copies: Sequence[Sequence[int]], near: Sequence[NearDuplicate]) -> list[Finding]:
    """Files and recordings that are in the data set more than once."""
    clips = dataset.clips
    pairs = [(pair.one, pair.other) for pair in near]
    findings = []
    for kind, what, groups in (
        ("duplicates", "the same file", copies),
        ("near duplicates", "one recording, padded, cut, encoded anew or at another level", pairs),
    ):
        across = [group for group in groups if len({clips[number].label for number in group}) > 1]
        within = [group for group in groups if len({clips[number].label for number in group}) == 1]
        findings += _finding(
            dataset, f"{kind} across classes", "error" if kind == "duplicates" else "warning", _flat(across),
            f"In two classes at once ({what})", "Decide for one class each and exclude the rest.",
        )  # fmt: skip
        leak = any(_straddles([clips[number] for number in group]) for group in within)
        findings += _finding(
            dataset, kind, "warning", _flat(within),
            f"More than once in a class ({what}){LEAK if leak else ''}", "Keep one of each, or give them one group.",
        )  # fmt: skip
    return findings


LEAK = ", and a split can put one into training and the other into the test"


def _straddles(clips: Sequence[Clip]) -> bool:
    """Whether a split could put some of these clips into training and others into the test."""
    return len({clip.group for clip in clips}) > 1 or any(clip.group is None for clip in clips)


def of_shortcut(found: ShortcutCheck | None) -> list[Finding]:
    """Classes that can be recognized without listening."""
    if found is None or not found.clear:
        return []
    remedy = (
        "Make the classes alike in this respect (same microphone, level, length and format), or expect a model that"
        " fails on recordings made otherwise."
    )
    return [Finding("shortcut", "warning", found.sentence, remedy)]


def _finding(dataset: Dataset, kind: str, severity: str, clips: Sequence[int], text: str, remedy: str) -> list[Finding]:
    """One finding about some clips; none where there are none."""
    if not clips:
        return []
    files = tuple(dataset.clips[number].name for number in clips)
    return [Finding(kind, severity, f"{text}: {_count(len(clips), 'clip')}.", remedy, tuple(clips), files)]


def _flat(groups: Iterable[Iterable[int]]) -> list[int]:
    return sorted({number for group in groups for number in group})


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _some(names: Sequence[str], most: int = 4) -> str:
    listed = ", ".join(display_name(name) for name in names[:most])
    return listed + (f" and {len(names) - most} more" if len(names) > most else "")
