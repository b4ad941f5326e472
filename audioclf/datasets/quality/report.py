"""The health report: what is wrong with a data set, before anything is trained on it."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from audioclf.core.errors import AudioError
from audioclf.datasets.base import Clip, Dataset, Problem, Progress, ShouldStop
from audioclf.datasets.ingest.file_index import FileIndex, refusal
from audioclf.datasets.quality import shortcuts
from audioclf.datasets.quality.clip_statistics import SignalFacts, measure_all
from audioclf.datasets.quality.findings import (
    SEVERITIES,
    Finding,
    NearDuplicate,
    of_classes,
    of_copies,
    of_files,
    of_shortcut,
    of_sound,
)
from audioclf.datasets.quality.near_duplicates import near_duplicates
from audioclf.datasets.quality.shortcuts import Shortcut, ShortcutCheck


@dataclass(frozen=True)
class Spread:
    """How a measurement is spread over clips."""

    low: float
    median: float
    high: float
    mean: float


@dataclass(frozen=True)
class HealthReport:
    """What is known of a data set's state; plain values, so that ``to_dict`` is JSON.

    Attributes
    ----------
    name, fingerprint : str
        The data set's.
    n_clips : int
    seconds : float
        Length of all clips together.
    counts : dict
        Clips per class, in the order of the classes.
    durations, levels : Spread or None
        Seconds, and root mean square in dB of full scale; None where there are no clips.
    durations_by_class : dict of Spread
    sample_rates, channels : tuple of (int, int)
        Values and how many clips have them, the commonest first.
    formats : tuple of (str, int)
        Format and codec, such as ``"WAV PCM_16"``.
    n_groups : int
    findings : tuple of Finding
        The gravest first.
    duplicates : tuple of tuple of int
        Numbers of clips with the same content, a tuple for each content.
    near_duplicates : tuple of NearDuplicate
    problems : tuple of Problem
        Files that could not be used, and clips that could not be decoded.
    shortcut : ShortcutCheck or None
        None where there is too little data.
    """

    name: str
    fingerprint: str
    n_clips: int
    seconds: float
    counts: dict[str, int]
    durations: Spread | None
    durations_by_class: dict[str, Spread]
    levels: Spread | None
    sample_rates: tuple[tuple[int, int], ...]
    channels: tuple[tuple[int, int], ...]
    formats: tuple[tuple[str, int], ...]
    n_groups: int
    findings: tuple[Finding, ...]
    duplicates: tuple[tuple[int, ...], ...]
    near_duplicates: tuple[NearDuplicate, ...]
    problems: tuple[Problem, ...]
    shortcut: ShortcutCheck | None

    @property
    def worst(self) -> str:
        """Severity of the gravest finding; ``"good"`` where there is none."""
        return self.findings[0].severity if self.findings else "good"

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON knows them."""
        return asdict(self)


