"""The whole recipe of a run as one frozen value that reads and writes TOML."""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from audioclf.audio.io import AudioSettings
from audioclf.augment import AUGMENTATIONS, Augmentation, Copies
from audioclf.core.errors import ParameterError
from audioclf.core.params import Parameters, param, unknown
from audioclf.core.toml import FromToml, literal
from audioclf.datasets import Dataset, load_dataset
from audioclf.datasets.splits import PROTOCOLS, Holdout, Protocol
from audioclf.features import FEATURES, Feature, Mel
from audioclf.features.colormap import Picture
from audioclf.features.scaling import Scaling
from audioclf.models import MODELS, Model
from audioclf.training import Training

COMBINATIONS = ("channels", "concatenate", "ensemble")


@dataclass(frozen=True)
class DatasetChoice(Parameters):
    """Which data set: the ``[dataset]`` part of an experiment."""

    title = "Data set"

    name: str = param("instruments", "Name of a known data set, or path of a folder, archive or manifest.")
    options: Mapping[str, Any] = field(default_factory=dict)
    clips_per_class: int = param(0, "At most so many clips of each class, drawn at random; 0 takes all.", low=0)
    share: float = param(1.0, "Share of the clips of each class and official fold, drawn at random.", above=0, high=1)

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            json.dumps(dict(self.options))
        except (TypeError, ValueError):
            raise ParameterError(
                "options is a table of texts, numbers, booleans and lists, as the data set takes them;"
                f" got {self.options!r}.",
                "options",
            ) from None

    def load(self, **kwargs: Any) -> Dataset:
        """The data set itself; ``kwargs`` go to :func:`audioclf.load_dataset`."""
        return self.part(load_dataset(self.name, **dict(self.options), **kwargs))

    def part(self, dataset: Dataset) -> Dataset:
        """What is used of the whole data set: ``clips_per_class`` or ``share`` of it, or all."""
        if self.clips_per_class:
            dataset = dataset.at_most(self.clips_per_class)
        return dataset.sample(self.share) if self.share < 1 else dataset

    def to_dict(self) -> dict[str, Any]:
        plain: dict[str, Any] = {"name": self.name}
        if self.options:
            plain["options"] = {
                key: list(value) if isinstance(value, tuple) else value for key, value in self.options.items()
            }
        if self.clips_per_class:
            plain["clips_per_class"] = self.clips_per_class
        if self.share < 1:
            plain["share"] = self.share
        return plain


