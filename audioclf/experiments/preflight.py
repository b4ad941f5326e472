"""What an experiment comes to, before anything of it is made; what cannot be is reported with the part it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from audioclf.augment import on_batches
from audioclf.core.errors import AudioclfError, ParameterError
from audioclf.datasets import Dataset
from audioclf.datasets.leakage import group_remark
from audioclf.datasets.splits import Split
from audioclf.experiments.config import Experiment
from audioclf.experiments.preprocessing import Inputs
from audioclf.experiments.transform import join
from audioclf.features import FEATURES, Feature
from audioclf.features.extraction import check_memory
from audioclf.models import Network, Shape
from audioclf.models.classical import Classical
from audioclf.models.layers import Row


@dataclass(frozen=True)
class Plan:
    """What will be trained.

    Attributes
    ----------
    splits : tuple of Split
        Of clips; of copies where the experiment makes them before the split.
    duration : float
        Length all clips are brought to, in seconds.
    feature_shapes : tuple of tuple of int
        Shape of every feature of one clip.
    input_shapes : tuple of tuple of int
        Shape of one example of every member of the ensemble; one where there is no ensemble.
    layers : tuple of tuple of Row
        Layers of every member; empty for classical models.
    advice : tuple of str
        What works but deserves a word, one sentence each.
    n_examples : int
        Feature maps that are computed before training: clips and their copies.
    n_train : int
        Examples in an epoch of the smallest training part: clips and their copies.
    """

    splits: tuple[Split, ...]
    duration: float
    feature_shapes: tuple[Shape, ...]
    input_shapes: tuple[Shape, ...]
    layers: tuple[tuple[Row, ...], ...]
    advice: tuple[str, ...]
    n_examples: int = 0
    n_train: int = 0

    @property
    def n_parameters(self) -> int:
        """Parameters of all members; 0 for classical models, whose size follows from the data."""
        return sum(row.parameters for rows in self.layers for row in rows)

    @property
    def n_models(self) -> int:
        """How many models are trained."""
        return len(self.splits) * len(self.input_shapes)


def examine(experiment: Experiment, dataset: Dataset) -> Plan:
    """Shapes, clip counts and layers of an experiment; computes one feature map of silence per feature.

    Parameters
    ----------
    experiment : Experiment
    dataset : Dataset
        The one the experiment names.

    Raises
    ------
    ParameterError
        Where the experiment cannot be made; ``field`` begins with the part it is about: ``"split"``,
        ``"audio"``, ``"features.0"``, ``"combine"``, ``"model"``, ``"augmentations.1"``, ``"copies"``, ``"training"``.
    """
    with _about("copies"):
        fed = Inputs(experiment, dataset)
    with _about("split"):
        splits = fed.splits
        n_examples = len(fed.examples)
        n_train = min(len(fed.train_examples(split)) for split in splits)
        on_groups = "" if experiment.leaky else group_remark(experiment.split, dataset)
    with _about("audio"):
        duration = fed.duration
    sr = experiment.audio.sr
    n_samples = max(1, round(duration * sr))
    shapes: list[Shape] = []
    advice: list[str] = [on_groups] if on_groups else []
    for number, feature in enumerate(experiment.features):
        with _about(f"features.{number}"):
            advice += feature.advice(sr, n_samples)
            shapes.append(feature.shape(n_samples, sr))
        with _about("audio"):
            check_memory(n_examples, int(np.prod(shapes[-1])))
    drawn: list[Shape] = []
    with _about("picture"):
        for shape in shapes:
            drawn.append(experiment.picture.shape(shape))
            experiment.picture.check_memory(n_examples, shape)
    of_feature = dict(zip(experiment.features, drawn, strict=True))
    inputs: list[Shape] = []
    layers: list[tuple[Row, ...]] = []
    for members in experiment.members:
        with _about("model"):
            _examine_own_feature(experiment, members)
        with _about("combine"):
            blank = join([np.zeros((1, *of_feature[feature]), np.float32) for feature in members], experiment.combine)
        inputs.append(blank.shape[1:])
        if isinstance(experiment.model, Network):
            with _about("model", drawn=experiment.picture.on):
                layers.append(tuple(experiment.model.summary(inputs[-1], len(dataset.classes))))
            _examine_augmentations(experiment, inputs[-1], len(dataset.classes))
        _examine_rolls(experiment, members, inputs[-1], n_samples)
    with _about("model"):
        experiment.model.require_examples(n_train)
        experiment.model.require_files()
        of_classes = [np.bincount(fed.labels[list(split.train)], minlength=len(dataset.classes)) for split in splits]
        advice += experiment.model.advice(min(int(counts.min()) for counts in of_classes))
    if layers:
        with _about("training"):
            experiment.training.check_batch_size(n_train)
        advice += experiment.training.advice(min(len(split.validation) for split in splits))
    if isinstance(experiment.model, Classical):
        if not experiment.model.weighs_classes:
            with _about("training"):
                experiment.training.require_unweighted(experiment.model.title)
        if any(augmentation.stage == "map" for augmentation in experiment.augmentations):
            advice.append("This model has no epochs, so what changes the picture anew in every epoch is left out.")
    return Plan(
        splits,
        duration,
        tuple(shapes),
        tuple(inputs),
        tuple(layers),
        tuple(dict.fromkeys(advice)),
        n_examples,
        n_train,
    )


def _examine_own_feature(experiment: Experiment, members: Sequence[Feature]) -> None:
    """Raise where a model that knows one feature alone is given another, or that one changed."""
    model = experiment.model
    if not model.feature:
        return
    title = FEATURES[model.feature].title
    if [feature.kind for feature in members] != [model.feature]:
        given = " and ".join(feature.title for feature in members)
        raise ParameterError(f"{model.title} takes {title} alone and was given {given}; choose that feature.")
    if experiment.picture.on or experiment.scaling.mode != "none":
        given = "a colour picture of it" if experiment.picture.on else f"scaling '{experiment.scaling.mode}'"
        raise ParameterError(
            f"{model.title} learned from {title} as it is and was given {given}; set the scaling's mode and the"
            " picture's colormap to 'none'."
        )


def _examine_augmentations(experiment: Experiment, shape: Shape, n_classes: int) -> None:
    for number, augmentation in enumerate(experiment.augmentations):
        augment = on_batches([augmentation])
        if augment is not None:
            with _about(f"augmentations.{number}"):
                blank = np.zeros((2, *shape), np.float32)
                augment(blank, np.eye(n_classes, dtype=np.float32)[:2], np.random.default_rng(0))


def _examine_rolls(experiment: Experiment, members: Sequence[Feature], shape: Shape, n_samples: int) -> None:
    """Raise where an example is to be rolled along time and has no axis of time."""
    rolled = [n for n, item in enumerate(experiment.augmentations) if item.kind == "roll"]
    places = [f"augmentations.{n}" for n in rolled if isinstance(experiment.model, Network)]
    if experiment.training.test_rolls > 1:
        places.append("training.test_rolls")
    if not places or len(shape) > 1:
        return
    what = "Several features, concatenated to one row,"
    if len(members) == 1:
        (feature,) = members
        silence = np.zeros(n_samples, np.float32)
        # of a pretrained network's numbers, only those of several windows stand in time, and they are a picture
        if not feature.heavy and feature.compute(silence, experiment.audio.sr).axes[-1].label == "Time":
            return
        what = f"The {feature.title}"
    raise ParameterError(
        f"{what} cannot be rolled along time, for it has no axis of time; leave the time roll out, leave test_rolls at"
        " 1, or choose another feature or combine.",
        places[0],
    )


@contextmanager
def _about(part: str, *, drawn: bool = False) -> Iterator[None]:
    """Name the part of the experiment an error is about; ``drawn`` where a model is shown a colour picture."""
    try:
        yield
    except AudioclfError as error:
        field = error.field if isinstance(error, ParameterError) else ""
        if drawn and field in ("height", "width"):
            part = "picture"
        raise ParameterError(str(error), f"{part}.{field}" if field else part) from error
