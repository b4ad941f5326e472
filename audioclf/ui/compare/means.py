"""The mean of two classes and their difference, computed over many clips in a task."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from audioclf.audio.io import AudioSettings
from audioclf.datasets import Clip, Dataset
from audioclf.features import Feature, FeatureMap
from audioclf.features.averages import difference_map, mean_map
from audioclf.features.extraction import load_clip
from audioclf.ui.compare import choosing
from audioclf.ui.compare.table import Column, Table
from audioclf.ui.shell import task_bar, tasks
from audioclf.ui.shell.text import count, plain
from audioclf.ui.sound import cache

MOST = 40
"""Clips of each class that a mean is made of: more change it little."""

_LONGEST = 10.0


@dataclass(frozen=True)
class Means:
    """What is averaged: the script that does the same needs it, too.

    Attributes
    ----------
    labels : (str, str)
    clips : (tuple of Clip, tuple of Clip)
    n_samples : int
        Length all are cut or padded to.
    """

    labels: tuple[str, str]
    clips: tuple[tuple[Clip, ...], tuple[Clip, ...]]
    n_samples: int


def choose(dataset: Dataset, audio: AudioSettings) -> Means:
    """Draw the choice of two classes."""
    left, right = st.columns(2)
    with left:
        one = choosing.class_field(dataset, "Mean of", "mean1")
    with right:
        other = choosing.class_field(dataset, "and of", "mean2", without=one)
    clips = tuple(_some(dataset.of(label)) for label in (one, other))
    seconds = audio.duration or float(np.median([clip.seconds for group in clips for clip in group]))
    return Means((one, other), (clips[0], clips[1]), max(1, round(min(seconds, _LONGEST) * audio.sr)))


def table(means: Means, features: Sequence[Feature], audio: AudioSettings, shared: bool) -> Table | None:
    """The comparison once it is computed; until then how far it is, or why it failed."""
    task = _task(means, features, audio)
    if not task.wait(0.3):
        task_bar.follow(task, lambda done, total: f"{done:,} of {count(total, 'clip')}", "means.stop")
        return None
    if task.error is not None:
        task_bar.failed(task, "The means were stopped.", "Compute the means", "means.again")
        return None
    nearest, maps = task.result
    columns = [
        Column(
            label,
            f"mean of {count(len(clips), 'clip')}",
            cache.sound(clip, audio),
            len(cache.samples(clip, audio)) / audio.sr,
        )
        for label, clips, clip in zip(means.labels, means.clips, nearest, strict=True)
    ]
    columns.append(Column("Difference", " − ".join(plain(label, 20) for label in means.labels), b"", 0.0))
    return Table(tuple(columns), tuple(features), maps, shared, difference=True)


def drawable(features: Sequence[Feature]) -> tuple[list[Feature], str]:
    """Features that have a mean picture, and a sentence about the others."""
    left_out = [one.title for one in features if one.kind in ("waveform", "spectrum") or _is_vector(one)]
    words = " and ".join(left_out)
    return (
        [one for one in features if one.title not in left_out],
        f"{words} have no mean picture and are left out." if len(left_out) > 1
        else f"{words} has no mean picture and is left out." if left_out else "",
    )  # fmt: skip


def _is_vector(feature: Feature) -> bool:
    return getattr(feature, "summary", "none") != "none"


def _some(clips: Sequence[Clip]) -> tuple[Clip, ...]:
    chosen = np.unique(np.linspace(0, len(clips) - 1, min(MOST, len(clips))).round().astype(int))
    return tuple(clips[number] for number in chosen)


def _task(means: Means, features: Sequence[Feature], audio: AudioSettings) -> tasks.Task:
    described: list[Any] = [
        [clip.key for group in means.clips for clip in group],
        [feature.to_dict() for feature in features],
        audio.to_dict(),
        means.n_samples,
    ]
    key = f"means {json.dumps(described, sort_keys=True)}"

    def work(progress: tasks.Progress, should_stop: Callable[[], bool]) -> Any:
        return _compute(means, features, audio, progress)

    return tasks.find(key) or tasks.start(key, "Averaging", work)


def _compute(
    means: Means, features: Sequence[Feature], audio: AudioSettings, progress: tasks.Progress
) -> tuple[tuple[Clip, ...], tuple[tuple[FeatureMap, ...], ...]]:
    """The clip of each class that is nearest to its mean (in the last feature), and the rows of maps."""
    total, done = sum(map(len, means.clips)), 0
    nearest: list[Clip] = []
    found: list[list[FeatureMap]] = [[] for _ in features]
    for clips in means.clips:
        of_class: list[list[FeatureMap]] = [[] for _ in features]
        for clip in clips:
            progress(done, total)
            y = load_clip(clip, audio, means.n_samples)
            for maps, feature in zip(of_class, features, strict=True):
                maps.append(feature.compute(y, audio.sr))
            done += 1
        averaged = [mean_map(maps) for maps in of_class]
        nearest.append(clips[averaged[-1][1]])
        for row, (mean, _) in zip(found, averaged, strict=True):
            row.append(mean)
    return tuple(nearest), tuple((one, other, difference_map(one, other)) for one, other in found)
