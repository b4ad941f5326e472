"""How long a training will take on this machine and how much memory it needs, before it is begun.

A step's time is made of four things that add up: arithmetic (multiplications of all layers,
forward and twice backward), passing over every layer's values, the optimizer's pass over all
parameters, and a constant. How fast the machine is at arithmetic is measured once per process;
runs that were finished on it correct the rest (:mod:`audioclf.experiments.calibration`). A classical model says
itself what fitting it takes, as an order of magnitude. What comes out is a range, not a figure.
"""

from __future__ import annotations

import functools
import math
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from audioclf.audio.io import AudioSettings
from audioclf.augment import Augmentation, on_batches
from audioclf.core import limits, settings
from audioclf.core.errors import AudioclfError
from audioclf.datasets import Dataset
from audioclf.experiments.config import Experiment
from audioclf.experiments.preflight import Outlook
from audioclf.features import Feature
from audioclf.features.cache import FeatureStore, store_key
from audioclf.models import MODELS, Shape
from audioclf.models.classical import Classical
from audioclf.models.layers import Row
from audioclf.training import Training

# Seconds of one core on the machine the model was fitted on (170 GFLOP/s per core in float32): nine networks of 800 to
# 62 million parameters came out within a third of their measured time.
_PER_MULTIPLICATION: Final = 1 / 170e9
_PER_VALUE: Final = 1.6e-9
_PER_PARAMETER: Final = 1.3e-9
_PER_STEP: Final = 1e-3
_REFERENCE_PRODUCTS: Final = 0.35e-3
"""Seconds of its core for 64 products of two 64 x 64 matrices in float32."""

_PER_EPOCH: Final = 0.03
"""Seconds to write the checkpoint and a line of history."""
_START: Final = 9.0
"""Seconds until a job's process has begun and TensorFlow is loaded."""
_START_CLASSICAL: Final = 2.5
"""The same without TensorFlow."""
_COMPILE: Final = 0.15
"""Seconds per layer until a network's step is compiled."""
_DECODE: Final = 4e-3
"""Seconds of a core to read one clip."""
_PARALLEL: Final = 0.85
"""What a second core adds."""
_BUSY: Final = 10e-3
"""A step shorter than this does not occupy several cores."""
_GROWTH: Final = 2.0
"""How many times an example's values the frozen layers may give, to be computed once."""
_INNER: Final = {"ResidualBlock": 3.0}
"""Values inside of a layer that its output does not show, as a multiple of the output."""
_PROBE_SECONDS: Final = 3.0
_PROBED: Final = 12
_PROCESS_BYTES: Final = 700e6
_SLOTS: Final = {"adam": 2, "adamw": 2, "rmsprop": 1, "sgd": 0}

_SPREAD_KNOWN: Final = (0.75, 1.5)
_SPREAD_UNKNOWN: Final = (0.6, 2.0)


@dataclass(frozen=True)
class Estimate:
    """What a run will take.

    Attributes
    ----------
    low, high : float or None
        Seconds between which the whole run most likely lies; None where nothing is known of the model's time.
    feature_bytes : float
        Features of all clips, as the job holds them.
    model_bytes : float
        Weights, gradients and the optimizer's state of the largest network.
    batch_bytes : float
        Values of all its layers for one batch, forward and backward.
    most_bytes : float
        What one job may take.
    learned : bool
        Whether finished runs on this machine speak for the time.
    """

    low: float | None
    high: float | None
    feature_bytes: float
    model_bytes: float
    batch_bytes: float
    most_bytes: float
    learned: bool

    @property
    def memory_bytes(self) -> float:
        """All of it, with what the process itself needs."""
        return self.feature_bytes + self.model_bytes + self.batch_bytes + _PROCESS_BYTES

    @property
    def fits(self) -> bool:
        """Whether it fits in what a job may take."""
        return self.memory_bytes <= self.most_bytes


def estimate(
    experiment: Experiment, dataset: Dataset, outlook: Outlook, *, experience: Iterable[tuple[str, float]] = ()
) -> Estimate:
    """Time and memory of an experiment on this machine.

    Parameters
    ----------
    experiment : Experiment
    dataset : Dataset
    outlook : Outlook
        What :func:`audioclf.experiments.preflight.examine` says of the two.
    experience : iterable of (str, float)
        What :func:`audioclf.experiments.calibration.experience_of` says of finished runs, the newest first.
    """
    alike = _alike(experiment.model.kind, list(experience))
    low = high = None
    training = _training_seconds(experiment, dataset, outlook)
    if training is not None:
        least, most = training
        down, up = _SPREAD_UNKNOWN
        if alike:
            down, up = _SPREAD_KNOWN
            least = most = math.sqrt(least * most) * statistics.median(alike[:8])
        features = _features_seconds(experiment, dataset, outlook)
        low, high = down * (features + least), up * (features + most)
    values = [math.prod(shape) for shape in outlook.input_shapes]
    held = sum(math.prod(shape) for shape in outlook.feature_shapes) + 2 * max(values)
    batch = experiment.training.batch_size
    slots = 2 + _SLOTS.get(experiment.training.optimizer, 2)
    return Estimate(
        low,
        high,
        feature_bytes=4.0 * outlook.n_examples * held,
        model_bytes=max((4.0 * slots * _parameters(rows) for rows in outlook.layers), default=0.0),
        batch_bytes=max((8.0 * batch * _values(rows) for rows in outlook.layers), default=0.0),
        most_bytes=settings.number("job_memory_gb") * 1e9,
        learned=bool(alike),
    )


