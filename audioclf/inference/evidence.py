"""From a run's models and one sound to what explanation methods take, and the method that is taken by default."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from audioclf.core.errors import ParameterError, RunError
from audioclf.experiments.config import Experiment
from audioclf.experiments.runs import Run
from audioclf.experiments.runs.files import read_json
from audioclf.experiments.transform import Transform, ensemble
from audioclf.explain import METHODS, Method, Probe, Subject, Verdict, Words, floor_of
from audioclf.features import Feature, FeatureMap
from audioclf.features.base import Array
from audioclf.training import Fitted

FOLDER = "explanations"
"""Folder in a run's for what is known of its explanations."""

CHOICE = "choice.json"

LEAST = 1e-4
"""A smaller fall of the probability is rounding."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """Where in the feature map the evidence for one class lies.

    Attributes
    ----------
    feature_map : FeatureMap
        Unscaled, with its axes.
    heat : np.ndarray [shape=feature_map.values.shape]
        0 (nothing) to 1 (most).
    class_index : int
        The class that is explained.
    classes : tuple of str
    probabilities : np.ndarray [shape=(n_classes,)]
    y : np.ndarray [shape=(n,)]
        The samples the model was given.
    sr : int
    peak : float
        What 1 in the heat stands for: by occlusion, how much the probability falls where it falls most; by most others
        the height of the models' mean map, each of which goes up to 1. 0 where no model found anything.
    method : str
        ``kind`` of the method.
    words : Words
        Where the evidence lies, in words.
    seconds : float
        Time the method took.
    verdict : Verdict or None
        What becomes of the class when the marked places are removed; None where it was not asked for.
    """

    feature_map: FeatureMap
    heat: Array
    class_index: int
    classes: tuple[str, ...]
    probabilities: Array
    y: Array
    sr: int
    peak: float = 1.0
    method: str = "grad-cam"
    words: Words = field(default_factory=lambda: Words("", "place"))
    seconds: float = 0.0
    verdict: Verdict | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        return self.peak < LEAST

    @property
    def drawn(self) -> Array:
        """The heat as it is drawn: 1 in its hottest hundredth, which would dim all else where it stands out far."""
        hot = self.heat[self.heat > 0]
        return np.minimum(self.heat / np.percentile(hot, 99), 1) if hot.size else self.heat


def subject_of(
    experiment: Experiment,
    models: Sequence[tuple[int, Fitted, Transform]],
    maps: Mapping[Feature, FeatureMap],
    feature: Feature,
    *,
    rolled: bool = False,
) -> Subject:
    """One sound and one of its features, for the models that look at it.

    Parameters
    ----------
    experiment : Experiment
    models : sequence of (int, Fitted, Transform)
        Member, model and preprocessing of every fit that is asked.
    maps : mapping of Feature to FeatureMap
        Every feature of the sound.
    feature : Feature
        The one that is explained.
    rolled : bool
        Whether predictions are means over rolled inputs, as the run's test made them.
    """
    shown = maps[feature]
    floor = floor_of(shown.values, shown.unit, tuple(axis.unit for axis in shown.axes))
    values = {one: item.values[None] for one, item in maps.items()}
    rolls = experiment.training.test_rolls if rolled else 1

    def predict(batch: Array) -> Array:
        given = {
            one: batch if one == feature else np.broadcast_to(item, (len(batch), *item.shape[1:]))
            for one, item in values.items()
        }
        rows = []
        for member, fitted, transform in models:
            rows.append((member, fitted.predict_rolled(transform(given), rolls)))
        weights = experiment.weights
        if weights and not any(weights[member] for member, _ in rows):
            return np.asarray(np.mean([row for _, row in rows], axis=0), np.float32)
        return ensemble(experiment, rows)

    probes = tuple(_probe(experiment, *model, values, feature, floor) for model in models)
    return Subject(shown.values, floor, predict, probes)


def _probe(
    experiment: Experiment,
    member: int,
    fitted: Fitted,
    transform: Transform,
    values: Mapping[Feature, Array],
    feature: Feature,
    floor: Array,
) -> Probe:
    pieces = transform.scaled(values)
    number = experiment.members[member].index(feature)
    drawn = experiment.picture.draw(np.concatenate([values[feature], floor[None]]))
    removed = list(pieces)
    removed[number] = transform.scalers[number].apply(drawn[1:], like=drawn[:1])
    shapes = [piece.shape[1:] for piece in pieces]
    map_shape = values[feature].shape[1:]

    def bring(found: Array) -> Array:
        if experiment.combine == "concatenate" and len(shapes) > 1:
            begin = sum(math.prod(shape) for shape in shapes[:number])
            found = found.ravel()[begin : begin + math.prod(shapes[number])].reshape(shapes[number])
        elif found.ndim == 3 and len(shapes) > 1:
            width = found.shape[-1] // len(shapes)
            found = found[..., number * width : (number + 1) * width]
        if found.ndim == 3:
            found = found.sum(axis=-1)
        on_map: Array = experiment.picture.to_map(found, map_shape).reshape(map_shape)
        return on_map

    x, baseline = transform.join(pieces)[0], transform.join(removed)[0]
    return Probe(fitted.model, fitted.estimator, x, baseline, bring)


def feature_at(experiment: Experiment, feature_index: int) -> Feature:
    """A feature by its number.

    Raises
    ------
    ParameterError
    """
    features = experiment.features
    if not 0 <= feature_index < len(features):
        raise ParameterError(f"feature_index must be 0 to {len(features) - 1}, got {feature_index}.", "feature_index")
    return features[feature_index]


def methods_for(run: Run) -> tuple[type[Method], ...]:
    """The methods that can explain a run's models, those that are tried first in front."""
    return tuple(kind for kind in METHODS.values() if not _refusal(kind(), run))