@dataclass(frozen=True)
class Experiment(FromToml):
    """Data set, split, features, augmentations, model and training as one value.

    Attributes
    ----------
    dataset : DatasetChoice
    audio : AudioSettings
    split : Protocol
    features : tuple of Feature
    combine : str
        How several features meet: ``"channels"`` of one picture (equal shapes), ``"concatenate"``
        (flattened), or ``"ensemble"``: one model each, probabilities summed with ``weights``.
    weights : tuple of float
        One per feature of an ensemble; empty counts all alike.
    picture : Picture
        Whether feature maps are drawn as colour pictures.
    scaling : Scaling
    augmentations : tuple of Augmentation
    copies : Copies
        What augmentations of samples make of the training clips.
    model : Model
    training : Training
    name, note : str
        For people.
    """

    what: ClassVar[str] = "experiment"

    dataset: DatasetChoice = DatasetChoice()
    audio: AudioSettings = AudioSettings()
    split: Protocol = Holdout()
    features: tuple[Feature, ...] = (Mel(),)
    combine: str = "channels"
    weights: tuple[float, ...] = ()
    picture: Picture = Picture()
    scaling: Scaling = Scaling()
    augmentations: tuple[Augmentation, ...] = ()
    copies: Copies = Copies()
    model: Model = field(default_factory=lambda: MODELS["compact-cnn"]())
    training: Training = Training()
    name: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not self.features:
            raise ParameterError(f"An experiment needs at least one feature: {', '.join(FEATURES)}.", "features")
        if self.combine not in COMBINATIONS:
            raise ParameterError(unknown(self.combine, COMBINATIONS, "way to combine features"), "combine")
        if self.combine == "ensemble" and len(self.features) == 1:
            raise ParameterError(
                f"An ensemble takes two features or more, one model each, got one ({self.features[0].kind}); add a"
                " feature, or leave combine out.",
                "combine",
            )
        if self.weights and self.combine != "ensemble":
            raise ParameterError(
                f"weights are those of an ensemble, and combine is {self.combine!r}; leave weights out, or set combine"
                " to 'ensemble'.",
                "weights",
            )
        if self.weights and not (
            len(self.weights) == len(self.features)
            and all(math.isfinite(weight) and weight >= 0 for weight in self.weights)
            and sum(self.weights) > 0
        ):
            raise ParameterError(
                f"weights needs one number of at least 0 per feature ({len(self.features)}), not all of them 0;"
                f" got {list(self.weights)}.",
                "weights",
            )

    @property
    def members(self) -> tuple[tuple[Feature, ...], ...]:
        """Features of each model that is trained on one split: one tuple, or one per feature of an ensemble."""
        if self.combine == "ensemble" and len(self.features) > 1:
            return tuple((feature,) for feature in self.features)
        return (self.features,)

    @property
    def leaky(self) -> bool:
        """Whether test clips are known to the training: by the protocol, or by copies made before the split."""
        return self.split.leaky or self.copies.before_split

    @property
    def protocol(self) -> str:
        """How the experiment is tested, in words, to stand beside every figure reached with it."""
        return self.protocol_on(None)

    def protocol_on(self, dataset: Dataset | None) -> str:
        """The protocol in words, with what became of the groups of ``dataset``."""
        split = self.split.sentence(dataset)
        return f"{split}, of copies made before the split (leaky)" if self.copies.before_split else split

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the order people read them."""
        plain: dict[str, Any] = {"name": self.name, "note": self.note}
        for section in ("dataset", "audio", "split", "picture", "copies", "scaling", "model", "training"):
            value = getattr(self, section)
            if value not in (Picture(), Copies()):
                plain[section] = value.to_dict()
        plain["features"] = [feature.to_dict() for feature in self.features]
        plain["augmentations"] = [augmentation.to_dict() for augmentation in self.augmentations]
        if len(self.features) > 1:
            plain["combine"] = self.combine
            if self.weights:
                plain["weights"] = list(self.weights)
        return {key: value for key, value in plain.items() if value not in ("", [])}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Experiment:
        """Experiment from plain values; what is left out keeps its default.

        Raises
        ------
        ParameterError
            For an unknown section or key (with the nearest known one), or a value out of range.
        """
        made: dict[str, Any] = {}
        for section, value in values.items():
            if section == "search":
                raise ParameterError("This is a search over an experiment; make it with: audioclf search.", section)
            if section not in SECTIONS:
                raise ParameterError(unknown(section, SECTIONS, "part of an experiment"), section)
            try:
                made[section] = _section(section, value)
            except ParameterError as error:
                where = f"{section}.{error.field}" if error.field else section
                raise ParameterError(f"[{section}] {error}", where) from None
        return cls(**made)

    def to_toml(self) -> str:
        """The experiment as TOML, from data set to training; :meth:`from_toml` reads it back to an equal value."""
        import tomli_w

        tables: list[str] = []
        values: dict[str, Any] = {}
        plain = self.to_dict()
        for section in (name for name in SECTIONS if name in plain):
            value = plain[section]
            if isinstance(value, dict):
                tables.append(tomli_w.dumps({section: value}))
            elif isinstance(value, list) and isinstance(value[0], dict):
                tables += [f"[[{section}]]\n{tomli_w.dumps(item)}" for item in value]
            else:  # in TOML a single value stands above all tables
                values[section] = value
        return "\n".join(([tomli_w.dumps(values)] if values else []) + tables)

    def replace(self, **changes: Any) -> Experiment:
        """Copy with some parts changed."""
        return dataclasses.replace(self, **changes)

    def with_settings(self, settings: Mapping[str, Any]) -> Experiment:
        """Copy with single values changed, by dotted name.

        Parameters
        ----------
        settings : mapping
            ``{"training.epochs": 3, "feature.hop_length": 256, "features.1.n_mfcc": 13}``; ``feature``
            is the first one. Text is read as a TOML value where it is one.

        Raises
        ------
        ParameterError
        """
        plain = self.to_dict()
        # a new kind begins from its defaults, so kinds come before what belongs to them
        ordered = sorted(settings.items(), key=lambda item: (item[0].count("."), not item[0].endswith(".kind")))
        for name, value in ordered:
            path = name.split(".")
            if path[0] == "feature":
                path[:1] = ["features", "0"]
            _put(plain, path, literal(value), name)
        return type(self).from_dict(plain)


SECTIONS = ("name", "note", *(item.name for item in dataclasses.fields(Experiment)[:-2]))
"""In the order of a TOML file."""


def _section(section: str, value: Any) -> Any:
    if section in ("name", "note", "combine"):
        if not isinstance(value, str):
            raise ParameterError(f"{section} is a text, got {value!r}.")
        return value
    if section == "weights":
        if not isinstance(value, list) or not all(isinstance(item, int | float) for item in value):
            raise ParameterError(f"weights is a list of numbers, got {value!r}.")
        return tuple(float(item) for item in value)
    if section in ("features", "augmentations"):
        registry: Any = FEATURES if section == "features" else AUGMENTATIONS
        if not isinstance(value, list):
            raise ParameterError(f"{section} is a list of tables ([[{section}]]), got {value!r}.")
        return tuple(registry.make(item) for item in value)
    if not isinstance(value, Mapping):
        raise ParameterError(f"{section} is a table ([{section}]), got {value!r}.")
    if section == "split":
        return PROTOCOLS.make(value)
    if section == "model":
        return MODELS.make(value)
    return type(getattr(Experiment, section)).from_dict(value)  # the class of its default


def _put(plain: Any, path: list[str], value: Any, name: str) -> None:
    """Set one value in nested plain values; a new ``kind`` starts that part from its defaults."""
    for depth, step in enumerate(path[:-1]):
        try:
            plain = plain[int(step)] if isinstance(plain, list) else plain.setdefault(step, {})
        except (ValueError, IndexError):
            raise ParameterError(
                f"'{name}' names no setting: there is no '{'.'.join(path[: depth + 1])}'.", name
            ) from None
        if not isinstance(plain, dict | list):
            raise ParameterError(f"'{name}' names no setting: '{step}' is a single value.", name)
    last = path[-1]
    if isinstance(plain, list):
        try:
            plain[int(last)] = value
        except (ValueError, IndexError):
            raise ParameterError(f"'{name}' names no setting.", name) from None
    else:
        if last == "kind" and plain.get("kind", value) != value:
            # another protocol goes on keeping groups together, or not
            kept = {"by_group": plain["by_group"]} if path[0] == "split" and "by_group" in plain else {}
            plain.clear()
            plain.update(kept)
        plain[last] = value