@dataclass(frozen=True)
class Member:
    """One network that is trained on every split.

    Attributes
    ----------
    rows : sequence of Row
        Its layers.
    shape : tuple of int
        Shape of one example.
    epochs : int
        Over all splits together.
    n_once : int
        How many of its first layers never learn, so that what they give is computed once.
    """

    rows: Sequence[Row]
    shape: Shape
    epochs: int
    n_once: int = 0


def training_seconds(
    members: Sequence[Member], training: Training, n_train: int, n_validation: int, n_fits: int
) -> float:
    """Seconds to train networks, one after the other or side by side, as far as arithmetic tells.

    Parameters
    ----------
    members : sequence of Member
    training : Training
    n_train, n_validation : int
        Examples per split.
    n_fits : int
        How many models are trained in all.
    """
    total = fixed = longest = 0.0
    steps = math.ceil(n_train / training.batch_size)
    for member in members:
        once, learning = member.rows[: member.n_once], member.rows[member.n_once :]
        border = once[-1].output_shape if once else member.shape
        step = step_seconds(learning, border, training.batch_size)
        check = step_seconds(learning, border, 1, backward=False) - _PER_STEP
        total += member.epochs * (steps * step + n_validation * check + _PER_EPOCH)
        if once:
            ahead = step_seconds(once, member.shape, 1, backward=False) - _PER_STEP
            total += (n_train + n_validation) * ahead * n_fits / len(members)
        fixed += _COMPILE * len(member.rows) * n_fits / len(members)
        longest = max(longest, step)
    # several models at a time, each on a core of its own, or one on all of them
    at_a_time = min(limits.fit_processes(), n_fits, limits.cores())
    busy = at_a_time if n_fits > 1 else limits.cores() if longest > _BUSY else 1
    gain = _side_by_side(busy)
    return slowness() * (total + fixed) / gain


def n_computed_once(experiment: Experiment, rows: Sequence[Row], shape: Shape) -> int:
    """How many of a network's first layers are computed once, see :mod:`audioclf.training.frozen`."""
    augmentations = experiment.augmentations
    changing = on_batches(augmentations) is not None or experiment.copies.on_the_fly(augmentations)
    names = [row.name for row in rows]
    border = getattr(experiment.model, "frozen_until", None)
    if changing or border not in names:
        return 0
    number = names.index(border) + 1
    large = math.prod(rows[number - 1].output_shape) > _GROWTH * math.prod(shape)
    return 0 if large else number


def step_seconds(rows: Sequence[Row], input_shape: Shape, batch_size: int, *, backward: bool = True) -> float:
    """Seconds of one core of the reference machine for one step of a network.

    Parameters
    ----------
    rows : sequence of Row
        Its layers.
    input_shape : tuple of int
        Shape of one example.
    batch_size : int
    backward : bool
        Whether the step learns; otherwise it only answers.
    """
    multiplications = 0.0
    before = input_shape
    for row in rows:
        forward = multiplications_of(row, before)
        multiplications += forward * (3 if row.trainable and backward else 1)
        before = row.output_shape
    seconds = batch_size * (
        multiplications * _PER_MULTIPLICATION + _values(rows) * _PER_VALUE * (1 if backward else 0.35)
    )
    if backward:
        seconds += sum(row.trainable for row in rows) * _PER_PARAMETER
    return seconds + _PER_STEP


def multiplications_of(row: Row, before: Shape) -> float:
    """Multiplications and additions of one layer for one example, forward.

    Every weight works once at every place of the layer's output: of a convolution at each row and frame, of a
    recurrent layer at each frame of what comes in, of a dense layer once.
    """
    places = math.prod(row.output_shape[:-1]) if len(row.output_shape) > 1 else 1
    if row.layer == "Recurrent" and len(before) > 1:
        places = before[0]
    return 2.0 * (row.trainable + row.frozen) * places


@functools.cache
def slowness() -> float:
    """How many times as long as the reference machine one core of this machine takes; measured once, in 5 ms.

    What is measured is the core's own time for matrix products, so that what else is going on does not count. They are
    small enough for numpy to stay on one core, and nothing is allocated: a Fourier transform, which was measured here
    before, took 1.4 or 4.5 ms depending on whether the allocator had fresh pages to fetch.
    """
    left, right = np.random.default_rng(0).random((2, 64, 64, 64), np.float32)
    out = np.empty_like(left)
    best = math.inf
    for _ in range(10):
        began = time.thread_time()
        np.matmul(left, right, out=out)
        best = min(best, time.thread_time() - began)
    return best / _REFERENCE_PRODUCTS