def _refusal(method: Method, run: Run) -> str:
    picture = any(len(shape) > 1 for shape in run.signature["input_shapes"])
    return method.refusal(run.experiment.model, picture=picture)


def read_choice(run: Run) -> dict[str, Any] | None:
    """Which method won the test on a run's validation clips, and its figures; None where it was not made."""
    try:
        stored = read_json(run.folder / FOLDER / CHOICE, missing={})
    except RunError:
        return None
    if not isinstance(stored, dict) or stored.get("method") not in METHODS:
        return None
    return stored


def default_method(run: Run) -> str:
    """Kind of the method that explains a run where none is named: the one that won its test, else the first.

    Of a costly model the first is Grad-CAM, which asks it once.
    """
    choice = read_choice(run)
    kinds = [method.kind for method in methods_for(run)]
    if choice is not None and choice["method"] in kinds:
        return str(choice["method"])
    return "grad-cam" if run.experiment.model.costly and "grad-cam" in kinds else kinds[0]


def method_of(given: str | Mapping[str, Any] | Method | None, run: Run) -> Method:
    """A method from its kind, a table with its kind and parameters, or nothing: the run's default.

    Raises
    ------
    ParameterError
        For a method that does not exist or does not suit the run's model.
    """
    if isinstance(given, Method):
        method = given
    elif isinstance(given, Mapping):
        method = METHODS.make(given)
    else:
        method = METHODS[given or default_method(run)]()
    refusal = _refusal(method, run)
    if refusal:
        raise ParameterError(refusal, "method")
    return method


def layers_of(run: Run) -> tuple[str, ...]:
    """Names of the layers that class activation maps can read, the last first; nothing is imported for it."""
    from audioclf.models.network import Network

    model = run.experiment.model
    if not isinstance(model, Network) or model.cam_layer is None or not model.listed:
        return ()
    shape: Sequence[int] = run.signature["input_shapes"][0]
    rows = model.summary(tuple(shape), len(run.classes))
    names = [
        row.name
        for row in rows
        if len(row.output_shape) == 3 and row.layer in ("Conv2D", "Activation", "ResidualBlock", "WindowedBlock")
    ]
    last = model.cam_layer
    names = names[: names.index(last) + 1] if last in names else [*names, last]
    kept = [name for name in names if f"{name}_activation" not in names]
    return tuple(reversed(kept))