def check(
    dataset: Dataset,
    *,
    index: FileIndex | None = None,
    progress: Progress | None = None,
    should_stop: ShouldStop | None = None,
    n_jobs: int = 0,
) -> HealthReport:
    """Measure every clip and say what is wrong.

    What was measured once is remembered by the clips' content, so that the second time takes a moment.

    Parameters
    ----------
    dataset : Dataset
    index : FileIndex, optional
        Where measurements are remembered.
    progress, should_stop : callable, optional
        See :mod:`audioclf.datasets.base`.
    n_jobs : int
        Threads that measure clips not met before; 0 takes two per processor.

    Raises
    ------
    Stopped
    """
    index = index or FileIndex()
    clips = dataset.clips
    measured = measure_all(clips, index=index, progress=progress, should_stop=should_stop, n_jobs=n_jobs)
    sound = [(number, fact) for number, fact in enumerate(measured) if isinstance(fact, SignalFacts)]
    broken = [(number, fact) for number, fact in enumerate(measured) if isinstance(fact, str)]
    problems = (*dataset.problems, *(_problem(clips[number], reason) for number, reason in broken))
    copies = _copies(clips)
    near = _remembered(index, dataset, "near-2", lambda: {"pairs": _near(clips, sound)})["pairs"]
    pairs = tuple(NearDuplicate(*pair) for pair in near)
    shortcut = _shortcut(index, dataset, sound)
    findings = [
        *of_files(dataset, [number for number, _ in broken]),
        *of_sound(dataset, sound),
        *of_classes(dataset),
        *of_copies(dataset, copies, pairs),
        *of_shortcut(shortcut),
    ]
    by_class: dict[str, list[float]] = defaultdict(list)
    for clip in clips:
        by_class[clip.label].append(clip.seconds)
    return HealthReport(
        name=dataset.name,
        fingerprint=dataset.fingerprint,
        n_clips=len(clips),
        seconds=sum(clip.seconds for clip in clips),
        counts=dataset.counts,
        durations=_spread([clip.seconds for clip in clips]),
        durations_by_class={label: spread for label in by_class if (spread := _spread(by_class[label]))},
        levels=_spread([fact.level for _, fact in sound]),
        sample_rates=tuple(Counter(clip.info.sr for clip in clips).most_common()),
        channels=tuple(Counter(clip.info.channels for clip in clips).most_common()),
        formats=tuple(Counter(f"{clip.info.format} {clip.info.subtype}".strip() for clip in clips).most_common()),
        n_groups=len({clip.group for clip in clips if clip.group is not None}),
        findings=tuple(sorted(findings, key=lambda finding: SEVERITIES.index(finding.severity))),
        duplicates=copies,
        near_duplicates=pairs,
        problems=problems,
        shortcut=shortcut,
    )


def _remembered(
    index: FileIndex, dataset: Dataset, kind: str, compute: Callable[[], Mapping[str, Any]]
) -> dict[str, Any]:
    return index.facts({dataset.fingerprint: dataset}, kind, lambda _: compute())[dataset.fingerprint]


def _spread(values: Sequence[float]) -> Spread | None:
    if not values:
        return None
    return Spread(min(values), statistics.median(values), max(values), statistics.fmean(values))


def _problem(clip: Clip, reason: str) -> Problem:
    found = refusal(clip.path, AudioError(reason))
    return Problem(clip.name, found.reason, found.remedy)


def _copies(clips: Sequence[Clip]) -> tuple[tuple[int, ...], ...]:
    by_key: dict[str, list[int]] = defaultdict(list)
    for number, clip in enumerate(clips):
        by_key[clip.key].append(number)
    return tuple(tuple(numbers) for numbers in by_key.values() if len(numbers) > 1)


def _near(clips: Sequence[Clip], sound: Sequence[tuple[int, SignalFacts]]) -> list[tuple[int, int, float]]:
    """Near duplicates among clips of different content."""
    first: dict[str, tuple[int, SignalFacts]] = {}
    for number, fact in sound:
        first.setdefault(clips[number].key, (number, fact))
    known = list(first.values())
    pairs = near_duplicates([fact.fingerprint for _, fact in known])
    # Stretches that overlap in one file share sound by intent of whoever cut them.
    return [
        (known[one][0], known[other][0], apart)
        for one, other, apart in pairs
        if clips[known[one][0]].info.content != clips[known[other][0]].info.content
    ]


def _shortcut(index: FileIndex, dataset: Dataset, sound: Sequence[tuple[int, SignalFacts]]) -> ShortcutCheck | None:
    def compute() -> dict[str, Any]:
        found = shortcuts.check([dataset.clips[number] for number, _ in sound], [fact for _, fact in sound])
        return {"check": None if found is None else asdict(found)}

    values = _remembered(index, dataset, "shortcut-1", compute)["check"]
    if values is None:
        return None
    columns = tuple(Shortcut(**column) for column in values.pop("columns"))
    return ShortcutCheck(all=Shortcut(**values.pop("all")), columns=columns, **values)