@functools.lru_cache(maxsize=256)
def feature_seconds(feature: Feature, audio: AudioSettings, duration: float) -> float:
    """Seconds of a core to compute a feature of one clip, measured on at most a few seconds of noise."""
    probed = min(duration, _PROBE_SECONDS)
    y = np.random.default_rng(0).standard_normal(max(1, round(probed * audio.sr))).astype(np.float32)
    began = time.perf_counter()
    try:
        feature.compute(y, audio.sr)
    except AudioclfError:  # too short a piece; the whole clip is not
        return _DECODE
    return (time.perf_counter() - began) * duration / probed + _DECODE


def fit_seconds(model: Classical, n_clips: int, n_values: int, n_classes: int) -> tuple[float, float] | None:
    """Between how many seconds fitting a classical model lies on this machine; None where nothing is known of it."""
    said = model.fit_seconds(n_clips, n_values, n_classes)
    if said is None:
        return None
    gain = _side_by_side(limits.cores()) if model.on_all_cores else 1.0
    return slowness() * said[0] / gain, slowness() * said[1] / gain


def _alike(kind: str, said: Sequence[tuple[str, float]]) -> list[float]:
    """What runs of the same kind of model say; of a network that has none, those of other networks."""
    same = [factor for other, factor in said if other == kind]
    if same or kind not in MODELS or MODELS[kind].family != "network":
        return same
    return [factor for other, factor in said if other in MODELS and MODELS[other].family == "network"]


def _side_by_side(cores: int) -> float:
    return 1 + _PARALLEL * (cores - 1)


def _seconds_per_clip(experiment: Experiment, duration: float) -> tuple[float, float]:
    """Seconds of a core for all features of a clip: as it is, and with its samples changed."""
    seen = sum(feature_seconds(feature, experiment.audio, duration) for feature in experiment.features)
    of_samples = [augmentation for augmentation in experiment.augmentations if augmentation.stage == "samples"]
    return seen, seen + sum(change_seconds(item, experiment.audio.sr, duration) for item in of_samples)


def _features_seconds(experiment: Experiment, dataset: Dataset, outlook: Outlook) -> float:
    """Seconds until the training begins."""
    seen, changed = _seconds_per_clip(experiment, outlook.duration)
    n_copies = outlook.n_examples - len(dataset)
    features = len(dataset) * seen * (1 - _share_kept(experiment, dataset, outlook.duration)) + n_copies * changed
    begun = _START if outlook.layers else _START_CLASSICAL
    return begun + features / _side_by_side(limits.cores())


def _training_seconds(experiment: Experiment, dataset: Dataset, outlook: Outlook) -> tuple[float, float] | None:
    """Seconds between which training lies; None where nothing is known of it."""
    training, n_splits = experiment.training, len(outlook.splits)
    if isinstance(experiment.model, Classical):
        values = [math.prod(shape) for shape in outlook.input_shapes]
        fits = [fit_seconds(experiment.model, outlook.n_train, n, len(dataset.classes)) for n in values]
        known = [fit for fit in fits if fit is not None]
        if len(known) < len(fits):
            return None
        return n_splits * sum(low for low, _ in known), n_splits * sum(high for _, high in known)
    learning = training_seconds(
        [
            Member(rows, shape, training.epochs * n_splits, n_computed_once(experiment, rows, shape))
            for rows, shape in zip(outlook.layers, outlook.input_shapes, strict=True)
        ],
        training,
        outlook.n_train,
        len(outlook.splits[0].validation),
        outlook.n_models,
    )
    if experiment.copies.on_the_fly(experiment.augmentations):
        # each member of an ensemble sees its own feature of the changed clips
        _, changed = _seconds_per_clip(experiment, outlook.duration)
        learning += training.epochs * n_splits * outlook.n_train * changed / _side_by_side(limits.cores())
    return learning, learning


@functools.lru_cache(maxsize=256)
def change_seconds(augmentation: Augmentation, sr: int, duration: float) -> float:
    """Seconds of a core to change the samples of one clip, measured on at most a few seconds of noise."""
    probed = min(duration, _PROBE_SECONDS)
    y = np.random.default_rng(0).standard_normal(max(1, round(probed * sr))).astype(np.float32)
    began = time.perf_counter()
    try:
        augmentation.apply_samples(y, sr, np.random.default_rng(0))
    except AudioclfError:
        return 0.0
    return (time.perf_counter() - began) * duration / probed


def _share_kept(experiment: Experiment, dataset: Dataset, duration: float) -> float:
    """Share of the clips whose features lie in the store already, from a few of them."""
    store, n_samples = FeatureStore(), max(1, round(duration * experiment.audio.sr))
    step = max(1, len(dataset) // _PROBED)
    probes = [
        clip.info.content and store.get(store_key(clip.key, experiment.audio, n_samples, feature)) is not None
        for feature in experiment.features
        for clip in dataset.clips[::step]
    ]
    return sum(map(bool, probes)) / max(1, len(probes))


def _parameters(rows: Sequence[Row]) -> int:
    return sum(row.trainable + row.frozen for row in rows)


def _values(rows: Sequence[Row]) -> float:
    return sum(math.prod(row.output_shape) * _INNER.get(row.layer, 1.0) for row in rows)
